"""Find traces that recite a benchmark item, so that none of them is trained on.

A prompt can be clean and its trace leak: a model that has learnt a benchmark by
heart may write an item of it down. Problems stay; `leaking_traces` names the
traces that `select` passes over.
"""

from collections.abc import Iterator

import polars as pl

from pipeline.contamination import report
from pipeline.contamination.contract import DEFAULT, Methods
from pipeline.contamination.hits import scan_texts as find_hits
from pipeline.contamination.parts import Texts
from pipeline.filter import Judged
from pipeline.settings import Settings
from pipeline.shards import Shards
from pipeline.traces.candidates import list_candidates
from pipeline.traces.texts import read_texts, scan_texts

READS = ("traces", "source", "answer")
COLUMNS = pl.Schema({"leaking_traces": pl.List(pl.UInt32)})
TABLES = {"pairs": report.PAIRS}


class Params(Settings):
    """Which methods look at the traces; see decontaminate."""

    methods: Methods = DEFAULT


def judge(
    rows: pl.DataFrame,
    params: Params,
    benchmarks: pl.DataFrame,
    rollouts: Shards | pl.DataFrame | None = None,
) -> Judged:
    """Add leaking_traces: places in `traces`, of those that hold a benchmark item."""
    traces = list_candidates(rows.select("id", "traces"))
    no_answer = pl.lit(None, pl.String)
    texts = traces.select("row", trace="number", answer=no_answer)

    def read() -> Iterator[pl.Series]:
        return (part["text"] for part in read_texts(traces, rows, rollouts))

    def scan() -> Iterator[tuple[pl.LazyFrame, int]]:
        return scan_texts(traces, rows, rollouts)

    parts = Texts(read, scan)
    hits = find_hits(texts, benchmarks, params.methods, parts).hits
    leaks = hits.filter(pl.col("level").is_in(["exact", "near"]))
    leaks = leaks.with_columns(field=pl.lit("rollouts"))
    leaking = leaks.group_by("row", maintain_order=True).agg(
        leaking_traces=pl.col("trace").unique().sort()
    )
    rows = rows.with_columns(report.spread(leaking, rows.height))
    about = rows.select("id", "source", "answer", dropped=pl.lit(value=False))
    return Judged(rows, {"pairs": report.pair_table(leaks, about)})
