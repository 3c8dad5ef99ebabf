"""Stretches cut out of texts, and put back changed: texts are bytes and offsets."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.kernels.shards import Array, compiled


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
        out[offsets[number] : offsets[number + 1]] = data[
            spans[number, 0] : spans[number, 1]
        ]
    return out, offsets


@compiled
def splice(
    data: Array, offsets: Array, spans: Array, parts: Array, ends: Array
) -> tuple[Array, Array]:
    """Texts with `parts[ends[i]:ends[i + 1]]` in the place of `spans[i]`.

    Spans do not overlap, and each is within one text.
    """
    room = offsets[-1] - offsets[0] + ends[-1] - ends[0]
    out, stops = np.empty(room, np.uint8), np.zeros(len(offsets), np.int64)
    used, number = 0, 0
    for row in range(len(offsets) - 1):
        position, end = offsets[row], offsets[row + 1]
        while number < len(spans) and spans[number, 0] < end:
            used = _put(out, used, data[position : spans[number, 0]])
            used = _put(out, used, parts[ends[number] : ends[number + 1]])
            position = spans[number, 1]
            number += 1
        used = _put(out, used, data[position:end])
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def _put(out: Array, used: int, part: Array) -> int:
    out[used : used + len(part)] = part
    return used + len(part)
