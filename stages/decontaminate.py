"""Drop problems that overlap with a benchmark item, and show the matched spans.

Every method in `methods` looks at every text and says which items it meets, how
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
from pipeline.contamination.methods import Methods, names, run
from pipeline.filter import Judged, drop
from pipeline.settings import Settings

COLUMNS = report.COLUMNS
TABLES = report.TABLES
Level = Literal["exact", "near", "sibling", "boilerplate"]


class Params(Settings):
    """Which methods look at which texts, and what a hit leads to.

    `action: flag` keeps every row and its annotation; `report` keeps the tables
    alone. `skip_sources` are measured and not cut.
    """

    methods: tuple[names, ...] = ("coverage",)
    settings: Methods = Methods()
    fields: tuple[Literal["problem", "solutions", "rollouts"], ...] = (
        "problem",
        "solutions",
        "rollouts",
    )
    drop: tuple[Level, ...] = ("exact", "near")
    action: Literal["drop", "flag", "report"] = "drop"
    skip_sources: tuple[str, ...] = ()


def judge(
    rows: pl.DataFrame,
    params: Params,
    benchmarks: pl.DataFrame,
    rollouts: pl.DataFrame | None = None,
) -> Judged:
    """Add contamination, overlap, overlap_item, overlap_level; mark rows that leak."""
    texts = _texts(rows, params, rollouts)
    found = run(texts, benchmarks, params.methods, params.settings)
    found = report.named(found, texts, rows, benchmarks)
    closest = report.closest(found)
    rows = report.annotated(rows, found, closest)
    where = pl.col("overlap_level").is_in(list(params.drop))
    skipped = pl.col("source").is_in(list(params.skip_sources))
    where &= ~skipped.fill_null(value=False)
    if params.action == "drop":
        rows = drop(
            rows,
            where,
            "contaminated",
            twin=pl.col("overlap_item"),
            score=pl.col("overlap"),
            evidence=report.evidence(rows, closest),
        )
    tables = report.tables(
        rows, found, closest, benchmarks, params.methods, params.settings
    )
    if params.action == "report":
        rows = rows.drop(COLUMNS.names())
    return Judged(rows, tables)


def _texts(
    rows: pl.DataFrame, params: Params, rollouts: pl.DataFrame | None
) -> pl.DataFrame:
    """(row, field, text, answer) of every text that is looked at."""
    numbered = rows.with_row_index("row")
    no_answer = pl.lit(None, pl.String).alias("answer")
    made = []
    if "problem" in params.fields:
        field = pl.lit("problem").alias("field")
        made.append(
            numbered.select("row", field, pl.col("problem").alias("text"), "answer")
        )
    if "solutions" in params.fields:
        told = numbered.select("row", "solutions").explode("solutions").drop_nulls()
        text = pl.col("solutions").struct.field("text").alias("text")
        field = pl.lit("solutions").alias("field")
        made.append(told.select("row", field, text, no_answer).drop_nulls("text"))
    if "rollouts" in params.fields and rollouts is not None:
        told = numbered.select("row", "id").join(
            rollouts.select("id", "completion"),
            on="id",
            how="inner",
            maintain_order="left_right",
        )
        text, field = pl.col("completion").alias("text"), pl.lit("rollouts")
        made.append(told.select("row", field.alias("field"), text, no_answer))
    return pl.concat(made)
