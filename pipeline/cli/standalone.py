"""Filters on anyone's tables: no params.yaml, no DVC, no PROBLEM columns needed.

A table needs only a `problem` column, or one that `--column` maps to it. What
PROBLEM asks for and the table lacks gets defaults; every other column passes
through untouched to the kept and the dropped rows.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import polars.selectors as cs
import yaml

from pipeline import dag, filter, recipe, tables
from pipeline.cli.foreign import PART, find_column, read_frame, with_texts
from pipeline.errors import UserError, shorten
from pipeline.files import write_text
from pipeline.filter import Outcome
from pipeline.readers import Unreadable, refuse
from pipeline.rows import free_names
from pipeline.schema import BENCHMARK, PROBLEM, VERDICT, conform
from pipeline.shards import Shards
from pipeline.text import VISIBLE, fingerprint

MOST_NAMES = 500  # characters of the columns that a message lists


def run(
    module: ModuleType,
    name: str,
    inputs: list[Path],
    out: Path,
    settings: list[str],
    columns: list[str],
) -> None:
    """Judge the first file; write kept, dropped, tables and metrics into `out`."""
    params = recipe.check(module.Params, _settings(settings), name, Path("--set"))
    renames = dict(map(pair, columns))
    rows, unreadable = read_frame(inputs[0], renames.values())
    if rows.is_empty() and unreadable:
        raise refuse(inputs[0], unreadable[0])
    if absent := [name for name in renames.values() if find_column(rows, name) is None]:
        known = shorten(", ".join(rows.columns), MOST_NAMES)
        raise UserError(f"{inputs[0]} has no column {absent[0]!r}; it has {known}")
    others: list[tuple[str, pl.DataFrame | Shards]] = []
    for path in inputs[1:]:
        if path.is_dir() and isinstance(shards := tables.read(path), Shards):
            others.append((stem(path), shards))
            continue
        other, lost = read_frame(path, renames.values())
        if lost:
            raise UserError(f"{path}: row {lost[0].row}: {lost[0].detail}")
        others.append((stem(path), _with_our_names(other, renames)))
    rows = _with_our_names(rows, renames)
    _check_has_problems(rows, str(inputs[0]))

    outcome = filter_table(module, params, rows, others, source=stem(inputs[0]))
    dropped = [outcome.dropped, _quarantine(unreadable, stem(inputs[0]))]
    outcome = Outcome(
        outcome.kept, pl.concat(dropped, how="diagonal_relaxed"), outcome.tables
    )
    tables.write(outcome.kept, out / "kept.parquet")
    tables.write(outcome.dropped, out / "dropped.parquet")
    for table, content in outcome.tables.items():
        tables.write(content, out / f"{table}.parquet")
    write_text(out / "metrics.json", json.dumps(outcome.metrics, indent=2) + "\n")
    print(f"{name}: {json.dumps(outcome.metrics)}")


def filter_table(
    module: ModuleType,
    params: Any,
    rows: pl.DataFrame,
    others: Sequence[tuple[str, pl.DataFrame | Shards]],
    *,
    source: str,
) -> Outcome:
    """Have the filter `module` judge `rows`; problems without text are dropped first.

    `others` are the further inputs with their names: benchmark items, an earlier
    release. Ids become <source>/<row number> where the rows have none of their own.
    Raises UserError where a table has no column of problems.
    """
    given = rows.get_column("key", default=None)
    rows = _as_problems(rows, source)
    is_ours = given is not None and given.equals(rows["key"])
    seen, aside = _set_aside(rows, params, is_ours=is_ours)
    is_empty = ~seen["problem"].fill_null("").str.contains(VISIBLE)
    unreadable = seen.filter(is_empty).with_columns(
        reason=pl.lit("source_unreadable"),
        evidence=pl.lit(json.dumps({"detail": "the problem is empty"})),
    )
    if is_empty.any():  # else a copy of millions of rows is saved
        seen = seen.filter(~is_empty)
    items = [_as_items(table, name) for name, table in others]
    try:
        outcome = filter.run_stage(module, seen, params, *items)
    except pl.exceptions.ColumnNotFoundError as error:
        column = str(error).partition('"')[2].partition('"')[0]
        if owner := _find_owner(column):
            raise UserError(
                f"{module.__name__.removeprefix('stages.')} reads a column {column!r}, "
                f"which {owner} adds: no table that is given has it",
                hint=f"give it what {owner} wrote, as dvc.yaml does",
            ) from None
        raise
    dropped = pl.concat([outcome.dropped, unreadable], how="diagonal_relaxed")
    kept, dropped = (_put_back(table, aside) for table in (outcome.kept, dropped))
    return Outcome(kept, dropped, outcome.tables)


def _find_owner(column: str) -> str | None:
    """The stage that adds a column; None where none does."""
    for stage in dag.stage_names():
        if column in getattr(dag.load_stage(stage), "COLUMNS", ()):
            return stage
    return None


def pair(text: str) -> tuple[str, str]:
    """The two sides of "key=value"; UserError where it reads otherwise."""
    key, equals, value = text.partition("=")
    if not equals or not key or not value:
        raise UserError(f"{text!r} should read key=value")
    return key, value


def _settings(pairs: list[str]) -> dict[str, Any]:
    """`a.b=1` as {"a": {"b": 1}}; values are read as YAML."""
    settings: dict[str, Any] = {}
    for path, value in map(pair, pairs):
        *parents, last = path.split(".")
        section = settings
        for parent in parents:
            section = section.setdefault(parent, {})
            if not isinstance(section, dict):
                raise UserError(f"--set {path}: {parent} has a value already")
        try:
            section[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"--set {path}: {value!r} is not YAML") from None
    return settings


def stem(path: Path) -> str:
    """What a file is called, without its endings."""
    return path.name.split(".")[0]


def _with_our_names(table: pl.DataFrame, renames: dict[str, str]) -> pl.DataFrame:
    """Columns of other names under ours as well, those that are there."""
    found = {name: find_column(table, column) for name, column in renames.items()}
    return table.with_columns(
        column.alias(name) for name, column in found.items() if column is not None
    )


def _set_aside(
    rows: pl.DataFrame, params: Any, *, is_ours: bool
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The columns that a stage may see, and the others with the id, to be joined again.

    A stage names columns of its own while it works, and one of another meaning must
    not stand in their way. Seen are those of PROBLEM, those that the params name in a
    condition, and where the table is one that a stage has written (it has our keys),
    those of any stage, of the type that it declares.
    """
    settings = set(re.findall(r"\w+", str(params)))
    known = dict(PROBLEM)
    for stage in map(dag.load_stage, dag.stage_names() if is_ours else ()):
        columns = getattr(stage, "COLUMNS", None)
        known |= columns if isinstance(columns, pl.Schema) else {}
    others = [
        name
        for name, dtype in rows.schema.items()
        if known.get(name) != dtype and name not in settings | PROBLEM.keys()
    ]
    if not others:
        return rows, None
    # By name: as an expression, a column called * would be all of them.
    seen = [name for name in rows.columns if name not in others]
    return rows[seen], rows[["id", *others]]


def _put_back(table: pl.DataFrame, aside: pl.DataFrame | None) -> pl.DataFrame:
    """`table` with the columns that were set aside; of equal names, ours stays."""
    if aside is None:
        return table
    names = [name for name in table.columns if name != "id" and name in aside.columns]
    every = dict.fromkeys([*aside.columns, *table.columns])
    aside = aside.rename(free_names(every, names))
    return table.join(aside, on="id", how="left", maintain_order="left")


def _as_problems(rows: pl.DataFrame, source: str) -> pl.DataFrame:
    """PROBLEM's columns with defaults where the table has none or another type."""
    _check_has_problems(rows, source)
    rows = with_texts(rows)
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(5)
    defaults = {
        "id": pl.format("{}/{}", pl.lit(source), number),
        "source": pl.lit(source),
        "license": pl.lit("unknown"),
        "domain": pl.lit("math"),
        # Without an answer there is nothing for a verifier to read.
        "verifier": pl.lit("math" if "answer" in rows.columns else None, pl.String),
        "verify_info": pl.lit("{}"),
        "meta": pl.lit("{}"),
    }
    objects = cs.by_name("meta", "verify_info", require_all=False) & cs.struct()
    rows = rows.with_columns(objects.struct.json_encode())
    odd = [
        name
        for name, dtype in PROBLEM.items()
        if name in rows.columns and not _castable(rows.schema[name], dtype)
    ]
    # The verdict of a stage has columns of its own.
    odd += [name for name in VERDICT if name in rows.columns]
    key = _keys(rows["problem"])
    if "key" in rows.columns and not rows["key"].equals(key):
        odd.append("key")
    rows = rows.rename(free_names(rows.columns, odd))
    added = {name: how for name, how in defaults.items() if name not in rows.columns}
    rows = conform(rows.with_columns(**added), PROBLEM)
    if "id" not in added and (
        rows["id"].has_nulls() or rows["id"].is_duplicated().any()
    ):
        theirs = free_names(rows.columns, ["id"])
        rows = rows.rename(theirs).with_columns(id=defaults["id"])
    return rows.with_columns(key=key)


def _keys(problems: pl.Series) -> pl.Series:
    """The column `key`; part by part, for it makes copies of the texts on its way."""
    key = fingerprint(pl.col("problem").fill_null("")).alias("key")
    parts = problems.to_frame().iter_slices(PART)
    return pl.concat(
        [pl.Series("key", [], pl.String), *(part.select(key)["key"] for part in parts)]
    )


def _check_has_problems(rows: pl.DataFrame, source: str) -> None:
    if "problem" not in rows.columns:
        columns = shorten(", ".join(rows.columns), MOST_NAMES) or "none"
        raise UserError(
            f"{source} has no column 'problem'; it has {columns}",
            hint="name the column that holds the problem: --column problem=NAME",
        )


def _castable(dtype: pl.DataType, wanted: pl.DataType) -> bool:
    plain = dtype.is_numeric() or dtype in (pl.String, pl.Null, pl.Boolean)
    return dtype == wanted or (wanted == pl.String and plain)


def _as_items(table: pl.DataFrame | Shards, name: str) -> pl.DataFrame | Shards:
    """A further input: benchmark items where it has problems, else as it is.

    Samples and grades have an `id` and a `sample` to be joined by, and no problem.
    """
    if isinstance(table, Shards):
        return table
    if "problem" not in table.columns and {"id", "sample"} <= set(table.columns):
        return table
    if "benchmark" not in table.columns:
        table = table.with_columns(benchmark=pl.lit(name))
    return conform(_as_problems(table, name), BENCHMARK)


def _quarantine(unreadable: list[Unreadable], source: str) -> pl.DataFrame:
    rows = [
        {
            "id": f"{source}/unreadable-{number:05d}",
            "source": source,
            "reason": "source_unreadable",
            "evidence": json.dumps(
                {"detail": row.detail, "row": row.row, "excerpt": row.excerpt}
            ),
        }
        for number, row in enumerate(unreadable)
    ]
    names = ("id", "source", "reason", "evidence")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))
