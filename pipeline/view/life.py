"""A row's life: where from, which stages kept it and added what, who let it go.

Rows only shrink and columns only grow, so the last table that has the row tells which
stages kept it, and the columns of each stage's table tell what it added.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline.catalog import is_off
from pipeline.errors import UserError
from pipeline.schema import VERDICT
from pipeline.view.columns import Columns
from pipeline.view.table import Table

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """A stage that the row reached: it was kept there, or not, and what was added.

    A stage that the recipe turns off lets every row pass.
    """

    stage: str
    is_kept: bool
    is_off: bool
    added: Mapping[str, Any]


@dataclass(frozen=True)
class Life:
    """A row as the last table holds it, with what is known of how it went."""

    row: Row
    steps: Sequence[Step] = ()
    stage: str = ""  # that let it go
    evidence: Mapping[str, Any] = field(default_factory=dict)
    twin: Row | None = None

    @property
    def is_dropped(self) -> bool:
        return bool(self.row.get("reason"))


def tell_life(columns: Columns, id: str) -> Life:
    """The life of the row `id`; UserError where no table has it."""
    row = find_row(columns.table(columns.library.main), id)
    if row is None:
        raise UserError(
            f"no row is called {id!r}", hint="an id reads <source>/<number>"
        )
    evidence = _read_evidence(row.get("evidence"))
    stage = row.get("stage") or ("the filter" if row.get("reason") else "")
    twin = _find_twin(columns, row, evidence)
    return Life(row, [*_steps(columns, row)], stage, evidence, twin)


def find_row(table: Table, id: str) -> Row | None:
    """The first row `id` of a table; None where there is none."""
    if table.schema.get("id") != pl.String:
        return None
    places = table.find_places([id])[:1]
    return next(iter(table.take(places, [*table.schema])), None)


def _read_evidence(text: object) -> Mapping[str, Any]:
    try:
        values = json.loads(text) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {"evidence": text}
    return values if isinstance(values, dict) else {"evidence": values}


def _steps(columns: Columns, row: Row) -> Iterator[Step]:
    """The stages that the row reached, in order; the last one may have dropped it."""
    library = columns.library
    before: set[str] = set()
    by = row.get("stage")
    if by is not None and by not in library.chain:  # one that this folder does not know
        by = library.chain[-1] if library.chain else None
    for stage in library.chain:
        is_last = row.get("reason") is not None and by in (stage, None)
        if stage not in library.files and not is_last:
            continue
        known = [*columns.table(stage).schema] if stage in library.files else []
        names = [*row] if is_last else known
        added = {
            name: row[name]
            for name in names
            if before and name not in before and name not in VERDICT and name != "stage"
            if row.get(name) is not None
        }
        yield Step(stage, not is_last, library.is_project and is_off(stage), added)
        if is_last:
            return
        before.update(known)


def _find_twin(columns: Columns, row: Row, evidence: Mapping[str, Any]) -> Row | None:
    """The row that this one repeats, or the benchmark item that it holds."""
    id = row.get("twin")
    if not id:
        return None
    for name in (columns.library.main, "benchmarks"):
        if name not in columns.library.names:
            continue
        if (twin := find_row(columns.table(name), id)) is not None:
            return {**twin, "is_item": name == "benchmarks"}
    if "kept_problem" in evidence:
        problem, answer = evidence["kept_problem"], evidence.get("kept_answer")
        return {"id": id, "problem": problem, "answer": answer}
    return None
