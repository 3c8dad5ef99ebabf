"""Characters in UTF-8, and how numbers are fmix64."""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.shards import Array, compiled

PRIME = uint64(0x100000001B3)  # FNV-1a
BASIS = uint64(0xCBF29CE484222325)
STEP = uint64(0x9E3779B97F4A7C15)

SEPARATOR, LETTER, IDEOGRAPH = uint8(0), uint8(1), uint8(2)


@compiled
def fmix64(value: uint64) -> uint64:
    """The finaliser of MurmurHash3: every bit of `value` moves every other."""
    value = (value ^ (value >> uint64(33))) * uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


@compiled
def mixed_all(values: Array) -> Array:
    """`fmix64` of each."""
    out = np.empty(len(values), uint64)
    for place in range(len(values)):
        out[place] = fmix64(values[place])
    return out


@compiled
def width(data: Array, place: int, end: int) -> int:
    """Bytes of the character at `place`."""
    first = data[place]
    size = 1
    if first >= 0xF0:
        size = 4
    elif first >= 0xE0:
        size = 3
    elif first >= 0xC0:
        size = 2
    return min(size, end - place)


@compiled
def kind(data: Array, place: int, end: int) -> uint8:
    """Whether the character at `place` parts words, is in one, or is one."""
    byte = data[place]
    if byte < 0x80:
        lower = byte | 0x20
        if (48 <= byte <= 57) or (97 <= lower <= 122):
            return LETTER
        return SEPARATOR
    # Signs, arrows, quotes and dashes are blocks of their own in UTF-8.
    if byte == 0xC2 or byte == 0xE2 or byte == 0xEF:
        return SEPARATOR
    if byte == 0xC3 and place + 1 < end and data[place + 1] in (0x97, 0xB7):
        return SEPARATOR  # × and ÷
    if byte == 0xE3 and place + 1 < end and data[place + 1] == 0x80:
        return SEPARATOR
    if 0xE3 <= byte <= 0xE9:
        return IDEOGRAPH
    return LETTER
