"""Texts to sets of n-grams: 32-bit hashes, a fingerprint of each text, true Jaccard.

What a token is, `word_tokens` says; a text shorter than n tokens is one n-gram.
"""

import numpy as np
from numpy import uint32, uint64

from pipeline.kernels.hash_table import find_slot, table_bits
from pipeline.kernels.hashing import fill_ngrams
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.word_tokens import fill_tokens, token_buffers


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
    edges, tokens = token_buffers(offsets)
    grams = np.empty(len(tokens), uint64)
    for row in range(len(offsets) - 1):
        count = fill_tokens(data, offsets[row], offsets[row + 1], unit, edges, tokens)
        count = fill_ngrams(tokens[:count], max(1, min(n, count)), grams)
        own, bag = hashes[used : used + count], uint64(0)
        for number in range(uint64(count)):
            own[number] = uint32(grams[number] >> uint64(32))
            bag += grams[number]
        used += count
        ends[row], prints[row] = used, bag
    return used


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
        values = out[used : used + ends[row + 1] - ends[row]]
        values[:] = hashes[ends[row] : ends[row + 1]]
        values.sort()
        start = used
        for value in values:
            if used == start or value != out[used - 1]:
                out[used] = value
                used += 1
        stops[number + 1] = used
    return out[:used].copy(), stops


@compiled
def least_shared(threshold: float, size: int) -> float:
    """How many elements two sets of `size` together share at this Jaccard, at least."""
    return threshold * size / (1.0 + threshold) - 1e-9


@compiled
def count_shared(
    values: Array, ends: Array, row: int, earlier: int, needed: float
) -> int:
    """Elements in both of two sorted rows; may stop early, below `needed`."""
    i, i_end = ends[row], ends[row + 1]
    j, j_end = ends[earlier], ends[earlier + 1]
    count = 0
    while i < i_end and j < j_end:
        if count + min(i_end - i, j_end - j) < needed:
            break
        left, right = values[i], values[j]
        count += left == right
        i += left <= right
        j += right <= left
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
    """The similarity float64 of each pair of rows; 0 where it is below `threshold`.

    Hashes are as `fill_shingles` leaves them, neither sorted nor distinct. Fast where
    pairs of one `second` stand together: its hashes are noted once. `sizes` int32 holds
    how many distinct hashes each row has, -1 where that is not known yet.
    """
    bits = table_bits((ends[1:] - ends[:-1]).max())
    keys, other_keys = np.zeros(1 << bits, uint32), np.zeros(1 << bits, uint32)
    # The mark under which a slot was filled, and the one under which it was met.
    marks, other_marks = np.zeros(1 << bits, np.int32), np.zeros(1 << bits, np.int32)
    met = np.zeros(1 << bits, np.int32)
    out = np.zeros(len(first), np.float64)
    noted, mark = -1, 0
    for pair in range(len(first)):
        row, earlier = second[pair], first[pair]
        if row != noted:
            noted, mark = row, pair + 1
            sizes[row] = _note(hashes, ends, row, keys, marks, mark)
        # So many must be shared: all together are no fewer than `row` has.
        needed = threshold * sizes[row] - 1e-9
        if sizes[earlier] >= 0:
            needed = least_shared(threshold, sizes[row] + sizes[earlier])
        shared = 0
        for position in range(ends[earlier], ends[earlier + 1]):
            if shared + ends[earlier + 1] - position < needed:
                break
            slot = find_slot(keys, marks, hashes[position], mark)
            if marks[slot] == mark and met[slot] != pair + 1:
                met[slot] = pair + 1
                shared += 1
        if shared < needed:
            continue
        if sizes[earlier] < 0:
            sizes[earlier] = _note(
                hashes, ends, earlier, other_keys, other_marks, pair + 1
            )
        union = sizes[row] + sizes[earlier] - shared
        similarity = shared / union if union > 0 else 0.0
        if similarity >= threshold:
            out[pair] = similarity
    return out


@compiled
def _note(
    hashes: Array, ends: Array, row: int, keys: Array, marks: Array, mark: int
) -> int:
    """Put the hashes of one row into a table under `mark`; how many are distinct.

    A mark is higher than those before it, and so clears the table.
    """
    count = 0
    for position in range(ends[row], ends[row + 1]):
        slot = find_slot(keys, marks, hashes[position], mark)
        if marks[slot] != mark:
            marks[slot], keys[slot] = mark, hashes[position]
            count += 1
    return count
