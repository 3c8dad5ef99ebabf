"""Text columns as the kernels see them: bytes and offsets, a shard at a time."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import polars as pl

SHARD = 16384  # rows, and bytes; what is needed beside the results grows with them
SHARD_BYTES = 1 << 22

Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")
Result = TypeVar("Result")
Array = np.ndarray


def compiled(function: Function) -> Function:
    """Compile `function` with numba, without the interpreter's lock, once for all."""
    from numba import njit

    made: Function = njit(cache=True, nogil=True)(function)
    return made


def shards(text: pl.Series) -> Iterator[tuple[Array, Array]]:
    """(bytes uint8, offsets int64 (n + 1,)) of one run of texts after the other."""
    return map(utf8, slices(text))


def slices(text: pl.Series) -> Iterator[pl.Series]:
    """Runs of texts: SHARD of them at most, or about SHARD_BYTES."""
    sizes = np.cumsum(text.str.len_bytes().fill_null(0).to_numpy())
    start, done = 0, 0
    while start < len(text):
        full = int(np.searchsorted(sizes, done + SHARD_BYTES)) + 1
        end = min(start + SHARD, full, len(text))
        yield text.slice(start, end - start)
        start, done = end, int(sizes[end - 1])


def utf8(text: pl.Series) -> tuple[Array, Array]:
    """The UTF-8 bytes of all texts, one after the other, and where each begins."""
    column: Any = text.fill_null("").to_arrow()
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[column.offset :][: len(column) + 1]
    if data is None or not len(column):
        return np.zeros(0, np.uint8), np.zeros(len(text) + 1, np.int64)
    return np.frombuffer(data, np.uint8), ends


def threaded(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """`function` of every item, in order, on all cores; few items are held ahead."""
    workers = max(1, int(os.environ.get("PIPELINE_WORKERS") or os.cpu_count() or 1))
    if workers == 1:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting = []
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 2 * workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()
