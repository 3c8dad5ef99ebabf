r"""Which texts may be values of JSON that were never parsed."""

import numpy as np

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at

BACKSLASH, QUOTE, OPEN_BRACE, OPEN_SQUARE, OPEN, DOLLAR = b'\\"{[($'


@compiled
def may_be_escaped(data: Array, offsets: Array) -> Array:
    r"""Whether each text begins as a record may, or holds `\\f` or `\"` (bool)."""
    out = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(out)):
        first, end = offsets[row], offsets[row + 1]
        text, found = data[first:end], _begins_record(data, first, end)
        one, two, three = text[:-2], text[1:-1], text[2:]
        for place in range(len(three)):
            second, third = two[place], three[place]
            low = third | 0x20
            what = ((low >= 97) & (low <= 122)) | (third == OPEN) | (third == DOLLAR)
            what |= third == OPEN_SQUARE
            what = (second == QUOTE) | ((second == BACKSLASH) & what)
            found |= (one[place] == BACKSLASH) & what
        if end - first > 1:
            found |= (text[-2] == BACKSLASH) & (text[-1] == QUOTE)
        out[row] = found
    return out


@compiled
def _begins_record(data: Array, position: int, end: int) -> bool:
    """Whether a quote, or a bracket and what may open a value, stand first."""
    position = _skip(data, position, end)
    byte = byte_at(data, position, end)
    behind = byte_at(data, _skip(data, position + 1, end), end)
    if byte == OPEN_BRACE:
        return bool(behind == QUOTE or behind > 127)
    if byte == OPEN_SQUARE:
        return bool(behind in (QUOTE, OPEN_BRACE) or behind > 127)
    return bool(byte == QUOTE or byte > 127)


@compiled
def _skip(data: Array, position: int, end: int) -> int:
    while position < end and data[position] <= 32:
        position += 1
    return position
