"""Which texts a model may learn from: samples that were judged, reference solutions.

A trace that may not be learnt from has a reason, as a row that leaves has: `leaks`,
`wrong`, `undecided`, `empty`. Reference solutions stand in where no sample serves; else
they are `spare`.

Traces are handled by name. The text of a sample lies in the rollouts alone, and is read
where it is needed, part by part (`read_texts`).
"""

from collections.abc import Iterator

import polars as pl

from pipeline.cluster.each import is_cluster
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
SCAN = 8 * PART  # traces that another machine reads at once


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
        both = [
            table.filter(kind="sample").hstack(samples),
            _read_solutions(table, rows),
        ]
        table = pl.concat(both).sort("_place").drop("_place")
        yield table.with_columns(pl.col("text").fill_null(""))


def scan_texts(
    traces: pl.DataFrame, rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> Iterator[tuple[pl.LazyFrame, int]]:
    """As `read_texts`, in parts (scan, height) that are read where they are worked on.

    On a cluster SCAN of them at a time, each from the files that hold them; here, where
    every file is read once, PART.
    """
    if not is_cluster():
        for table in read_texts(traces, rows, rollouts):
            yield table.lazy(), table.height
        return
    traces = traces.with_row_index("_place")
    samples = traces.filter(kind="sample").with_columns(shard=0, place=0)
    shards = Shards(())
    if samples.height:
        shards = _given(rollouts)
        found = _locate(samples, shards).sort("index")
        samples = samples.with_columns(found.select("shard", "place"))
    of_part = pl.col("_place") // SCAN
    parts = samples.group_by(of_part, maintain_order=True)
    named = {number: part for (number,), part in parts}
    for number in range(-(-traces.height // SCAN)):
        table = traces[number * SCAN : (number + 1) * SCAN]
        own = named.get(number, samples.clear())
        by_shard = own.partition_by("shard", maintain_order=True)
        texts = [_read_solutions(table, rows).select("_place", "text").lazy()]
        texts += [_scan_samples(part, shards) for part in by_shard]
        text = pl.concat(texts).sort("_place").select(pl.col("text").fill_null(""))
        scan = pl.concat([table.drop("_place").lazy(), text], how="horizontal")
        yield scan, table.height


def _scan_samples(samples: pl.DataFrame, shards: Shards) -> pl.LazyFrame:
    """(_place, text) of samples that lie in one shard."""
    place = pl.col("completion").gather(pl.lit(samples["place"]))
    text: pl.LazyFrame = shards.parts[samples["shard"][0]].select(text=place)
    return text.select(pl.lit(samples["_place"]), "text")


def _read_solutions(traces: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Those of the traces that came with the rows, with their `text`."""
    written = traces.filter(kind="solution")
    solution = pl.lit(rows["solutions"].gather(written["row"])).list.get("number")
    return written.with_columns(text=solution.struct.field("text"))


def _find_samples(
    samples: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """(text,) of the samples, in their order."""
    if samples.is_empty():
        return
    shards = _given(rollouts)
    places = _locate(samples, shards)
    texts = _gather_texts(shards, places)
    if places["index"].is_sorted():
        yield from (table.select("text") for table in texts)
        return
    spool = Spool(pl.Schema({"index": pl.UInt32(), "text": pl.String()}))
    for table in texts:
        spool.add(table.with_columns(part=pl.col("index") // PART))
    for part in range(-(-samples.height // PART)):
        yield spool.read(part).sort("index").select("text")


def _given(rollouts: Shards | pl.DataFrame | None) -> Shards:
    if rollouts is None:
        raise UserError(
            "the texts of traces are in the rollouts, and none are given",
            hint="give data/rollouts as a further input",
        )
    return as_shards(rollouts)


def _locate(samples: pl.DataFrame, shards: Shards) -> pl.DataFrame:
    """(index, shard, place) of each of the samples, in the order of the shards.

    UserError where the rollouts lack one.
    """
    wanted = samples.select(SAMPLE).with_row_index("index")
    keys = [
        shard.with_columns(shard=number).with_row_index("place")
        for number, shard in enumerate(shards.select(*SAMPLE))
    ]
    places = pl.concat(keys).join(
        wanted, on=SAMPLE, nulls_equal=True, maintain_order="left_right"
    )
    if places["index"].n_unique() < samples.height:
        lost = wanted.join(places, on="index", how="anti")
        id, model, sample = lost.select(SAMPLE).row(0)
        raise UserError(
            f"the rollouts lack {lost.height:,} of {samples.height:,} traces, first "
            f"sample {sample} of {model} for {id}",
            hint="run verify again, with grades of these rollouts",
        )
    return places.select("index", "shard", "place")


def _gather_texts(shards: Shards, places: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """(index, text) of each of `places`, which are in the order of the shards."""
    of_shard = {n: part for (n,), part in places.group_by("shard", maintain_order=True)}
    for number, shard in enumerate(shards.select("completion")):
        if (mine := of_shard.get(number)) is not None:
            text = shard["completion"].gather(mine["place"]).alias("text")
            yield mine.select("index").hstack([text])


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
