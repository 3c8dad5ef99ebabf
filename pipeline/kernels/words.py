"""Words as the published rules count them: n-grams of lower-case text, unchanged.

WHITESPACE parts words at white space and keeps punctuation, as `str.split` does;
WORDS takes runs of letters and digits; CHARACTERS takes every character.
"""

import numpy as np
from numpy import int32, uint64

from pipeline.kernels.columns import Array, compiled
from pipeline.kernels.lookup import Table, place_of
from pipeline.kernels.shingles import BASIS, PRIME, SEPARATOR, STEP, kind, mixed, width

WHITESPACE, WORDS, CHARACTERS = 0, 1, 2


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
def next_word(data: Array, place: int, end: int, unit: int) -> tuple[uint64, int, int]:
    """(code, begin, end) of the next word; begin == end where there is none."""
    while place < end and parts_words(data, place, end, unit):
        place += width(data, place, end)
    begin = place
    value = BASIS
    while place < end:
        byte = data[place]
        plain = 97 <= byte <= 122 or 48 <= byte <= 57
        if not plain and parts_words(data, place, end, unit):
            break
        for _ in range(width(data, place, end)):
            value = (value ^ uint64(data[place])) * PRIME
            place += 1
        if unit == CHARACTERS:
            break
    return mixed(value), begin, place


@compiled
def word_grams(data: Array, offsets: Array, n: int, unit: int) -> tuple[Array, Array]:
    """N-grams of each text: (uint64, ends int64)."""
    rows = len(offsets) - 1
    out = np.empty(int(offsets[-1] - offsets[0]) + rows, uint64)
    ends = np.zeros(rows + 1, np.int64)
    ring = np.zeros(n, uint64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        place, end = offsets[row], offsets[row + 1]
        rolled, count = uint64(0), 0
        while place < end:
            token, begin, place = next_word(data, place, end, unit)
            if begin == place:
                break
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[count % n] * top
            ring[count % n] = token
            count += 1
            if count >= n:
                out[used] = mixed(rolled)
                used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends


@compiled
def word_hits(
    data: Array, offsets: Array, n: int, unit: int, known: Table
) -> tuple[Array, Array, Array, Array]:
    """Known n-grams of each text: (places int32, ends int64, begin, end).

    `begin` and `end` int64 are the bytes of a row from its first hit to its last.
    """
    rows = len(offsets) - 1
    out = np.empty(1024, int32)
    ends = np.zeros(rows + 1, np.int64)
    begins, stops = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    ring, starts = np.zeros(n, uint64), np.zeros(n, np.int64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        place, end = offsets[row], offsets[row + 1]
        rolled, count, slot = uint64(0), 0, 0
        before = used
        while place < end:
            token, begin, place = next_word(data, place, end, unit)
            if begin == place:
                break
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[slot] * top
            ring[slot], starts[slot] = token, begin
            slot = slot + 1 if slot + 1 < n else 0
            count += 1
            if count < n:
                continue
            found = place_of(known, mixed(rolled))
            if found >= 0:
                if used == len(out):
                    out = np.concatenate((out, np.empty_like(out)))
                if used == before:
                    begins[row] = starts[slot] - offsets[row]
                stops[row] = place - offsets[row]
                out[used] = found
                used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends, begins, stops
