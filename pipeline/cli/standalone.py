"""Filters on anyone's files: no params.yaml, no DVC, no PROBLEM columns needed.

An input needs only a `problem` column, or one that `--column` maps to it. What
PROBLEM asks for and the file lacks gets defaults; every other column passes
through untouched to the kept and the dropped rows.
"""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import yaml

from pipeline import filter, recipe, tables
from pipeline.errors import UserError
from pipeline.readers import Row, Unreadable, raw_rows
from pipeline.schema import BENCHMARK, PROBLEM, conform
from pipeline.text import fingerprint


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
    renames = dict(map(_pair, columns))
    rows, unreadable = _problems(inputs[0], renames)
    others = [_other(path, renames) for path in inputs[1:]]

    outcome = filter.run_stage(module, rows, params, *others)
    dropped = pl.concat([outcome.dropped, unreadable], how="diagonal_relaxed")
    outcome = filter.Outcome(outcome.kept, dropped, outcome.tables)

    tables.write(outcome.kept, out / "kept.parquet")
    tables.write(outcome.dropped, out / "dropped.parquet")
    for table, made in outcome.tables.items():
        tables.write(made, out / f"{table}.parquet")
    (out / "metrics.json").write_text(json.dumps(outcome.metrics, indent=2) + "\n")
    print(f"{name}: {json.dumps(outcome.metrics)}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key or not value:
        raise UserError(f"{text!r} should read key=value")
    return key, value


def _settings(pairs: list[str]) -> dict[str, Any]:
    """`a.b=1` as {"a": {"b": 1}}; values are read as YAML."""
    settings: dict[str, Any] = {}
    for path, value in map(_pair, pairs):
        *parents, last = path.split(".")
        place = settings
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = yaml.safe_load(value)
    return settings


def _problems(path: Path, renames: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of `path` as PROBLEM and more, and those that cannot be read."""
    rows, unreadable = _table(path)
    rows = _renamed(rows, renames, path)
    if "problem" not in rows.columns:
        raise UserError(
            f"{path} has no column 'problem'; it has {', '.join(rows.columns)}",
            hint="name the column that holds the problem: --column problem=NAME",
        )
    if rows.schema["problem"] != pl.String:
        raise UserError(
            f"{path}: column 'problem' holds {rows.schema['problem']}, expected text"
        )
    rows = _completed(rows, path.name.split(".")[0])
    empty = pl.col("problem").fill_null("").str.strip_chars() == ""
    lost = rows.filter(empty).with_columns(
        reason=pl.lit("source_unreadable"),
        evidence=pl.lit(json.dumps({"detail": "the problem is empty"})),
    )
    return rows.filter(~empty), pl.concat(
        [lost, _reported(unreadable, path)], how="diagonal_relaxed"
    )


def _table(path: Path) -> tuple[pl.DataFrame, list[Unreadable]]:
    if path.suffix == ".parquet" and path.exists():
        return pl.read_parquet(path), []
    rows: list[Row] = []
    unreadable: list[Unreadable] = []
    for row in raw_rows(path):
        if isinstance(row, Unreadable):
            unreadable.append(row)
        else:
            rows.append(row)
    table = pl.DataFrame(rows, infer_schema_length=None, strict=False)
    return table if rows else pl.DataFrame({"problem": []}, {"problem": pl.String}), (
        unreadable
    )


def _renamed(rows: pl.DataFrame, renames: dict[str, str], path: Path) -> pl.DataFrame:
    """`renames` maps our name to theirs; their column stays beside ours."""
    absent = [name for name in renames.values() if name not in rows.columns]
    if absent:
        raise UserError(
            f"{path} has no column {absent[0]!r}; it has {', '.join(rows.columns)}"
        )
    return rows.with_columns(pl.col(old).alias(new) for new, old in renames.items())


def _completed(rows: pl.DataFrame, stem: str) -> pl.DataFrame:
    """PROBLEM's columns with defaults where the file has none or another type."""
    number = pl.int_range(pl.len()).cast(pl.String).str.zfill(5)
    defaults = {
        "id": pl.format("{}/{}", pl.lit(stem), number),
        "source": pl.lit(stem),
        "license": pl.lit("unknown"),
        "domain": pl.lit("math"),
        # Without an answer there is nothing for a verifier to read.
        "verifier": pl.lit("math" if "answer" in rows.columns else None, pl.String),
        "verify_info": pl.lit("{}"),
        "meta": pl.lit("{}"),
    }
    odd = [
        name
        for name, dtype in PROBLEM.items()
        if name in rows.columns and not _castable(rows.schema[name], dtype)
    ]
    rows = rows.rename({name: f"{name}_original" for name in odd})
    added = {name: how for name, how in defaults.items() if name not in rows.columns}
    rows = conform(rows.with_columns(**added), PROBLEM)
    if not rows["id"].is_unique().all() or rows["id"].null_count():
        rows = rows.with_columns(id_original=pl.col("id"), id=defaults["id"])
    return rows.with_columns(key=fingerprint(pl.col("problem").fill_null("")))


def _castable(found: pl.DataType, wanted: pl.DataType) -> bool:
    plain = found.is_numeric() or found in (pl.String, pl.Null, pl.Boolean)
    return found == wanted or (wanted == pl.String and plain)


def _other(path: Path, renames: dict[str, str]) -> Any:
    """A further input: a table of benchmark items where it has a problem column."""
    rows, unreadable = _table(path)
    theirs = {new: old for new, old in renames.items() if old in rows.columns}
    rows = _renamed(rows, theirs, path)
    if unreadable:
        raise UserError(f"{path}: {unreadable[0].detail}")
    if "problem" not in rows.columns:
        return rows
    stem = path.name.split(".")[0]
    if "benchmark" not in rows.columns:
        rows = rows.with_columns(benchmark=pl.lit(stem))
    return conform(_completed(rows, stem), BENCHMARK)


def _reported(unreadable: list[Unreadable], path: Path) -> pl.DataFrame:
    stem = path.name.split(".")[0]
    rows = [
        {
            "id": f"{stem}/unreadable-{number:05d}",
            "source": stem,
            "reason": "source_unreadable",
            "evidence": json.dumps({"detail": row.detail, "excerpt": row.excerpt}),
        }
        for number, row in enumerate(unreadable)
    ]
    schema = {"id": pl.String, "source": pl.String, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema | {"evidence": pl.String})
