"""Texts to sets of n-grams: 32-bit hashes, a fingerprint of each, true Jaccard.

What a token is, `tokens` says; a text shorter than n tokens is one n-gram.
"""

import numpy as np
from numpy import uint32, uint64

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import STEP, fmix64
from pipeline.kernels.word_tokens import fill_tokens


@compiled
def fill_shingles(
    data: Array,
    offsets: Array,
    n: int,
    unit: int,
    hashes: Array,
    used: int,
    ends: Array,
    prints: Array,
) -> int:
    """Put the n-grams of each text into `hashes` uint32 from `used` on.

    `ends` int64 (rows,) is where those of each row end there. `prints` uint64 (rows,)
    are equal for equal bags of n-grams. Returns where the last row ends.
    """
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    edges = np.empty(longest + 2, np.int64)
    tokens = np.empty(longest + 1, uint64)
    top = uint64(1)  # STEP to the power of n
    for _ in range(n):
        top *= STEP
    for row in range(len(offsets) - 1):
        count = fill_tokens(data, offsets[row], offsets[row + 1], unit, edges, tokens)
        rolled, printed = uint64(0), uint64(0)
        for number in range(min(n - 1, count)):
            rolled = rolled * STEP + tokens[number]
        if 0 < count < n:
            gram = fmix64(rolled)
            hashes[used] = uint32(gram >> uint64(32))
            printed += gram
            used += 1
        for number in range(n - 1, count):
            rolled = rolled * STEP + tokens[number]
            if number >= n:
                rolled -= tokens[number - n] * top
            gram = fmix64(rolled)
            hashes[used] = uint32(gram >> uint64(32))
            printed += gram
            used += 1
        ends[row] = used
        prints[row] = printed
    return used


@compiled
def sort_short(values: Array) -> None:
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
def shingle_sets(hashes: Array, ends: Array, rows: Array) -> tuple[Array, Array]:
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
        sort_short(out[start:used])
        write = start
        for place in range(start, used):
            if place == start or out[place] != out[write - 1]:
                out[write] = out[place]
                write += 1
        used = write
        stops[number + 1] = used
    return out[:used].copy(), stops


@compiled
def jaccard_sorted(
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
def jaccard_unsorted(
    hashes: Array,
    ends: Array,
    first: Array,
    second: Array,
    threshold: float,
    sizes: Array,
) -> Array:
    """As `jaccard_sorted`, for rows whose hashes are neither sorted nor distinct.

    Fast where pairs of one `second` stand together: it is noted once. `sizes` int32
    holds how many distinct hashes each row has, -1 where that is not known yet.
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
    out = np.zeros(len(first), np.float64)
    mask = (1 << bits) - 1
    noted, mark = -1, 0
    for pair in range(len(first)):
        one, other = second[pair], first[pair]
        if one != noted:
            noted, mark = one, pair + 1
            sizes[one] = _noted(hashes, ends[one], ends[one + 1], keys, stamps, mark)
        # So many must be shared: all together are no fewer than `one` has.
        needed = threshold * sizes[one] - 1e-9
        if sizes[other] >= 0:
            needed = threshold * (sizes[one] + sizes[other]) / (1 + threshold) - 1e-9
        shared = 0
        for place in range(ends[other], ends[other + 1]):
            if shared + ends[other + 1] - place < needed:
                break
            value = hashes[place]
            slot = np.int64(value) & mask
            while stamps[slot] == mark:
                if keys[slot] == value:
                    if seen[slot] != pair + 1:
                        seen[slot] = pair + 1
                        shared += 1
                    break
                slot = (slot + 1) & mask
        if shared < needed:
            continue
        if sizes[other] < 0:
            sizes[other] = _noted(
                hashes, ends[other], ends[other + 1], other_keys, other_stamps, pair + 1
            )
        whole = sizes[one] + sizes[other]
        found = shared / (whole - shared) if whole > shared else 0.0
        if found >= threshold:
            out[pair] = found
    return out
