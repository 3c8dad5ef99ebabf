"""Which texts a model may learn from: samples that were judged, reference solutions.

A trace that may not be learnt from has a reason, as a row that leaves has: `leaks`,
`wrong`, `undecided`, `empty`. Reference solutions stand in where no sample serves; else
they are `spare`.

Traces are handled by name. The text of a sample lies in the rollouts alone, and is read
where it is needed, part by part (`read_texts`).
"""

from collections.abc import Iterator

import polars as pl

from pipeline.errors import UserError
from pipeline.filter import drop, unjudged
from pipeline.shards import Shards, Spool, as_shards, cut

# A trace is named by the problem's id, its kind, and its number in the column
# `traces` (samples) or `solutions`. In the rollouts a sample goes by SAMPLE.
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
SAMPLE = ["id", "model", "sample"]
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
PART = 1024  # traces whose texts are in memory at once; even, for pairs


def list_candidates(rows: pl.DataFrame) -> pl.DataFrame:
    """Row, IDENTITY, n_tokens and leaks of every trace, row by row.

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
    columns = [pl.col(name).cast(dtype) for name, dtype in IDENTITY.items()]
    return table.select("row", *columns, pl.col("n_tokens").cast(pl.Int32), "leaks")


def read_texts(
    traces: pl.DataFrame, rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """`traces` with their `text`, in their order, PART of them at a time.

    They need `row` (of the `rows`, for solutions), `kind`, `number` and SAMPLE. The
    rollouts are read once. UserError where they lack a sample.
    """
    is_sample = traces["kind"] == "sample"
    parts = [slice(at, at + PART) for at in range(0, traces.height, PART)]
    texts = _find_samples(traces.filter(is_sample), rollouts)
    counts = [int(is_sample[part].sum()) for part in parts]
    of_parts = cut(texts, counts, pl.Schema({"text": pl.String()}))
    for part, samples in zip(parts, of_parts, strict=True):
        table = traces[part].with_row_index("_place")
        written = table.filter(kind="solution")
        solutions = rows["solutions"].gather(written["row"])
        solution = pl.lit(solutions).list.get("number").struct.field("text")
        both = [
            table.filter(kind="sample").hstack(samples),
            written.with_columns(text=solution),
        ]
        table = pl.concat(both).sort("_place").drop("_place")
        yield table.with_columns(pl.col("text").fill_null(""))


def _find_samples(
    samples: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """(text,) of the samples, in their order."""
    if samples.is_empty():
        return
    if rollouts is None:
        raise UserError(
            "the texts of traces are in the rollouts, and none are given",
            hint="give data/rollouts as a further input",
        )
    shards = as_shards(rollouts)
    wanted = samples.select(SAMPLE).with_row_index("index")
    keys = shards.select(*SAMPLE).collect().with_row_index("place")
    places = keys.join(wanted, on=SAMPLE, nulls_equal=True, maintain_order="left_right")
    if places["index"].n_unique() < samples.height:
        lost = wanted.join(places, on="index", how="anti")
        id, model, sample = lost.select(SAMPLE).row(0)
        raise UserError(
            f"the rollouts lack {lost.height:,} of {samples.height:,} traces, first "
            f"sample {sample} of {model} for {id}",
            hint="run verify again, with grades of these rollouts",
        )
    texts = _gather_texts(shards, places)
    if places["index"].is_sorted():
        yield from (table.select("text") for table in texts)
        return
    spool = Spool(pl.Schema({"index": pl.UInt32(), "text": pl.String()}))
    for table in texts:
        spool.add(table.with_columns(part=pl.col("index") // PART))
    for part in range(-(-samples.height // PART)):
        yield spool.read(part).sort("index").select("text")


def _gather_texts(shards: Shards, places: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """(index, text) of each of `places`, which are in the order of the shards."""
    begin = 0
    for shard in shards.select("completion"):
        end = begin + shard.height
        mine = places.filter(pl.col("place").is_between(begin, end, closed="left"))
        text = shard["completion"].gather(mine["place"] - begin).alias("text")
        yield mine.select("index").hstack([text])
        begin = end


def count_chars(
    traces: pl.DataFrame, rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> pl.Series:
    """The characters of each trace (uint32)."""
    counts = [
        part["text"].str.len_chars().cast(pl.UInt32)
        for part in read_texts(traces, rows, rollouts)
    ]
    return pl.concat([pl.Series(dtype=pl.UInt32), *counts]).alias("n_chars")


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
    lists = chosen.group_by("row", maintain_order=True).agg(chosen=refer())
    numbers = pl.DataFrame({"row": range(height)}, schema={"row": pl.UInt32})
    joined = numbers.join(lists, on="row", how="left", maintain_order="left")
    return joined["chosen"].cast(CHOSEN).fill_null(pl.lit([], CHOSEN))


def refer() -> pl.Expr:
    """REFERENCE to a trace."""
    return pl.struct(*REFERENCE.to_schema())
