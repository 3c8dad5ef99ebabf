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


@compiled
def shingled(
    data: Array, offsets: Array, n: int, unit: int
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
        rolled, count, printed = uint64(0), 0, uint64(0)
        while place < end:
            found = kind(data, place, end)
            if found == SEPARATOR and unit != ALL:
                place += width(data, place, end)
                continue
            token = BASIS
            if found == IDEOGRAPH or unit != WORDS:
                stop = place + width(data, place, end)
                while place < stop:
                    byte = data[place]
                    byte |= 0x20 if 65 <= byte <= 90 else 0
                    token = (token ^ uint64(byte)) * PRIME
                    place += 1
            else:
                while place < end:
                    byte = data[place]
                    if byte < 0x80:
                        lower = byte | 0x20
                        if 97 <= lower <= 122:
                            byte = lower
                        elif not 48 <= byte <= 57:
                            break
                    elif kind(data, place, end) != LETTER:
                        break
                    else:
                        for _ in range(width(data, place, end) - 1):
                            token = (token ^ uint64(data[place])) * PRIME
                            place += 1
                        byte = data[place]
                    token = (token ^ uint64(byte)) * PRIME
                    place += 1
            token = mixed(token)
            slot = count % n
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[slot] * top
            ring[slot] = token
            count += 1
            if count >= n:
                gram = mixed(rolled)
                hashes[used] = uint32(gram >> uint64(32))
                printed += mixed(gram)
                used += 1
        if 0 < count < n:
            gram = mixed(rolled)
            hashes[used] = uint32(gram >> uint64(32))
            printed += mixed(gram)
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
