"""The texts of traces, which lie in the rollouts, or came with the problems.

Whoever needs them goes through them part by part, in the order of the traces. Where a
sample lies is a shard's number and a place in it, eight bytes a trace.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from pipeline.cluster.each import is_cluster
from pipeline.errors import UserError
from pipeline.shards import Shards, Spool, as_shards, cut, number_ids

if TYPE_CHECKING:
    from numpy import ndarray as Array

SAMPLE = ["id", "model", "sample"]  # what a sample goes by in the rollouts
PART = 1024  # traces whose texts are in memory at once; even, for pairs
SCAN = 8 * PART  # traces that another machine reads at once
MOST_READS = 4  # of a shard, on average; else texts wait in a file for their turn


def read_texts(
    traces: pl.DataFrame, rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """`traces` with their `text`, in their order, PART of them at a time.

    They need `row`, `kind`, `number`, `model` and `sample`; of the `rows` the ids are
    read, and the `solutions`. UserError where the rollouts lack a sample.
    """
    is_sample = traces["kind"] == "sample"
    parts = [slice(at, at + PART) for at in range(0, traces.height, PART)]
    texts = _find_samples(traces.filter(is_sample), rows["id"], rollouts)
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
        shard, place = _locate(samples, rows["id"], shards)
        samples = samples.with_columns(shard=pl.Series(shard), place=pl.Series(place))
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
    if written.is_empty():
        return written.with_columns(text=pl.lit("", pl.String))
    solution = pl.lit(rows["solutions"].gather(written["row"])).list.get("number")
    return written.with_columns(text=solution.struct.field("text"))


def _find_samples(
    samples: pl.DataFrame, ids: pl.Series, rollouts: Shards | pl.DataFrame | None
) -> Iterator[pl.DataFrame]:
    """(text,) of the samples, in their order, PART of them at a time.

    A shard stays in memory from part to part. Where they lie in no order, all texts
    are dealt by a file instead.
    """
    import numpy as np

    if samples.is_empty():
        return
    shards = _given(rollouts)
    shard, place = _locate(samples, ids, shards)
    texts = shards.select(pl.col("completion").alias("text")).parts
    parts = [slice(at, at + PART) for at in range(0, samples.height, PART)]
    needed = [np.unique(shard[part]) for part in parts]
    befores = [needed[0][:0], *needed[:-1]]
    reads = [len(np.setdiff1d(*pair)) for pair in zip(needed, befores, strict=True)]
    if sum(reads) > MOST_READS * len(texts):
        yield from _deal_texts(texts, shard, place)
        return
    held: dict[int, pl.DataFrame] = {}
    for part, numbers in zip(parts, needed, strict=True):
        held = {n: held[n] if n in held else texts[n].collect() for n in numbers}
        starts = np.cumsum([0, *(table.height for table in held.values())])
        at = starts[np.searchsorted(numbers, shard[part])] + place[part]
        yield pl.concat(held.values())[at]


def _deal_texts(
    shards: Sequence[pl.LazyFrame], shard: "Array", place: "Array"
) -> Iterator[pl.DataFrame]:
    """(text,) of all samples, whose texts wait in a file for their part."""
    import numpy as np

    spool = Spool(pl.Schema({"index": pl.UInt32(), "text": pl.String()}))
    for number, texts in enumerate(shards):
        index = np.flatnonzero(shard == number).astype(np.uint32)
        table = texts.collect()[place[index]].with_columns(index=pl.Series(index))
        spool.add(table.with_columns(part=pl.col("index") // PART))
    for part in range(-(-len(shard) // PART)):
        yield spool.read(part).sort("index").select("text")


def _given(rollouts: Shards | pl.DataFrame | None) -> Shards:
    if rollouts is None:
        raise UserError(
            "the texts of traces are in the rollouts, and none are given",
            hint="give data/rollouts as a further input",
        )
    return as_shards(rollouts)


def _locate(
    samples: pl.DataFrame, ids: pl.Series, shards: Shards
) -> "tuple[Array, Array]":
    """The shard (n,) that each of the samples lies in, and its place there (uint32).

    UserError where the rollouts lack one.
    """
    import numpy as np

    id, model = number_ids(ids), pl.col("model").cast(pl.Categorical)
    numbers = ids.to_frame("id").select(id)["id"].gather(samples["row"])
    wanted = samples.select("model", "sample").with_columns(numbers, model)
    wanted = wanted.with_row_index("index")
    shard_of = np.full(samples.height, len(shards.parts), np.uint32)
    place_of = np.zeros(samples.height, np.uint32)
    for number, names in enumerate(shards.select(id, model, "sample")):
        found = names.with_row_index("place").drop_nulls("id")
        least, most = found["id"].min(), found["id"].max()
        near = wanted.filter(pl.col("id").is_between(least, most))
        found = found.join(near, on=SAMPLE, how="inner", nulls_equal=True)
        shard_of[found["index"]], place_of[found["index"]] = number, found["place"]
    if (is_lost := shard_of == len(shards.parts)).any():
        row, model, sample = samples.select("row", "model", "sample").row(
            int(is_lost.argmax())
        )
        raise UserError(
            f"the rollouts lack {is_lost.sum():,} of {samples.height:,} traces, first "
            f"sample {sample} of {model} for {ids[row]}",
            hint="run verify again, with grades of these rollouts",
        )
    return shard_of, place_of


def count_chars(
    traces: pl.DataFrame, rows: pl.DataFrame, rollouts: Shards | pl.DataFrame | None
) -> pl.Series:
    """The characters of each trace (uint32)."""
    counts = [
        part["text"].str.len_chars().cast(pl.UInt32)
        for part in read_texts(traces, rows, rollouts)
    ]
    return pl.concat([pl.Series(dtype=pl.UInt32), *counts]).alias("n_chars")
