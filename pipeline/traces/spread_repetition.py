"""The n-grams that a corpus shares, counted on the machines of a cluster.

Every n-gram goes with its count in a part to where all of its counts meet; what comes
back are those that are frequent, by which the texts are read once more. One machine
(`words.py`) saves that room with counters that n-grams share.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import polars as pl

from pipeline.cluster.each import each, ready
from pipeline.cluster.shuffle import PARTITION, shuffle
from pipeline.kernels.published_ngrams import word_ngrams
from pipeline.kernels.shards import Array, split_shards, text_bytes
from pipeline.kernels.word_tokens import WORDS
from pipeline.traces.columns import REPETITION

ENTRIES = 1 << 23  # n-grams of a partition, about: 12 bytes each

Read = Callable[[], Iterable[pl.LazyFrame]]


def count_frequent(read: Read, n: int, frequent: int, words: int) -> pl.Series:
    """As `Repetition.count_frequent`, of texts (column `text`) of so many words."""
    partitions = 1 + words // ENTRIES
    spread, gather = partial(_spread, n, partitions), partial(_gather, frequent)
    met = shuffle(ready(spread), read(), gather, partitions=partitions)
    none = pl.Schema({"hash": pl.UInt64}).to_frame()
    hashes = pl.concat([none, *met])["hash"]
    counted = each(ready(partial(_count, n, hashes)), read())
    counts = np.concatenate([np.zeros(0, np.int64), *counted])
    return pl.Series("frequent_ngrams", counts).cast(REPETITION["frequent_ngrams"])


def _read_ngrams(part: pl.LazyFrame, n: int) -> Iterable[tuple[pl.Series, Array]]:
    """The hashes of n-grams of a few texts at a time, and where those of each end."""
    for shard in split_shards(part.select("text").collect()["text"]):
        hashes, ends = word_ngrams(*text_bytes(shard), n, WORDS)
        yield pl.Series("hash", hashes), ends


def _spread(n: int, partitions: int, part: pl.LazyFrame) -> pl.DataFrame:
    """(partition, hash, n) of the n-grams of a part."""
    hashes = pl.concat([shard for shard, _ in _read_ngrams(part, n)])
    counts = hashes.to_frame().group_by("hash").agg(n=pl.len())
    # Tables look at low bits, and so would this: the same for all in a partition.
    partition = (pl.col("hash") // 2**32 % partitions).cast(PARTITION)
    return counts.with_columns(partition=partition)


def _gather(frequent: int, rows: pl.DataFrame) -> pl.DataFrame:
    """(hash,) of what stands in all texts more than `frequent` times."""
    counts = rows.group_by("hash").agg(pl.sum("n"))
    return counts.filter(pl.col("n") > frequent).select("hash")


def _count(n: int, frequent: pl.Series, part: pl.LazyFrame) -> Array:
    """How many n-grams of each text are `frequent` ones."""
    counts = []
    for hashes, ends in _read_ngrams(part, n):
        is_frequent = hashes.is_in(frequent.implode()).to_numpy()
        counts.append(np.diff(np.r_[0, np.cumsum(is_frequent)][ends]))
    return np.concatenate(counts)
