"""Texts to sets of n-grams: 32-bit hashes, a fingerprint of each, true Jaccard.

A token is a run of ASCII letters and digits, lower-cased, with all other letters
as they are; a character of Chinese or Japanese is a token of its own. A text
shorter than n tokens is one n-gram. With the unit LETTERS, every letter and digit
is a token, so n-grams run across words; with ALL, every character is one.
"""

import numpy as np
from numpy import uint8, uint32, uint64

from pipeline.kernels.columns import Array, compiled

PRIME = uint64(0x100000001B3)  # FNV-1a
BASIS = uint64(0xCBF29CE484222325)
STEP = uint64(0x9E3779B97F4A7C15)

WORDS, LETTERS, ALL = 0, 1, 2
SEPARATOR, LETTER, IDEOGRAPH = uint8(0), uint8(1), uint8(2)


@compiled
def mixed(value: uint64) -> uint64:
    """The finaliser of MurmurHash3: every bit of `value` moves every other."""
    value = (value ^ (value >> uint64(33))) * uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> uint64(33))) * uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> uint64(33))


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


# What an ASCII byte is to words: 0 parts them, 1 begins another character, else
# it is a letter or digit, in lower case.
FOLDED = np.zeros(256, uint8)
FOLDED[128:] = 1
for _letter in b"0123456789abcdefghijklmnopqrstuvwxyz":
    FOLDED[_letter] = _letter
for _letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
    FOLDED[_letter] = _letter | 0x20


@compiled
def next_token(
    data: Array, place: int, end: int, unit: int, folded: Array
) -> tuple[uint64, int]:
    """(code, end) of the token at or after `place`; the code is 0 where none is."""
    byte = folded[data[place]] if unit != ALL else uint8(1)
    while byte < 2:
        found = kind(data, place, end) if byte == 1 else SEPARATOR
        if found != SEPARATOR or unit == ALL:
            break
        place += width(data, place, end) if byte == 1 else 1
        if place >= end:
            return uint64(0), place
        byte = folded[data[place]]
    token, packed, size = BASIS, uint64(0), 0
    if unit != WORDS or (byte == 1 and kind(data, place, end) == IDEOGRAPH):
        stop = place + width(data, place, end)
        while place < stop:
            byte = folded[data[place]]
            packed = (packed << uint64(8)) | uint64(byte if byte > 1 else data[place])
            place += 1
        return mixed((token ^ packed) * PRIME) | uint64(1), place
    # Eight letters are packed before they are multiplied in.
    while True:
        if byte > 1:
            packed = (packed << uint64(8)) | uint64(byte)
            size += 1
            place += 1
        elif byte == 1 and kind(data, place, end) == LETTER:
            for _ in range(width(data, place, end)):
                token = (token ^ uint64(data[place])) * PRIME
                place += 1
        else:
            break
        if size == 8:
            token = mixed((token ^ packed) * PRIME)
            packed, size = uint64(0), 0
        if place >= end:
            break
        byte = folded[data[place]]
    token = (token ^ packed ^ (uint64(size) << uint64(60))) * PRIME
    return mixed(token) | uint64(1), place


@compiled
def shingled(
    data: Array, offsets: Array, n: int, unit: int, folded: Array
) -> tuple[Array, Array, Array]:
    """N-grams of each text: (hashes uint32, ends int64 (rows + 1,), prints uint64).

    The print of a row is equal for equal bags of n-grams.
    """
    rows = len(offsets) - 1
    room = int(offsets[-1] - offsets[0]) + rows
    hashes = np.empty(room, uint32)
    ends = np.zeros(rows + 1, np.int64)
    prints = np.zeros(rows, uint64)
    ring = np.zeros(n, uint64)
    top = uint64(1)  # STEP to the power of n
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        place, end = offsets[row], offsets[row + 1]
        rolled, count, slot, printed = uint64(0), 0, 0, uint64(0)
        while place < end:
            token, place = next_token(data, place, end, unit, folded)
            if token == 0:
                break
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[slot] * top
            ring[slot] = token
            slot = slot + 1 if slot + 1 < n else 0
            count += 1
            if count >= n:
                gram = mixed(rolled)
                hashes[used] = uint32(gram >> uint64(32))
                printed += gram
                used += 1
        if 0 < count < n:
            gram = mixed(rolled)
            hashes[used] = uint32(gram >> uint64(32))
            printed += gram
            used += 1
        ends[row + 1] = used
        prints[row] = printed
    return hashes[:used].copy(), ends, prints


@compiled
def ordered(values: Array) -> None:
    """Sort `values` in place; made for some dozens of them."""
    size = len(values)
    if size > 48:
        values.sort()
        return
    for right in range(1, size):
        value = values[right]
        left = right - 1
        while left >= 0 and values[left] > value:
            values[left + 1] = values[left]
            left -= 1
        values[left + 1] = value


@compiled
def sets(hashes: Array, ends: Array, rows: Array) -> tuple[Array, Array]:
    """The sorted, distinct hashes of `rows`: (hashes uint32, ends int64)."""
    total = 0
    for row in rows:
        total += ends[row + 1] - ends[row]
    out = np.empty(total, uint32)
    stops = np.zeros(len(rows) + 1, np.int64)
    used = 0
    for number in range(len(rows)):
        row = rows[number]
        start = used
        for place in range(ends[row], ends[row + 1]):
            out[used] = hashes[place]
            used += 1
        ordered(out[start:used])
        write = start
        for place in range(start, used):
            if place == start or out[place] != out[write - 1]:
                out[write] = out[place]
                write += 1
        used = write
        stops[number + 1] = used
    return out[:used].copy(), stops


@compiled
def jaccard(
    hashes: Array, ends: Array, first: Array, second: Array, threshold: float
) -> Array:
    """Similarity of each pair of rows; 0 where it is below `threshold`."""
    out = np.zeros(len(first), np.float64)
    for pair in range(len(first)):
        i, i_end = ends[first[pair]], ends[first[pair] + 1]
        j, j_end = ends[second[pair]], ends[second[pair] + 1]
        size = i_end - i + j_end - j
        # Of two sets of these sizes, so many must be shared.
        needed = threshold * size / (1.0 + threshold) - 1e-9
        shared = 0
        while i < i_end and j < j_end:
            if shared + min(i_end - i, j_end - j) < needed:
                break
            one, other = hashes[i], hashes[j]
            shared += one == other
            i += one <= other
            j += other <= one
        found = shared / (size - shared) if size > shared else 0.0
        if found >= threshold:
            out[pair] = found
    return out
