"""Print which source holds the problems of which, from what the dedup stages found."""

from typing import Any

import polars as pl

from pipeline import dag, recipe, tables
from pipeline.errors import UserError
from pipeline.lineage import compare_sources, dedup_stages, source_names
from pipeline.stored import Stored


def lineage(*, format: str = "table") -> None:
    """Say which source holds the problems of which, and whether it is declared.

    Printed as a table, CSV or JSON lines.
    """
    pairs = read_lineage(recipe.read().get("collect") or {})
    if format == "csv":
        print(pairs.write_csv(), end="")
    elif format == "json":
        print(pairs.write_ndjson(), end="")
    else:
        _print(pairs)


def read_lineage(collect: dict[str, Any]) -> pl.DataFrame:
    """LINEAGE of the tables that are there; UserError where dedup has not run."""
    stages = dedup_stages(dag.row_stages(dag.read()))
    if not stages:
        raise UserError(f"{dag.FILE} has no stage of deduplication")
    seen = stages[0].inputs[0]
    files = [tables.DROPPED / f"{stage.name}.parquet" for stage in stages]
    dropped = [file for file in files if file.exists()]
    if not dropped or not seen.exists():
        raise UserError("no dedup stage has run yet", hint="dvc repro dedup_ngram")
    rows = Stored(seen).read(["id", "source", "origin"])
    copies = [Stored(file).read(["id", "twin", "reason"]) for file in dropped]
    return compare_sources(rows, pl.concat(copies), source_names(collect))


def _print(pairs: pl.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    numbers = "problems", "exact", "near", "share"
    columns = [Column(name, justify="right") for name in numbers]
    table = Table("of", "are in", *columns, "declared")
    for row in pairs.sort("share", descending=True, maintain_order=True).to_dicts():
        counts = [f"{row[name]:,}" for name in numbers[:3]]
        declared = "yes" if row["declared"] else "[bold red]no[/]"
        share = f"{row['share']:.1%}"
        table.add_row(row["a"], row["b"], *counts, share, declared)
    Console().print(table)
    undeclared = pairs.filter(~pl.col("declared")).height
    print(f"{undeclared} of {pairs.height} overlaps are declared by neither `origin`")
