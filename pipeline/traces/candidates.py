"""Which texts a model may learn from: samples that were judged, reference solutions.

A trace that may not be learnt from has a reason, as a row that leaves has: `leaks`,
`wrong`, `undecided`, `empty`. Reference solutions stand in where no sample serves; else
they are `spare`.

Traces are handled by name. The text of a sample lies in the rollouts alone, and is read
where it is needed, part by part (texts.py).
"""

from typing import Any

import polars as pl

from pipeline.filter import drop, unjudged
from pipeline.schema import PROBLEM

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
KIND = pl.Enum(["sample", "solution"])
# A list of candidates has names in a few bytes: there may be millions.
SHORT: dict[str, Any] = {"kind": KIND, "model": pl.Categorical, "pass": pl.Categorical}
REFERENCE = pl.Struct(
    {
        "kind": pl.String,
        "number": pl.UInt32,
        "model": pl.String,
        "sample": pl.Int32,
        "n_tokens": pl.Int32,
    }
)
CHOSEN = pl.List(REFERENCE)
LISTED = 20_000  # rows whose traces are listed at once


def list_candidates(rows: pl.DataFrame) -> pl.DataFrame:
    """Row, IDENTITY without id, n_tokens and leaks of every trace, row by row.

    `kind` is `sample` or `solution`; samples come first. `leaks`: whether the trace
    recites a benchmark item. Columns of stages that have never run may be absent.
    """
    names = ("id", "traces", "solutions", "leaking_traces")
    numbered = rows.select(n for n in names if n in rows.columns).with_row_index("row")
    parts = [
        pl.concat([_list_samples(part), _list_solutions(part)]).sort(
            "row", maintain_order=True
        )
        for part in (numbered.iter_slices(LISTED) if rows.height else [numbered])
    ]
    return pl.concat(parts, rechunk=True)


def name_traces(traces: pl.DataFrame, ids: pl.Series) -> pl.DataFrame:
    """IDENTITY of candidates, whose rows have these `ids`."""
    named = traces.with_columns(id=ids.gather(traces["row"]))
    return named.select(pl.col(name).cast(of) for name, of in IDENTITY.items())


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
            leaks=leaks,
        )
    )


def _list_solutions(rows: pl.DataFrame) -> pl.DataFrame:
    if "solutions" not in rows.columns:
        rows = rows.with_columns(solutions=pl.lit(None, PROBLEM["solutions"]))
    field = pl.col("solutions").struct.field
    return _typed(
        _explode(rows, "solutions").with_columns(
            pl.lit(None).alias("pass"),
            kind=pl.lit("solution"),
            model=field("model"),
            sample=pl.lit(None),
            correct=field("correct"),
            n_tokens=pl.lit(None),
            leaks=pl.lit(value=False),
        )
    )


def _explode(rows: pl.DataFrame, column: str, *others: str) -> pl.DataFrame:
    """A row for each entry of the lists in `column`, with its `number`."""
    numbers = pl.int_ranges(pl.col(column).list.len(), dtype=pl.UInt32)
    table = rows.select("row", column, *others, number=numbers)
    table = table.filter(pl.col(column).list.len() > 0)
    return table.explode("number", column)


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    types = {name: of for name, of in {**IDENTITY, **SHORT}.items() if name != "id"}
    columns = [pl.col(name).cast(of) for name, of in types.items()]
    return table.select("row", *columns, pl.col("n_tokens").cast(pl.Int32), "leaks")


def mark_unusable(traces: pl.DataFrame, *, require_correct: bool) -> pl.DataFrame:
    """Give a verdict to every trace: the reason why nobody may learn from it.

    Samples have to be right, and solutions not known to be wrong, unless
    `require_correct` is false. Needs `n_chars`.
    """
    is_sample, correct = pl.col("kind") == "sample", pl.col("correct")
    traces = drop(unjudged(traces), pl.col("leaks"), "leaks")
    traces = drop(traces, pl.col("n_chars") == 0, "empty")
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
    return list_by_row(chosen, refer().alias("chosen"), height, CHOSEN)


def list_by_row(
    frame: pl.DataFrame, values: pl.Expr, height: int, dtype: pl.List
) -> pl.Series:
    """`values` as lists of `dtype`, one for each of `height` rows, by the column `row`.

    A row that is not in `frame` has an empty list.
    """
    lists = frame.group_by("row", maintain_order=True).agg(values)
    numbers = pl.DataFrame({"row": range(height)}, schema={"row": pl.UInt32})
    joined = numbers.join(lists, on="row", how="left", maintain_order="left")
    return joined.to_series(1).cast(dtype).fill_null(pl.lit([], dtype))


def refer() -> pl.Expr:
    """REFERENCE to a trace."""
    return pl.struct(*REFERENCE.to_schema())
