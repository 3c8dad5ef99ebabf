"""Which texts may hold a program: every byte is looked at once, 64 at a time."""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import bits_between, first_bits, trailing_zeros
from pipeline.kernels.utf8 import byte_at

# What may be in a text, as bits: a block, a text in quotes, code in backticks; the
# last says that what is in quotes may be in a call, and comes with STRING.
BLOCK, STRING, CODE, CALL = (1 << bit for bit in range(4))
NEWLINE, RETURN, TAB, SPACE, COLON, EQUALS, OPEN, OPEN_SQUARE = b"\n\r\t :=(["
QUOTE, APOSTROPHE, TICK = b"\"'`"


@compiled
def find_signs(data: Array, offsets: Array) -> Array:
    """What programs may say in each text: bits, uint8 (rows,)."""
    out = np.zeros(len(offsets) - 1, np.uint8)
    for row in range(len(out)):
        first, end = offsets[row], offsets[row + 1]
        for block in range(first, end, 64):
            bits = _find_bytes(data, block) & first_bits(end - block)
            while bits:
                position: Any = block + np.int64(trailing_zeros(bits))
                bits &= bits - uint64(1)
                out[row] |= _read_sign(data, first, position, end)
    return out


@compiled
def _find_bytes(data: Array, block: int) -> Any:
    """A bit for each of 64 bytes that ends a line, or is a quote or a backtick."""
    bits = uint64(0)
    if block + 64 <= len(data):
        bits |= bits_between(data, block, 0, QUOTE, 1)
        bits |= bits_between(data, block, 0, APOSTROPHE, 1)
        bits |= bits_between(data, block, 0, TICK, 1)
        bits |= bits_between(data, block, 0, NEWLINE, 1)
        return bits
    for place in range(len(data) - block):
        if data[block + place] in (QUOTE, APOSTROPHE, TICK, NEWLINE):
            bits |= uint64(1) << uint64(place)
    return bits


@compiled
def _read_sign(data: Array, first: int, position: int, end: int) -> int:
    """The bits of the sign at `position`, by two bytes before it and one behind."""
    byte, after = data[position], byte_at(data, position + 1, end)
    before = data[position - 1] if position > first else 0
    farther = data[position - 2] if position > first + 1 else 0
    if byte == TICK:  # two side by side are a quote of LaTeX
        is_double = farther != TICK if before == TICK else after == TICK
        return 0 if is_double else CODE
    if byte == NEWLINE:
        is_behind = before in (SPACE, RETURN) and farther == COLON
        opens = before == COLON or is_behind
        return BLOCK if opens and after in (SPACE, TAB) else 0
    calls = before in (OPEN, OPEN_SQUARE, EQUALS)
    if calls or (before == SPACE and farther == EQUALS):
        return STRING | CALL
    return STRING if byte == QUOTE else 0
