"""Where tables live, and how they are read and written.

A stage called `x` writes data/x.parquet, or numbered shards in data/x/, which are never
in memory as a whole. A stage that drops rows also writes them to
data/dropped/x.parquet and its counts to data_cards/metrics/x.json, and what its
verdicts rest on to data/x/<table>.parquet. A file is written whole or not at all, and
the same rows give the same bytes.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import UserError
from pipeline.files import replacing, replacing_folder, write_text
from pipeline.recipe import parse_yaml
from pipeline.shards import scan

DATA = Path("data")
DROPPED = DATA / "dropped"
METRICS = Path("data_cards/metrics")


def read(path: Path) -> Any:
    """What `path` holds, as a stage takes it.

    A parquet file is a table, and so is a folder of numbered shards (`Shards`); YAML
    and JSON are parsed, Markdown is text, and any other folder is handed on as a path.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist", hint=f"dvc repro {path.stem}")
    if path.is_dir():
        shards = sorted(path.glob("[0-9]*.parquet"))
        return scan(shards) if shards else path
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    if path.suffix in (".yaml", ".yml"):
        return parse_yaml(path.read_text())
    if path.suffix == ".json":
        return json.loads(path.read_text())
    return path.read_text()


def write(table: pl.DataFrame, path: Path) -> None:
    """Write the whole table or nothing, with the same bytes for the same rows."""
    with replacing(path) as draft:
        table.write_parquet(draft, compression="zstd", row_group_size=50_000)


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
