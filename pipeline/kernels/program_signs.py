"""Which texts may hold a program: every byte is looked at once, 64 at a time."""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import bits_between, first_bits, trailing_zeros
from pipeline.kernels.utf8 import byte_at, is_letter

# What may be in a text, as bits: a block, a text in quotes, code in backticks; that
# what is in quotes may be in a call, which comes with STRING; YES, NO and the
# like in capitals, or with one where it may be printed: "print No".
BLOCK, STRING, CODE, CALL, CASED = (1 << bit for bit in range(5))
NEWLINE, RETURN, TAB, SPACE, COLON, EQUALS, OPEN, OPEN_SQUARE = b"\n\r\t :=(["
QUOTE, APOSTROPHE, TICK = b"\"'`"
CAPITALS = np.frombuffer(b"YNTFPI", np.uint8).copy()
BEHIND = np.zeros(256, np.uint8)  # the letters behind these: YES, NO, TRUE
BEHIND[CAPITALS] = [*b"EORAOM"]
BEFORE = np.zeros(256, np.bool_)
BEFORE[list(b"tnf")] = True  # print No, return No, the mass of No
# What stands around a drawing in Asymptote, with the bit of small letters everywhere.
DRAWING, DRAWN = (
    np.frombuffer(tag, np.uint8) | np.uint8(0x20) for tag in (b"[asy]", b"[/asy]")
)


@compiled
def find_signs(data: Array, offsets: Array) -> Array:
    """What programs may say in each text, drawings left out: bits, uint8 (rows,)."""
    out = np.zeros(len(offsets) - 1, np.uint8)
    for row in range(len(out)):
        first, end = offsets[row], offsets[row + 1]
        drawing, behind = first, first  # looked for where there is a sign
        for block in range(first, end, 64):
            if not out[row] & CASED and _may_be_cased(data, first, block, end):
                out[row] |= CASED
            bits = _find_bytes(data, block) & first_bits(end - block)
            while bits:
                position: Any = block + np.int64(trailing_zeros(bits))
                bits &= bits - uint64(1)
                sign = _read_sign(data, first, position, end)
                while sign and behind <= position and drawing < end:
                    drawing = _find_tag(data, behind, end, DRAWING)
                    behind = _find_tag(data, drawing, end, DRAWN)
                if not drawing <= position < behind:
                    out[row] |= sign
    return out


@compiled
def _may_be_cased(data: Array, first: int, block: int, end: int) -> bool:
    """Whether a capital of YES, NO, TRUE and so on follows a space among 64 bytes."""
    bits = uint64(0)
    if block + 64 > len(data):
        for place in range(len(data) - block):
            bits |= uint64(BEHIND[data[block + place]] > 0) << uint64(place)
    else:
        for letter in CAPITALS:
            bits |= bits_between(data, block, 0, letter, 1)
    bits &= first_bits(end - block)
    while bits:
        position: Any = block + np.int64(trailing_zeros(bits))
        bits &= bits - uint64(1)
        if position - 2 < first or data[position - 1] != SPACE:
            continue
        after = byte_at(data, position + 1, end)
        if after & 0xDF == BEHIND[data[position]] and (
            after <= 90 or BEFORE[data[position - 2]]
        ):
            return True
    return False


@compiled
def _find_tag(data: Array, place: int, end: int, tag: Array) -> int:
    """Where `tag`, in small letters, is next; `end` if it is nowhere."""
    while place < end:
        step = 0
        while step < len(tag) and byte_at(data, place + step, end) | 0x20 == tag[step]:
            step += 1
        if step == len(tag):
            return place
        place += 1
    return end


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
    is_mark = byte == APOSTROPHE and before == SPACE and not is_letter(after)
    return STRING if byte == QUOTE or is_mark else 0
