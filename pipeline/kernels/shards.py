"""Text columns as the kernels see them: bytes and offsets, a shard at a time."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl

from pipeline.machine import machine

SHARD = 16384  # rows, and bytes; what is needed beside the results grows with them
SHARD_BYTES = 1 << 22

Function = TypeVar("Function", bound=Callable[..., Any])
Item = TypeVar("Item")
Result = TypeVar("Result")
Array = np.ndarray


def compiled(function: Function, *, inline: bool = False) -> Function:
    """Compile `function` with numba, without the interpreter's lock, once for all."""
    from numba import config, njit

    before = config.CACHE_DIR
    if not before:
        config.CACHE_DIR = _compiled_code()
    kernel: Function = njit(cache=True, nogil=True, forceinline=inline)(function)
    config.CACHE_DIR = before
    return kernel


def inlined(function: Function) -> Function:
    """As `compiled`, a part of every function that calls it: a step of a hot loop."""
    return compiled(function, inline=True)


def _compiled_code() -> str:
    """A folder for these very sources.

    Kernels hold copies of what they call; numba would go on using one when only
    the file of the other has changed.
    """
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return str(Path(home) / "goldsieve" / "kernels" / source_digest())


@cache
def source_digest() -> str:
    """The digest of the kernels' sources: what they computed may be kept under it."""
    digest = blake2b(digest_size=8)
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def split_shards(text: pl.Series) -> Iterator[pl.Series]:
    """Runs of texts: SHARD of them at most, or about SHARD_BYTES."""
    sizes = np.cumsum(text.str.len_bytes().fill_null(0).to_numpy())
    start, done = 0, 0
    while start < len(text):
        full = int(np.searchsorted(sizes, done + SHARD_BYTES)) + 1
        end = min(start + SHARD, full, len(text))
        yield text.slice(start, end - start)
        start, done = end, int(sizes[end - 1])


def text_bytes(text: pl.Series) -> tuple[Array, Array]:
    """The UTF-8 bytes of all texts, one after the other, and where each begins."""
    column: Any = text.fill_null("").to_arrow()
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[column.offset :][: len(column) + 1]
    if data is None or not len(column):
        return np.zeros(0, np.uint8), np.zeros(len(text) + 1, np.int64)
    return np.frombuffer(data, np.uint8), ends


def map_threads(
    function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """`function` of every item, in order, on all cores; few items are held ahead."""
    workers = machine().workers
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
