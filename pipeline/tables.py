"""Where tables live, and how they are read and written.

A stage called `x` writes data/x.parquet, or numbered shards in data/x/, which are never
in memory as a whole. A stage that drops rows also writes them to
data/dropped/x.parquet and its counts to data_cards/metrics/x.json, and what its
verdicts rest on to data/x/<table>.parquet. A file is written whole or not at all, and
the same rows give the same bytes.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.files import replacing, replacing_folder, write_text
from pipeline.filter import JudgedParts, split
from pipeline.recipe import parse_yaml
from pipeline.schema import VERDICT
from pipeline.shards import Parts, Shards, scan
from pipeline.stored import Stored, read_schema, write_table, writing

DATA = Path("data")
DROPPED = DATA / "dropped"
METRICS = Path("data_cards/metrics")


def read(path: Path) -> Any:
    """What `path` holds, as a stage takes it.

    A parquet file is a table, and so is a folder of numbered shards (`Shards`); YAML
    and JSON are parsed, Markdown is text, and any other folder is handed on as a path.
    """
    _check_is_there(path)
    if path.is_dir():
        shards = sorted(f for f in path.glob("*.parquet") if f.stem.isdecimal())
        return scan(shards) if shards else path
    if path.suffix == ".parquet":
        read_schema(path)
        return pl.read_parquet(path)
    if path.suffix in (".yaml", ".yml"):
        return parse_yaml(path.read_text("utf-8"))
    if path.suffix == ".json":
        return json.loads(path.read_text("utf-8"))
    return path.read_text("utf-8")


def read_columns(
    path: Path, columns: Iterable[str], hint: str, *, optional: Iterable[str] = ()
) -> pl.DataFrame:
    """The named columns of a parquet file that a person named, and `optional` ones.

    UserError, with `hint`, where there is none, it is not whole, or it lacks a column.
    """
    if not path.is_file():
        raise UserError(f"there is no {path}", hint=hint)
    known = read_schema(path)
    if absent := [name for name in columns if name not in known]:
        text = f"{path} has no column {absent[0]!r}; it has {', '.join(known)}"
        raise UserError(text, hint=hint)
    more = [name for name in optional if name in known]
    return pl.read_parquet(path, columns=[*columns, *more])


def read_parts(path: Path) -> Shards:
    """The table at `path`, a parquet file or a folder of shards, part by part."""
    if path.is_dir():
        return scan(sorted(path.glob("[0-9]*.parquet")))
    return Shards(tuple(find(path).scans()))


def find(path: Path) -> Stored:
    """The table at `path`, a parquet file, of which nothing is read yet."""
    _check_is_there(path)
    return Stored(path)


def write_parts(table: Parts, path: Path) -> int:
    """Write a table that comes in parts, all or nothing; say how many rows."""
    rows = 0
    with writing(path, table.schema) as write:
        for part in table.tables:
            write(part)
            rows += part.height
    return rows


def _check_is_there(path: Path) -> None:
    if not path.exists():
        raise UserError(f"{path} does not exist", hint=f"dvc repro {path.stem}")


def write(table: pl.DataFrame, path: Path) -> None:
    """Write the whole table or nothing, with the same bytes for the same rows."""
    with replacing(path) as draft:
        write_table(table, draft)


def write_split(judged: JudgedParts, kept: Path, dropped: Path) -> dict[str, Any]:
    """Write judged rows, as they come, to the two files; the metrics of an Outcome.

    The bytes depend on the rows alone, and not on the parts that they come in.
    """
    rows, reasons = 0, Counter[str]()
    stays = pl.Schema({n: t for n, t in judged.schema.items() if n not in VERDICT})
    with writing(kept, stays) as keep, writing(dropped, judged.schema) as leave:
        for part in judged.parts:
            outcome = split(part)
            keep(outcome.kept)
            leave(outcome.dropped)
            rows += part.height
            reasons.update(dict(outcome.dropped["reason"].value_counts().iter_rows()))
    return {
        "rows_in": rows,
        "rows_out": rows - reasons.total(),
        "dropped": dict(sorted(reasons.items())),
    }


def write_shards(
    tables: Iterable[pl.DataFrame], schema: pl.Schema, folder: Path
) -> int:
    """Write numbered shards into `folder`, all of them or none; say how many rows."""
    rows = number = 0
    with replacing_folder(folder) as draft:
        for number, table in enumerate(tables, start=1):
            write(table, draft / f"{number - 1:05d}.parquet")
            rows += table.height
        if number == 0:
            write(schema.to_frame(), draft / "00000.parquet")
    return rows


def write_metrics(metrics: dict[str, Any], name: str) -> None:
    """Write what the stage `name` counted ("collect.gsm8k": metrics/collect/…)."""
    path = METRICS / f"{name.replace('.', '/')}.json"
    write_text(path, json.dumps(metrics, indent=2) + "\n")
