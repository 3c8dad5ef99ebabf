"""Text columns as the kernels see them: bytes and offsets, a shard at a time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np
import polars as pl

from pipeline.machine import machine

SHARD = 16384  # rows, and bytes; what is needed beside the results grows with them
# Eight bytes for each of these are below 32 MiB: more, glibc takes from the system anew
# each time, and with it the page faults.
SHARD_BYTES = 3_900_000

Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")
Result = TypeVar("Result")
Array = np.ndarray


def compiled(function: Function, *, inline: bool = False) -> Function:
    """Compile `function` with numba, without the interpreter's lock, once for all.

    What is compiled is kept in the user's cache (`code_cache`).
    """
    from numba import njit

    from pipeline.kernels.code_cache import KernelCache

    kernel: Any = njit(nogil=True, forceinline=inline)(function)
    kernel._cache = KernelCache(function)  # as numba's `enable_caching` does
    compiled_kernel: Function = kernel
    return compiled_kernel


def inlined(function: Function) -> Function:
    """As `compiled`, a part of every function that calls it: a step of a hot loop."""
    return compiled(function, inline=True)


def split_shards(text: pl.Series, most: int = SHARD_BYTES) -> Iterator[pl.Series]:
    """Runs of texts: SHARD of them at most, or about `most` bytes."""
    sizes = np.cumsum(text.str.len_bytes().fill_null(0).to_numpy())
    start, done = 0, 0
    while start < len(text):
        full = int(np.searchsorted(sizes, done + most)) + 1
        end = min(start + SHARD, full, len(text))
        yield text.slice(start, end - start)
        start, done = end, int(sizes[end - 1])


def text_bytes(text: pl.Series) -> tuple[Array, Array]:
    """The UTF-8 bytes of all texts, one after the other, and where each begins."""
    column: Any = (text.fill_null("") if text.null_count() else text).to_arrow()
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[column.offset :][: len(column) + 1]
    if data is None or not len(column):
        return freeze(np.zeros(0, np.uint8)), freeze(np.zeros(len(text) + 1, np.int64))
    return np.frombuffer(data, np.uint8), ends


def freeze(array: Array) -> Array:
    """A view of `array` that cannot be written to, as what `text_bytes` gives cannot.

    Kernels are compiled and loaded once more for arrays that can be.
    """
    view = array.view()
    view.flags.writeable = False
    return view


def map_threads(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """`function` of every item, in order, on all cores; few items are held ahead."""
    items = iter(items)
    head = list(islice(items, 2))
    items = chain(head, items)
    if len(head) < 2 or (workers := machine().workers) == 1:
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
