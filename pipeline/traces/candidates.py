"""Which texts a model may learn from: samples that were judged, reference solutions.

A trace that may not be learnt from has a reason, as a row that leaves has: `leaks`,
`wrong`, `undecided`, `empty`. Reference solutions stand in where no sample serves; else
they are `spare`.
"""

import polars as pl

from pipeline.filter import drop, unjudged

CHOSEN = pl.List(
    pl.Struct({"text": pl.String, "model": pl.String, "n_tokens": pl.Int32})
)
# A trace is named by the problem's id, its kind, and its number in the column
# `traces` (samples) or `solutions`.
IDENTITY = pl.Schema(
    {
        "id": pl.String(),
        "kind": pl.String(),
        "number": pl.UInt32(),
        "model": pl.String(),
        "pass": pl.String(),
        "sample": pl.Int32(),
        "correct": pl.Boolean(),
    }
)


def list_candidates(rows: pl.DataFrame) -> pl.DataFrame:
    """IDENTITY, n_tokens, text, row and leaks of every trace, row by row.

    `kind` is `sample` or `solution`; samples come first. `leaks`: whether the trace
    recites a benchmark item. Columns of stages that have never run may be absent.
    """
    numbered = rows.with_row_index("row")
    tables = [_list_samples(numbered), _list_solutions(numbered)]
    return pl.concat(tables).sort("row", maintain_order=True)


def _list_samples(rows: pl.DataFrame) -> pl.DataFrame:
    if "traces" not in rows.columns or rows.schema["traces"] == pl.Null:
        return _list_solutions(rows.clear())
    leaking = pl.lit(None, pl.List(pl.UInt32))
    if "leaking_traces" in rows.columns:
        leaking = pl.col("leaking_traces").cast(leaking_type := pl.List(pl.UInt32))
        leaking = leaking.fill_null(pl.lit([], leaking_type))
    traces = _explode(rows.with_columns(_leaking=leaking), "traces", "_leaking")
    field = pl.col("traces").struct.field
    leaks = pl.col("number").is_in(pl.col("_leaking")).fill_null(value=False)
    return _typed(
        traces.with_columns(
            field("pass"),
            kind=pl.lit("sample"),
            model=field("model"),
            sample=field("sample"),
            correct=field("correct"),
            n_tokens=field("n_tokens"),
            text=field("completion"),
            leaks=leaks,
        )
    )


def _list_solutions(rows: pl.DataFrame) -> pl.DataFrame:
    field = pl.col("solutions").struct.field
    return _typed(
        _explode(rows, "solutions").with_columns(
            pl.lit(None).alias("pass"),
            kind=pl.lit("solution"),
            model=field("model"),
            sample=pl.lit(None),
            correct=field("correct"),
            n_tokens=pl.lit(None),
            text=field("text"),
            leaks=pl.lit(value=False),
        )
    )


def _explode(rows: pl.DataFrame, column: str, *others: str) -> pl.DataFrame:
    """A row for each entry of the lists in `column`, with its `number`."""
    numbers = pl.int_ranges(pl.col(column).list.len(), dtype=pl.UInt32)
    table = rows.select("row", "id", column, *others, number=numbers)
    table = table.filter(pl.col(column).list.len() > 0)
    return table.explode("number", column)


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text").fill_null("")
    columns = [pl.col(name).cast(dtype) for name, dtype in IDENTITY.items()]
    return table.select(
        "row", *columns, text, pl.col("n_tokens").cast(pl.Int32), "leaks"
    )


def mark_unusable(traces: pl.DataFrame, *, require_correct: bool) -> pl.DataFrame:
    """Give a verdict to every trace: the reason why nobody may learn from it.

    Samples have to be right, and solutions not known to be wrong, unless
    `require_correct` is false.
    """
    is_sample, correct = pl.col("kind") == "sample", pl.col("correct")
    traces = drop(unjudged(traces), pl.col("leaks"), "leaks")
    traces = drop(traces, pl.col("text") == "", "empty")
    if require_correct:
        traces = drop(traces, ~correct, "wrong")
        traces = drop(traces, is_sample & correct.is_null(), "undecided")
    return traces


def mark_spare(traces: pl.DataFrame, *, use_reference: bool) -> pl.DataFrame:
    """Mark solutions that no one needs: a sample of the problem serves."""
    is_sample = pl.col("kind") == "sample"
    serves = (is_sample & pl.col("reason").is_null()).any().over("row")
    return drop(traces, ~is_sample & (serves | (not use_reference)), "spare")


def gather_chosen(traces: pl.DataFrame, height: int) -> pl.Series:
    """CHOSEN for each of `height` rows: its traces without a reason, in their order."""
    chosen = traces.filter(pl.col("reason").is_null())
    trace = pl.struct("text", "model", "n_tokens")
    lists = chosen.group_by("row", maintain_order=True).agg(chosen=trace)
    numbers = pl.DataFrame({"row": range(height)}, schema={"row": pl.UInt32})
    joined = numbers.join(lists, on="row", how="left", maintain_order="left")
    return joined["chosen"].cast(CHOSEN).fill_null(pl.lit([], CHOSEN))
