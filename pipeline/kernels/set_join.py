"""Exact joins of sets: every pair above a threshold, none missed.

Prefix filter: two sets that share a share t of themselves share one of their
rarest elements (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007). Work
grows faster than the number of rows, so this is for pools up to some 200,000, and
the oracle that the tests hold MinHash against.
"""

import numpy as np

from pipeline.kernels.shards import Array, compiled


def rank_by_rarity(hashes: Array, ends: Array) -> tuple[Array, int]:
    """Elements of each set as ranks, the rarest first: (ranks int32, distinct)."""
    _, places, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int32)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    ranks = rank[places]
    _sort_each(ranks, ends)
    return ranks, len(counts)


@compiled
def _sort_each(values: Array, ends: Array) -> None:
    for row in range(len(ends) - 1):
        values[ends[row] : ends[row + 1]].sort()


@compiled
def count_shared(
    values: Array, ends: Array, one: int, other: int, needed: float
) -> int:
    """Elements in both sets; may stop early, below `needed`."""
    i, i_end = ends[one], ends[one + 1]
    j, j_end = ends[other], ends[other + 1]
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
def jaccard_join(
    ranks: Array, ends: Array, distinct: int, threshold: float
) -> tuple[Array, Array, Array]:
    """All pairs with Jaccard ≥ threshold: (earlier, later, similarity)."""
    rows = len(ends) - 1
    sizes = ends[1:] - ends[:-1]
    order = np.argsort(sizes, kind="mergesort")
    head = np.full(distinct, -1, np.int64)
    after = np.empty(len(ranks), np.int64)
    owner = np.empty(len(ranks), np.int32)
    stamp = np.full(rows, -1, np.int32)
    first = np.empty(1024, np.int32)
    second = np.empty(1024, np.int32)
    score = np.empty(1024, np.float64)
    entries, found = 0, 0
    for row in order:
        size = sizes[row]
        prefix = size - int(np.ceil(threshold * size - 1e-9)) + 1
        for place in range(ends[row], ends[row] + min(prefix, size)):
            entry = head[ranks[place]]
            while entry >= 0:
                other = owner[entry]
                entry = after[entry]
                if stamp[other] == row or sizes[other] < threshold * size - 1e-9:
                    continue
                stamp[other] = row
                whole = size + sizes[other]
                both = count_shared(
                    ranks,
                    ends,
                    row,
                    other,
                    threshold * whole / (1 + threshold) - 1e-9,
                )
                if both == 0 or both / (whole - both) < threshold:
                    continue
                if found == len(first):
                    first = np.concatenate((first, np.empty_like(first)))
                    second = np.concatenate((second, np.empty_like(second)))
                    score = np.concatenate((score, np.empty_like(score)))
                first[found] = min(row, other)
                second[found] = max(row, other)
                score[found] = both / (whole - both)
                found += 1
        for place in range(ends[row], ends[row] + min(prefix, size)):
            owner[entries] = row
            after[entries] = head[ranks[place]]
            head[ranks[place]] = entries
            entries += 1
    return first[:found].copy(), second[:found].copy(), score[:found].copy()


@compiled
def containment_join(
    ranks: Array, ends: Array, distinct: int, threshold: float, least: int
) -> tuple[Array, Array, Array]:
    """Pairs where a set of at least `least` lies in a larger one by a share.

    (contained, container, share ≥ threshold). Of equal sets the later is contained.
    """
    rows = len(ends) - 1
    sizes = ends[1:] - ends[:-1]
    starts = np.zeros(distinct + 1, np.int64)
    for rank in ranks:
        starts[rank + 1] += 1
    starts = np.cumsum(starts)
    holders = np.empty(len(ranks), np.int32)
    fill = starts.copy()
    for row in range(rows):
        for place in range(ends[row], ends[row + 1]):
            holders[fill[ranks[place]]] = row
            fill[ranks[place]] += 1
    stamp = np.full(rows, -1, np.int32)
    first = np.empty(1024, np.int32)
    second = np.empty(1024, np.int32)
    score = np.empty(1024, np.float64)
    found = 0
    for row in range(rows):
        size = sizes[row]
        if size < least:
            continue
        needed = threshold * size - 1e-9
        prefix = min(size, size - int(np.ceil(needed)) + 1)
        for place in range(ends[row], ends[row] + prefix):
            for at in range(starts[ranks[place]], starts[ranks[place] + 1]):
                other = holders[at]
                if stamp[other] == row or other == row or sizes[other] < size:
                    continue
                if sizes[other] == size and other > row:
                    continue
                stamp[other] = row
                both = count_shared(ranks, ends, row, other, needed)
                if both < needed:
                    continue
                if found == len(first):
                    first = np.concatenate((first, np.empty_like(first)))
                    second = np.concatenate((second, np.empty_like(second)))
                    score = np.concatenate((score, np.empty_like(score)))
                first[found], second[found] = row, other
                score[found] = both / size
                found += 1
    return first[:found].copy(), second[:found].copy(), score[:found].copy()
