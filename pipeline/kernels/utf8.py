"""Bytes at a place in UTF-8, how wide characters are, whether they stand in words."""

from typing import Any

import numpy as np
from numpy import uint8

from pipeline.kernels.shards import Array, compiled

SEPARATOR, LETTER, IDEOGRAPH = uint8(0), uint8(1), uint8(2)


@compiled
def is_letter(byte: Any) -> bool:
    """Whether `byte` is an ASCII letter."""
    return bool(97 <= (byte | 0x20) <= 122)


@compiled
def are_capitals(data: Array, start: int, stop: int) -> bool:
    """Whether all letters of a word are capitals, as those of the points ABC are."""
    while start < stop and 65 <= data[start] <= 90:
        start += 1
    return start == stop


@compiled
def byte_at(data: Array, position: int, end: int) -> Any:
    """The byte at `position`, or 0 behind the text."""
    return data[position] if position < end else uint8(0)


@compiled
def is_digit(data: Array, position: int, end: int) -> bool:
    """Whether there is a digit at `position`."""
    return bool(48 <= byte_at(data, position, end) <= 57)


@compiled
def starts_with(data: Array, position: int, end: int, prefix: Array) -> bool:
    """Whether the values of `prefix` stand at `position`."""
    step = 0
    if position + len(prefix) <= end:
        while step < len(prefix) and data[position + step] == prefix[step]:
            step += 1
    return bool(step == len(prefix))


@compiled
def width(data: Array, position: int, end: int) -> int:
    """Bytes of the character at `position`, inside `end`."""
    first = data[position]
    if first < 0xC0:
        return 1
    size = 4 if first >= 0xF0 else (3 if first >= 0xE0 else 2)
    return min(size, end - position)


@compiled
def code_point(data: Array, position: int, end: int) -> int:
    """The number of the character at `position`."""
    wide = width(data, position, end)
    code = np.int64(data[position]) & (0xFF >> (wide + 1))
    for step in range(1, wide):
        code = code << 6 | np.int64(data[position + step]) & 0x3F
    return int(code)


@compiled
def kind(data: Array, position: int, end: int) -> uint8:
    """Whether the character at `position` parts words, is in one, or is one."""
    byte = data[position]
    if byte < 0x80:
        return LETTER if 48 <= byte <= 57 or is_letter(byte) else SEPARATOR
    # Signs, arrows, quotes and dashes are blocks of their own in UTF-8.
    if byte == 0xC2 or byte == 0xE2 or byte == 0xEF:
        return SEPARATOR
    if byte == 0xC3 and position + 1 < end and data[position + 1] in (0x97, 0xB7):
        return SEPARATOR  # × and ÷
    if byte == 0xE3 and position + 1 < end and data[position + 1] == 0x80:
        return SEPARATOR
    if 0xE3 <= byte <= 0xE9:
        return IDEOGRAPH
    return LETTER


@compiled
def is_space(data: Array, position: int, end: int) -> bool:
    """Whether `str.split` parts words at the character at `position` (save U+1680)."""
    byte = data[position]
    if byte <= 32:
        return bool(byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31)
    if byte == 0xC2 and position + 1 < end:
        return bool(data[position + 1] in (0x85, 0xA0))
    if byte == 0xE2 and position + 2 < end:
        middle, last = data[position + 1], data[position + 2]
        if middle == 0x80:
            return bool(last <= 0x8A or last in (0xA8, 0xA9, 0xAF))
        return bool(middle == 0x81 and last == 0x9F)
    if byte == 0xE3 and position + 2 < end:
        return bool(data[position + 1] == 0x80 and data[position + 2] == 0x80)
    return False


@compiled
def follows_sentence(data: Array, first: int, position: int) -> bool:
    """Whether `position` is behind a full stop or a question mark, and a space."""
    place = position
    while place > first and data[place - 1] <= 32:
        place -= 1
    return bool(first < place < position and data[place - 1] in (46, 63))
