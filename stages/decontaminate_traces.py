"""Find traces that recite a benchmark item, so that none of them is trained on.

A prompt can be clean and its trace leak: a model that has learnt a benchmark by
heart may write an item of it down. Problems stay; `leaking_traces` names the
traces that `select` passes over.
"""

import polars as pl
from pydantic import Field

from pipeline.contamination import report
from pipeline.contamination.contract import Methods
from pipeline.contamination.hits import scan_texts
from pipeline.filter import Judged
from pipeline.settings import Settings

COLUMNS = pl.Schema({"leaking_traces": pl.List(pl.UInt32)})
TABLES = {"pairs": report.PAIRS}


class Params(Settings):
    """Which methods look at the traces; see decontaminate."""

    methods: Methods = Field(default=("coverage",), validate_default=True)


def judge(rows: pl.DataFrame, params: Params, benchmarks: pl.DataFrame) -> Judged:
    """Add leaking_traces: places in `traces`, of those that hold a benchmark item."""
    hits = scan_texts(list_traces(rows), benchmarks, params.methods).hits
    leaks = hits.filter(pl.col("level").is_in(["exact", "near"]))
    traces = leaks.group_by("row", maintain_order=True).agg(
        leaking_traces=pl.col("trace").unique().sort()
    )
    rows = rows.with_columns(report.spread(traces, rows.height))
    about = rows.select("id", "source", "answer", dropped=pl.lit(value=False))
    return Judged(rows, {"pairs": report.pair_table(leaks, about)})


def list_traces(rows: pl.DataFrame) -> pl.DataFrame:
    """(row, trace, field, text, answer) of every trace."""
    places = pl.int_ranges(pl.col("traces").list.len(), dtype=pl.UInt32)
    traces = rows.with_row_index("row").select("row", "traces", trace=places)
    traces = traces.explode("trace", "traces").drop_nulls("traces")
    return traces.select(
        "row",
        "trace",
        field=pl.lit("rollouts"),
        text=pl.col("traces").struct.field("completion"),
        answer=pl.lit(None, pl.String),
    )
