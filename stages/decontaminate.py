"""Drop problems that overlap with a benchmark item, and show the matched spans.

Every method in `methods` looks at every text and says which items it holds, how
strongly and where; that is kept in `contamination`. Then one cut is made. `coverage`
is ours: the share of an item that a text holds, rare words counting more, numbers
and answers as witnesses. The others are rules as they were published.

A hit is `exact` or `near` (the same problem), `sibling` (the item's template with
other numbers, or its scene with another question) or `boilerplate` (no more than
sentences that many problems share). `drop` says which of them cost a row its place.

Reasons: `contaminated`.
"""

from typing import Literal

import polars as pl

from pipeline.contamination import report
from pipeline.contamination.contract import DEFAULT, Methods
from pipeline.contamination.hits import Level, keep_worst, scan_texts
from pipeline.filter import Judged, drop
from pipeline.settings import Settings
from pipeline.shards import Shards, as_shards

COLUMNS = report.COLUMNS
READS = ("source", "problem", "answer", "solutions")
TABLES = report.TABLES
Text = Literal["problem", "solutions", "rollouts"]


class Params(Settings):
    """Which methods look at which texts, and what a hit leads to.

    `action: flag` keeps every row and its annotation; `report` keeps the tables
    alone. `skip_sources` are measured and not cut.
    """

    methods: Methods = DEFAULT
    fields: tuple[Text, ...] = ("problem", "solutions", "rollouts")
    drop: tuple[Level, ...] = ("exact", "near")
    action: Literal["drop", "flag", "report"] = "drop"
    skip_sources: tuple[str, ...] = ()


def judge(
    rows: pl.DataFrame,
    params: Params,
    benchmarks: pl.DataFrame,
    rollouts: pl.DataFrame | Shards | None = None,
) -> Judged:
    """Add contamination, overlap, overlap_item, overlap_level; mark rows that leak."""
    texts = collect_texts(rows, params, rollouts)
    found = scan_texts(texts, benchmarks, params.methods)
    hits, undetectable = found.hits, found.undetectable
    worst = keep_worst(hits, "row")
    rows = report.annotate(rows, hits, worst)
    leaks = pl.col("overlap_level").is_in(list(params.drop))
    skipped = pl.col("source").is_in(list(params.skip_sources))
    if params.action == "drop":
        rows = drop(
            rows,
            leaks & ~skipped.fill_null(value=False),
            "contaminated",
            twin=pl.col("overlap_item"),
            score=pl.col("overlap"),
            evidence=report.evidence(worst, rows.height),
        )
    about = rows.select(
        "id", "source", "answer", dropped=pl.col("reason").is_not_null()
    )
    tables = {
        "pairs": report.pair_table(
            hits.filter(pl.col("level") != "boilerplate"), about
        ),
        "benchmarks": report.count_by_benchmark(worst, about, benchmarks, undetectable),
        "undetectable": undetectable.select(report.UNDETECTABLE.names()),
    }
    if params.action == "report":
        rows = rows.drop(COLUMNS.names())
    return Judged(rows, tables)


def collect_texts(
    rows: pl.DataFrame, params: Params, rollouts: pl.DataFrame | Shards | None
) -> pl.DataFrame:
    """(row, field, text, answer) of every text that is looked at."""
    numbered = rows.with_row_index("row")
    texts = {"problem": numbered.select("row", "answer", text="problem")}
    solutions = numbered.select("row", "solutions").explode("solutions").drop_nulls()
    text = pl.col("solutions").struct.field("text")
    texts["solutions"] = solutions.select("row", text=text).drop_nulls("text")
    if rollouts is not None:
        completions = as_shards(rollouts).select("id", "completion").collect()
        texts["rollouts"] = numbered.select("row", "id").join(
            completions.rename({"completion": "text"}),
            on="id",
            how="inner",
            maintain_order="left_right",
        )
    chosen = [
        table.with_columns(field=pl.lit(field))
        for field, table in texts.items()
        if field in params.fields
    ]
    none = texts["problem"].clear().with_columns(field=pl.lit(""))
    tables = pl.concat([none, *chosen], how="diagonal")
    return tables.select("row", "field", "text", "answer")
