"""Stretches cut out of texts, and put back changed: texts are bytes and offsets."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import copy_run


def text_series(data: Array, offsets: Array) -> pl.Series:
    """The texts of what `text_bytes` gives."""
    import pyarrow as pa

    buffers: Any = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pl.Series(pa.LargeStringArray.from_buffers(len(offsets) - 1, *buffers[1:]))


@compiled
def cut_spans(data: Array, spans: Array) -> tuple[Array, Array]:
    """The bytes of each of `spans` int64 (n, 2), as texts of their own."""
    offsets = np.zeros(len(spans) + 1, np.int64)
    offsets[1:] = np.cumsum(spans[:, 1] - spans[:, 0])
    out = np.empty(offsets[-1], np.uint8)
    for number in range(len(spans)):
        size = spans[number, 1] - spans[number, 0]
        copy_run(out, offsets[number], data, spans[number, 0], size)
    return out, offsets


@compiled
def splice(
    data: Array, offsets: Array, spans: Array, parts: Array, ends: Array
) -> tuple[Array, Array]:
    """Texts with `parts[ends[i]:ends[i + 1]]` in the place of `spans[i]`.

    Spans are in order, do not overlap, and each is within one text.
    """
    cut = (spans[:, 1] - spans[:, 0]).sum()
    out = np.empty(offsets[-1] - offsets[0] - cut + ends[-1] - ends[0], np.uint8)
    stops = offsets - offsets[0]
    done, used, row = offsets[0], 0, 0
    for number in range(len(spans)):
        while offsets[row + 1] < spans[number, 1]:
            row += 1
            stops[row] += used - (done - offsets[0])
        used = _put(out, used, data, done, spans[number, 0])
        used = _put(out, used, parts, ends[number], ends[number + 1])
        done = spans[number, 1]
    _put(out, used, data, done, offsets[-1])
    stops[row + 1 :] += used - (done - offsets[0])
    return out, stops


@inlined
def _put(out: Array, used: int, data: Array, begin: int, end: int) -> int:
    copy_run(out, used, data, begin, end - begin)
    return used + end - begin


def change_where(
    texts: pl.Series, where: Array, change: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    """`change` made to the texts at `where` (bool)."""
    if not where.any():
        return texts
    if where.all():
        return change(texts)
    rows = pl.Series(np.flatnonzero(where).astype(np.uint32))
    return texts.clone().scatter(rows, change(texts[rows]))
