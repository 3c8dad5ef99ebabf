"""Words as the published rules count them: n-grams of lower-case text, unchanged.

WHITESPACE parts words at white space and keeps punctuation, as `str.split` does;
WORDS takes runs of letters and digits; CHARACTERS takes every character. ASCII is
lower-cased here, other letters must be so already.
"""

import numpy as np
from numpy import int32, uint8, uint64

from pipeline.kernels.columns import Array, compiled
from pipeline.kernels.lookup import Table, place_of
from pipeline.kernels.shingles import FOLDED, PRIME, SEPARATOR, STEP, kind, mixed, width

WHITESPACE, WORDS, CHARACTERS = 0, 1, 2
# By unit, what a byte is: 0 parts words, 1 is to be looked at, else a letter.
CLASSES = np.zeros((3, 256), uint8)
CLASSES[WHITESPACE] = np.arange(256)
CLASSES[WHITESPACE, [0xC2, 0xE2, 0xE3]] = 1
CLASSES[WHITESPACE, [*range(9, 14), *range(28, 33)]] = 0
CLASSES[WHITESPACE, [1, 0]] = 2  # no text has them, but they are no space
CLASSES[WORDS] = FOLDED
CLASSES[WORDS, ord("_")] = ord("_")
CLASSES[CHARACTERS] = 1
for _byte in range(65, 91):
    CLASSES[WHITESPACE, _byte] = _byte | 0x20


@compiled
def parts_words(data: Array, place: int, end: int, unit: int) -> bool:
    """Whether the character at `place` is between words."""
    byte = data[place]
    if unit == CHARACTERS:
        return False
    if unit == WORDS:
        return bool(kind(data, place, end) == SEPARATOR and byte != 95)
    if byte <= 32:
        return bool(byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31)
    if byte == 0xC2 and place + 1 < end:
        return bool(data[place + 1] in (0x85, 0xA0))
    if byte == 0xE2 and place + 2 < end:
        last = data[place + 2]
        return bool(
            (data[place + 1] == 0x80 and (last <= 0x8A or last in (0xA8, 0xA9, 0xAF)))
            or (data[place + 1] == 0x81 and last == 0x9F)
        )
    if byte == 0xE3 and place + 2 < end:
        return bool(data[place + 1] == 0x80 and data[place + 2] == 0x80)
    return False


@compiled
def word_grams(
    data: Array, offsets: Array, n: int, unit: int, classes: Array
) -> tuple[Array, Array]:
    """N-grams of each text: (uint64, ends int64)."""
    none = (np.zeros(8, uint8), np.zeros(2, uint64), np.full(2, -1, int32))
    out, ends, _, _ = _scanned(data, offsets, n, unit, classes[unit], none, False)
    return out, ends


@compiled
def word_hits(
    data: Array, offsets: Array, n: int, unit: int, classes: Array, known: Table
) -> tuple[Array, Array, Array, Array]:
    """Known n-grams of each text: (places uint64, ends int64, begin, end).

    `begin` and `end` int64 are the bytes of a row from its first hit to its last,
    with the space around them.
    """
    return _scanned(data, offsets, n, unit, classes[unit], known, True)


@compiled
def _scanned(
    data: Array,
    offsets: Array,
    n: int,
    unit: int,
    classes: Array,
    known: Table,
    only_known: bool,
) -> tuple[Array, Array, Array, Array]:
    rows = len(offsets) - 1
    # Words are parted, so there are at most half as many as bytes. An array that
    # grows would cost three times as much.
    room = int(offsets[-1] - offsets[0])
    out = np.empty((room if unit == CHARACTERS else room // 2) + rows + 1, uint64)
    ends = np.zeros(rows + 1, np.int64)
    begins, stops = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    size = 1
    while size <= n:
        size *= 2
    mask = size - 1
    ring, parted = np.zeros(size, uint64), np.zeros(size, np.int64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        place, end = offsets[row], offsets[row + 1]
        rolled, count, before = uint64(0), 0, used
        packed = uint64(0)
        while place <= end:
            byte = classes[data[place]] if place < end else uint8(0)
            place += 1
            if byte > 1:
                packed = (packed << uint64(8) | packed >> uint64(56)) ^ byte
                continue
            if byte == 1:
                place -= 1
                wide = width(data, place, end)
                apart = parts_words(data, place, end, unit)
                if not apart:
                    for step in range(wide):
                        letter = uint64(data[place + step])
                        packed = (packed << uint64(8) | packed >> uint64(56)) ^ letter
                place += wide
                if not apart and unit != CHARACTERS:
                    continue
                if not apart:
                    packed |= uint64(1) << uint64(63)
            if packed == 0:
                continue
            token = packed * PRIME
            packed = uint64(0)
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[(count - n) & mask] * top
            ring[count & mask] = token
            parted[count & mask] = place  # behind the word, and what parts it
            count += 1
            if count < n:
                continue
            gram = mixed(rolled)
            if only_known:
                found = place_of(known, gram)
                if found < 0:
                    continue
                if used == before and count > n:
                    begins[row] = parted[(count - n - 1) & mask] - offsets[row]
                stops[row] = min(place, end) - offsets[row]
                gram = uint64(found)
            out[used] = gram
            used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends, begins, stops
