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
def mixed_all(values: Array) -> Array:
    """`mixed` of each."""
    out = np.empty(len(values), uint64)
    for place in range(len(values)):
        out[place] = mixed(values[place])
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


# What an ASCII byte is to words: 0 parts them, 1 begins another character, else
# it is a letter or digit, in lower case.
FOLDED = np.zeros(256, uint8)
FOLDED[128:] = 1
for _letter in b"0123456789abcdefghijklmnopqrstuvwxyz":
    FOLDED[_letter] = _letter
for _letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
    FOLDED[_letter] = _letter | 0x20


@compiled
def shingled(
    data: Array, offsets: Array, n: int, unit: int, folded: Array
) -> tuple[Array, Array, Array]:
    """N-grams of each text: (hashes uint32, ends int64 (rows + 1,), prints uint64).

    The print of a row is equal for equal bags of n-grams.
    """
    rows = len(offsets) - 1
    hashes = np.empty(int(offsets[-1] - offsets[0]) + rows, uint32)
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
        packed = uint64(0)  # the letters of a word, eight of them without loss
        while True:
            if place < end:
                byte = folded[data[place]]
                if byte > 1 and unit == WORDS:
                    packed = (packed << uint64(8) | packed >> uint64(56)) ^ byte
                    place += 1
                    continue
                if byte == 0 and unit != ALL:
                    place += 1
                    if packed == 0:
                        continue
                else:
                    found = kind(data, place, end) if byte == 1 else LETTER
                    size = width(data, place, end)
                    if unit == WORDS and found == IDEOGRAPH and packed != 0:
                        size = 0  # the word before it comes first
                    elif found != SEPARATOR or unit == ALL:
                        for _ in range(size):
                            byte = max(folded[data[place]], data[place] & uint8(0x80))
                            byte = data[place] if byte < 2 else byte
                            packed = (packed << uint64(8) | packed >> uint64(56)) ^ byte
                            place += 1
                        if unit == WORDS and found == LETTER:
                            continue
                        size = 0
                    place += size
                    if packed == 0:
                        continue
            elif packed == 0:
                break
            token = packed * PRIME
            packed = uint64(0)
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


@compiled
def _noted(
    hashes: Array, start: int, end: int, keys: Array, stamps: Array, mark: int
) -> int:
    """Put the hashes of one row into a table under `mark`; say how many differ."""
    mask = len(keys) - 1
    count = 0
    for place in range(start, end):
        value = hashes[place]
        slot = np.int64(value) & mask
        while stamps[slot] == mark and keys[slot] != value:
            slot = (slot + 1) & mask
        if stamps[slot] != mark:
            stamps[slot], keys[slot] = mark, value
            count += 1
    return count


@compiled
def compared(
    hashes: Array, ends: Array, first: Array, second: Array, threshold: float
) -> Array:
    """As `jaccard`, for rows whose hashes are neither sorted nor distinct.

    Fast where pairs of one `second` stand together: it is noted once.
    """
    most = 1
    for pair in range(len(first)):
        for row in (first[pair], second[pair]):
            most = max(most, ends[row + 1] - ends[row])
    bits = 4
    while (1 << bits) < 2 * most:
        bits += 1
    keys = np.zeros(1 << bits, uint32)
    stamps = np.zeros(1 << bits, np.int64)  # under which mark a slot was filled
    seen = np.zeros(1 << bits, np.int64)  # and in which pair it was met
    other_keys, other_stamps = np.zeros_like(keys), np.zeros_like(stamps)
    sizes = np.full(len(ends) - 1, -1, np.int32)
    out = np.zeros(len(first), np.float64)
    mask = (1 << bits) - 1
    noted = -1
    for pair in range(len(first)):
        one, other = second[pair], first[pair]
        if one != noted:
            noted = one
            mark = pair + 1
            sizes[one] = _noted(hashes, ends[one], ends[one + 1], keys, stamps, mark)
        if sizes[other] < 0:
            sizes[other] = _noted(
                hashes, ends[other], ends[other + 1], other_keys, other_stamps, pair + 1
            )
        whole = sizes[one] + sizes[other]
        if min(sizes[one], sizes[other]) < threshold * max(sizes[one], sizes[other]):
            continue
        shared = 0
        for place in range(ends[other], ends[other + 1]):
            value = hashes[place]
            slot = np.int64(value) & mask
            while stamps[slot] == mark:
                if keys[slot] == value:
                    if seen[slot] != pair + 1:
                        seen[slot] = pair + 1
                        shared += 1
                    break
                slot = (slot + 1) & mask
        found = shared / (whole - shared) if whole > shared else 0.0
        if found >= threshold:
            out[pair] = found
    return out
