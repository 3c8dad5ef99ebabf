"""Texts that may be too many for memory, in parts that any machine can read.

A text goes by its number among all, so a part says which is its first.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from pipeline.cluster.each import is_cluster
from pipeline.machine import machine
from pipeline.shards import regroup

FAR, FAR_BYTES = 1 << 16, 1 << 24  # texts, and bytes, that go to another machine
LONGEST = 4  # shards that are read at once


class Part(NamedTuple):
    """A run of texts (`rows`, with a column `text`), and the number of the first."""

    rows: pl.LazyFrame
    start: int
    height: int

    def read(self) -> pl.Series:
        return self.rows.collect()["text"].fill_null("")


@dataclass(frozen=True)
class Texts:
    """Texts that can be gone through as often as one likes, always in one order.

    `read()` gives them in this process. `scan()`, where given, does the same in parts
    (scan, height) that any machine can read by itself.
    """

    read: Callable[[], Iterable[pl.Series]]
    scan: Callable[[], Iterable[tuple[pl.LazyFrame, int]]] | None = None

    def parts(self) -> Iterator[Part]:
        """All texts: shards for threads, or what is worth a way to another machine."""
        start = 0
        for rows, height in self._cut():
            yield Part(rows, start, height)
            start += height

    def _cut(self) -> Iterable[tuple[pl.LazyFrame, int]]:
        if is_cluster() and self.scan:
            return self.scan()
        tables: Iterable[pl.DataFrame] = (
            series.to_frame("text") for series in self.read()
        )
        if is_cluster():
            tables = regroup(tables, rows=FAR, size=FAR_BYTES)
        else:
            runs = (_split_runs(table["text"]) for table in tables)
            tables = (run.to_frame("text") for each in runs for run in each)
        return ((table.lazy(), table.height) for table in tables)


def _split_runs(text: pl.Series) -> Iterator[pl.Series]:
    """Runs of shards, one for each worker at least.

    Long ones: to look for what few texts hold costs much alike in a shard and in all.
    """
    from pipeline.kernels.shards import split_shards

    heights = [len(shard) for shard in split_shards(text)]
    step = min(LONGEST, -(-len(heights) // machine().workers))
    start = 0
    for first in range(0, len(heights), step):
        height = sum(heights[first : first + step])
        yield text.slice(start, height)
        start += height
