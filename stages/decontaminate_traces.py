"""Find traces that recite a benchmark item, so that none of them is trained on.

A prompt can be clean and its trace leak: a model that has learnt a benchmark by
heart may write an item of it down. Problems stay; `leaking_traces` names the
traces that `select` passes over.
"""

import polars as pl

from pipeline.contamination import report
from pipeline.contamination.methods import Methods, names, run
from pipeline.filter import Judged
from pipeline.settings import Settings

COLUMNS = pl.Schema({"leaking_traces": pl.List(pl.UInt32)})
TABLES = {"pairs": report.PAIRS}


class Params(Settings):
    """Which methods look at the traces; see decontaminate."""

    methods: tuple[names, ...] = ("coverage",)
    settings: Methods = Methods()


def judge(rows: pl.DataFrame, params: Params, benchmarks: pl.DataFrame) -> Judged:
    """Add leaking_traces: places in `traces`, of those that hold a benchmark item."""
    texts = _texts(rows)
    found = run(texts, benchmarks, params.methods, params.settings)
    found = report.named(found, texts, rows, benchmarks)
    leaks = found.filter(pl.col("level").is_in(["exact", "near"]))
    places = leaks.with_columns(trace=texts["trace"].gather(leaks["text_row"]))
    named = places.group_by("row", maintain_order=True).agg(
        leaking_traces=pl.col("trace").unique().sort()
    )
    rows = rows.with_row_index("row").join(
        named, on="row", how="left", maintain_order="left"
    )
    about = rows.select("row", "id", "source", "answer", dropped=pl.lit(value=False))
    return Judged(rows.drop("row"), {"pairs": report.pairs(leaks, about)})


def _texts(rows: pl.DataFrame) -> pl.DataFrame:
    """(row, trace, field, text, answer) of every trace."""
    told = rows.with_row_index("row").select("row", "traces")
    told = told.with_columns(
        trace=pl.int_ranges(pl.col("traces").list.len(), dtype=pl.UInt32)
    )
    return (
        told.explode("trace", "traces")
        .filter(pl.col("traces").is_not_null())
        .select(
            "row",
            "trace",
            pl.lit("rollouts").alias("field"),
            pl.col("traces").struct.field("completion").alias("text"),
            pl.lit(None, pl.String).alias("answer"),
        )
    )
