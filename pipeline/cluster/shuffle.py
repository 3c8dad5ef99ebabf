"""Rows that belong together meet: the shuffle of global work.

Every batch is spread into rows that name their `partition`, and all rows of a partition
are gathered. A partition must be small enough for the memory of one core; the result
must not depend on the order of its rows, which is that of their arrival.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import polars as pl

from pipeline.cluster.each import Mapping, Open, each, is_cluster

In = TypeVar("In")
Gather = Callable[[pl.DataFrame], pl.DataFrame]
PARTITION = pl.UInt32


def shuffle(
    open_spread: Open[In, pl.DataFrame],
    batches: Iterable[In],
    gather: Gather,
    *,
    partitions: int,
    by: Mapping = map,
) -> Iterator[pl.DataFrame]:
    """`gather` of the rows of each partition that has any, in no order.

    What `open_spread` opens gives rows with a `partition` (PARTITION) below
    `partitions`, which `gather` does not see. `by` as in `each`.
    """
    if is_cluster():
        from pipeline.cluster import nodes

        yield from nodes.shuffle(open_spread, batches, gather, partitions)
        return
    if spread := [*each(open_spread, batches, by=by)]:
        rows = pl.concat(spread)
        for part in rows.partition_by("partition", include_key=False):
            yield gather(part)
