"""How long problems and traces are, of all sets at hand: a table and a picture."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import polars as pl

from pipeline import packaged, recipe, tables
from pipeline.catalog import collected_files
from pipeline.charts import write_numbers, write_pictures
from pipeline.cli.foreign import read_parts
from pipeline.cli.standalone import pair, stem
from pipeline.console import track
from pipeline.errors import UserError
from pipeline.traces.lengths import (
    bin_lengths,
    gather_texts,
    measure_lengths,
    summarise_lengths,
)
from pipeline.traces.tokens import PACKAGED, Pinned

COUNTED = {"problem", "trace", "solutions"}


def lengths(
    inputs: list[str],
    *,
    columns: list[str],
    tokenizer: str,
    most: int,
    out: Path | None = None,
    format: str = "table",
) -> None:
    """Say how long problems and traces are, in tokens, of files or of all sources.

    Each file is a set, called as it is or as "name=file" says; without files, each
    collected source is one. `columns` read "problem=question" or "trace=completion".
    With `out`, lengths.svg and its numbers go into that folder.
    """
    name, _, revision = tokenizer.partition("@")
    named = {"path": name} if Path(name).is_dir() else {"repo": name}
    pinned = recipe.check(
        Pinned, named | {"revision": revision}, "", Path("--tokenizer")
    )
    pinned.commit("--tokenizer")
    rows = _read_files(inputs, columns) if inputs else _read_sources()
    texts = pl.concat(map(gather_texts, rows))
    is_new = pl.col("text").is_first_distinct().over("set", "kind")
    texts = texts.filter((pl.col("kind") != "problem") | is_new)
    if texts.is_empty():
        raise UserError("there are no problems and no traces: all texts are empty")
    counted = measure_lengths(texts, pinned, most=most)
    _print(summarise_lengths(counted, texts), format)
    if out is not None:
        draw = import_module("stages.card.lengths").by_set
        title = packaged.NAME if name == PACKAGED else tokenizer
        chart = draw(bin_lengths(counted).to_dicts(), title)
        write_numbers(out, {"lengths": chart})
        write_pictures(out, {"lengths": chart})


def _read_files(inputs: list[str], columns: list[str]) -> Iterator[pl.DataFrame]:
    """What is counted of the files, part by part, and `set`, what each is called.

    No other column is kept. UserError where a file has nothing to be counted.
    """
    renames = dict(map(pair, columns))
    absent = set(renames.values())
    for text in inputs:
        name, _, file = text.rpartition("=")
        known, is_counted = dict[str, None](), False
        for table in track(read_parts(Path(file)), f"reading {file}, parts"):
            known |= dict.fromkeys(table.columns)
            for ours, theirs in renames.items():
                if theirs in table.columns and ours not in table.columns:
                    table = table.with_columns(pl.col(theirs).alias(ours))
            absent -= set(table.columns)
            table = table.select(c for c in table.columns if c in COUNTED)
            is_counted |= bool(table.columns)
            yield table.with_columns(set=pl.lit(name or stem(Path(file))))
        if not is_counted:
            raise UserError(
                f"{file} has neither problems nor traces; it has {', '.join(known)}",
                hint="name the columns: --column problem=NAME --column trace=NAME",
            )
    if absent:
        raise UserError(
            f"no file has a column {min(absent)!r}", hint=f"it has {', '.join(known)}"
        )


def _read_sources() -> list[pl.DataFrame]:
    """What is collected of each source, and what was sampled of its problems."""
    files = collected_files()
    if not files:
        raise UserError("no source is collected yet", hint="dvc repro pool")
    names = ["id", "source", "problem", "solutions"]
    sources = [pl.read_parquet(file, columns=names) for file in files]
    parts = [part.rename({"source": "set"}) for part in sources]
    shards = sorted((tables.DATA / "rollouts").glob("[0-9]*.parquet"))
    if shards:
        samples = pl.scan_parquet(shards).select("id", trace="completion").collect()
        of_set = pl.concat(parts).select("id", "set")
        parts.append(samples.join(of_set, on="id", maintain_order="left"))
    return parts


def _print(table: pl.DataFrame, format: str) -> None:
    if format == "csv":
        print(table.write_csv(), end="")
    elif format == "json":
        print(table.write_ndjson(), end="")
    else:
        from rich.console import Console
        from rich.table import Column, Table

        numbers = table.columns[2:]
        right = [Column(name, justify="right") for name in numbers]
        shown = Table("set", "texts are", *right)
        for name, kind, *counts in table.iter_rows():
            shown.add_row(name, kind, *[f"{count:,}" for count in counts])
        Console().print(shown)
