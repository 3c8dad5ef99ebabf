"""What is wrong with a run: rows that nobody accounts for, operators without effect.

A recipe may not pass by doing nothing. Each operator it names, or that is on, has to
touch a row: drop it, change it, or flag it (a new truth value that is true, a new list
that is empty in one row and not in another).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline import dag, tables

# Columns that are what their stage is for, even where no row lacks them.
MADE = {"chosen", "traces", "ask"}


@dataclass(frozen=True)
class Count:
    """Rows that came into a stage, and that were kept and dropped, by reason."""

    came: int
    kept: int
    reasons: dict[str, int]
    touches: bool

    @property
    def dropped(self) -> int:
        return sum(self.reasons.values())


def count(stage: dag.Stage, sections: dict[str, Any]) -> Count | None:
    """What the stage did to rows; None where it writes no table of them."""
    if stage.name == "collect":
        return _count_sources(sections["collect"])
    file = tables.DATA / f"{stage.name}.parquet"
    kept = _read(file if file.exists() else tables.DATA / stage.name)
    if kept is None:
        return None
    reasons = _reasons(tables.DROPPED / f"{stage.name}.parquet")
    if stage.kind == "filter":
        before = pl.read_parquet(stage.inputs[0])
        touches = bool(reasons) or _is_touched(before, kept)
        return Count(before.height, kept.height, reasons, touches)
    came = _height_of_sources() if stage.name == "pool" else kept.height
    return Count(came, kept.height, reasons, kept.height > 0)


def _count_sources(collect: dict[str, Any]) -> Count:
    reasons: dict[str, int] = {}
    for name in collect:
        for reason, rows in _reasons(
            tables.DROPPED / f"collect/{name}.parquet"
        ).items():
            reasons[reason] = reasons.get(reason, 0) + rows
    kept = _height_of_sources()
    return Count(kept + sum(reasons.values()), kept, reasons, kept > 0)


def _height_of_sources() -> int:
    files = sorted((tables.DATA / "collect").glob("*.parquet"))
    return sum(pl.read_parquet(file, columns=["id"]).height for file in files)


def _read(path: Path) -> pl.DataFrame | None:
    shards = [path] if path.suffix else sorted(path.glob("[0-9]*.parquet"))
    return pl.concat(map(pl.read_parquet, shards)) if shards else None


def _reasons(file: Path) -> dict[str, int]:
    if not file.exists():
        return {}
    counted = pl.read_parquet(file, columns=["reason"])["reason"].value_counts()
    return dict(counted.sort("reason").iter_rows())


def _is_touched(before: pl.DataFrame, kept: pl.DataFrame) -> bool:
    """Whether a row has another value than before, or a flag."""
    same = before.join(kept.select("id"), on="id", how="semi", maintain_order="left")
    if not same.equals(kept.select(before.columns)):
        return True
    return any(_flags(kept[name]) for name in set(kept.columns) - set(before.columns))


def _flags(column: pl.Series) -> bool:
    if column.dtype == pl.Boolean:
        return bool(column.any())
    if isinstance(column.dtype, pl.List):
        full = column.list.len().fill_null(0) > 0
        return bool(full.any()) and (column.name in MADE or not full.all())
    return column.name in MADE and column.is_not_null().any()


def find_unaccounted(name: str, counted: Count, *, may_grow: bool) -> Iterator[str]:
    """Rows that came and are neither kept nor dropped, or the other way round."""
    out = counted.kept + counted.dropped
    if out < counted.came or (out > counted.came and not may_grow):
        yield (
            f"{name}: {counted.came} rows came, {counted.kept} were kept and "
            f"{counted.dropped} dropped"
        )


def find_other_bytes(before: dict[str, str], again: dict[str, str]) -> Iterator[str]:
    """Files whose digests differ, or that one of two runs did not leave."""
    for file in sorted(before.keys() | again.keys()):
        if before.get(file) != again.get(file):
            yield f"{file}: a second run leaves other bytes"


def find_idle(
    operators: list[str], counts: dict[str, Count], sections: dict[str, Any]
) -> Iterator[str]:
    """Operators that touched no row."""
    for operator in operators:
        stage, _, key = operator.partition(".")
        if stage in counts:
            did = _did(counts[stage], stage, key)
        else:  # a trainer, or a stage whose output is no table: on is enough
            did = stage in sections and not dag.is_off(sections, stage)
        if not did:
            yield f"{operator} did nothing"


def _did(counted: Count, stage: str, key: str) -> bool:
    if (stage, key) == ("collect", "where"):
        return bool(counted.reasons.keys() - {"source_unreadable"})
    if stage == "pool" and key:
        return counted.kept != counted.came
    return counted.touches
