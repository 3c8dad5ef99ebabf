"""Which tables a project has, by name, and DuckDB's views of them.

All tables are views in an in-memory DuckDB, named as the stages that wrote them;
`dropped` is the union of what every stage dropped, with the stage's name.
"""

import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import recipe, tables
from pipeline.errors import UserError
from pipeline.stored import read_schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLLECTED = tables.DATA / "collect"


@dataclass(frozen=True)
class Counts:
    """The rows of a stage; `reasons` count the dropped ones, frequent ones first."""

    rows_in: int
    rows_out: int
    reasons: list[tuple[str, int]]
    is_off: bool


def views() -> "DuckDBPyConnection":
    """A connection with one view per table, and `dropped` over all of them."""
    import duckdb

    connection = duckdb.connect()
    for name, files in table_files().items():
        # Quoted: `select` is a stage, and a word of SQL.
        texts = [str(file) for file in files]
        connection.execute(f'create view "{name}" as from read_parquet({texts})')
    dropped = dropped_files()
    if dropped:
        prefix = len(str(tables.DROPPED)) + 2
        connection.execute(
            f"create view dropped as select "
            f"split_part(replace(substr(filename, {prefix}), '.parquet', ''), '/', 1) "
            f"as stage, * exclude (filename) from read_parquet("
            f"{[str(file) for file in dropped]}, union_by_name=true, filename=true)"
        )
    return connection


def list_views(connection: "DuckDBPyConnection") -> list[str]:
    return [row[0] for row in connection.execute("show tables").fetchall()]


def table_files() -> dict[str, list[Path]]:
    """View name → files: data/x.parquet, the shards of data/x/, data/x/y.parquet.

    A table without columns cannot be a view, so it is none; nor is a source of an
    earlier recipe.
    """
    files: dict[str, list[Path]] = {}
    collected = collected_files()
    for file in sorted(tables.DATA.glob("**/*.parquet")):
        parts = file.relative_to(tables.DATA).with_suffix("").parts
        if tables.DROPPED not in file.parents and (
            file.parent != COLLECTED or file in collected
        ):
            is_shard = len(parts) > 1 and parts[-1].isdigit()
            name = "_".join(parts[:-1] if is_shard else parts)
            files.setdefault(name, []).append(file)
    return {
        name: parts for name, parts in files.items() if all(map(has_columns, parts))
    }


def collected_files() -> list[Path]:
    """The tables of the active recipe's sources.

    DVC leaves the files of an earlier recipe where they are.
    """
    sources = active("collect")
    files = sorted(COLLECTED.glob("*.parquet"))
    return [file for file in files if sources is None or file.stem in sources]


def dropped_files() -> list[Path]:
    """The tables of dropped rows; of sources, only those of the active recipe."""
    sources = active("collect")
    return [
        file
        for file in sorted(tables.DROPPED.rglob("*.parquet"))
        if file.parent == tables.DROPPED or sources is None or file.stem in sources
        if has_columns(file)
    ]


def has_columns(file: Path) -> bool:
    return bool(read_schema(file))


def active(section: str) -> Any:
    """The section of the active recipe; None where there is no recipe."""
    return recipe.read().get(section) if recipe.RECIPE.exists() else None


def is_off(stage: str) -> bool:
    return recipe.is_off(active(stage))


def read_counts(stage: str) -> Counts | None:
    """What a stage counted, for all its entries of the recipe; None if it never ran.

    UserError where a file of counts cannot be read.
    """
    whole = tables.METRICS / f"{stage}.json"
    entries = active(stage)
    files = [whole] if whole.exists() else sorted((tables.METRICS / stage).glob("*"))
    parts = [
        _read_counts(file)
        for file in files
        if file == whole or entries is None or file.stem in entries
    ]
    if not parts:
        return None
    dropped = sum((Counter(part["dropped"]) for part in parts), Counter[str]())
    return Counts(
        rows_in=sum(part["rows_in"] for part in parts),
        rows_out=sum(part["rows_out"] for part in parts),
        reasons=sorted(dropped.items(), key=lambda pair: (-pair[1], pair[0])),
        is_off=all(part.get("off") for part in parts),
    )


def _read_counts(file: Path) -> dict[str, Any]:
    with suppress(ValueError):
        counts = json.loads(file.read_text("utf-8"))
        if isinstance(counts, dict) and "rows_out" in counts:
            return counts
    hint = "remove it: `dvc repro` writes it again"
    raise UserError(f"{file} does not say what a stage counted", hint=hint)
