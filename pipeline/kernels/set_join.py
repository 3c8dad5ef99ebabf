"""Exact joins of sets: every pair above a threshold, none missed.

Prefix filter: two sets that share a share t of themselves share one of their
rarest elements (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007). Work
grows faster than the number of rows, so this is for pools up to some 200,000, and
the oracle that the tests hold MinHash against.
"""

import numpy as np

from pipeline.kernels.growth import ScoredPairs, cut_pairs, empty_pairs, grow_pairs
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.shingles import count_shared, least_shared


def rank_by_rarity(hashes: Array, ends: Array) -> tuple[Array, int]:
    """Elements of each set as ranks, the rarest first: (ranks int32, distinct)."""
    _, places, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), np.int32)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
    ranks = rank[places]
    _sort_rows(ranks, ends)
    return ranks, len(counts)


@compiled
def _sort_rows(values: Array, ends: Array) -> None:
    for row in range(len(ends) - 1):
        values[ends[row] : ends[row + 1]].sort()


@compiled
def jaccard_join(
    ranks: Array, ends: Array, distinct: int, threshold: float
) -> ScoredPairs:
    """All pairs with Jaccard ≥ threshold: (earlier, later, similarity)."""
    rows = len(ends) - 1
    sizes = ends[1:] - ends[:-1]
    # Rows that have an element in their prefix, in linked lists.
    head = np.full(distinct, -1, np.int64)
    after, owner = np.empty(len(ranks), np.int64), np.empty(len(ranks), np.int32)
    seen_by = np.full(rows, -1, np.int32)
    first, second, score = empty_pairs()
    entries, count = 0, 0
    for row in np.argsort(sizes, kind="mergesort"):
        size = sizes[row]
        prefix = min(size, size - int(np.ceil(threshold * size - 1e-9)) + 1)
        for rank in ranks[ends[row] : ends[row] + prefix]:
            entry = head[rank]
            while entry >= 0:
                other = owner[entry]
                entry = after[entry]
                if seen_by[other] == row or sizes[other] < threshold * size - 1e-9:
                    continue
                seen_by[other] = row
                whole = size + sizes[other]
                needed = least_shared(threshold, whole)
                both = count_shared(ranks, ends, row, other, needed)
                if both == 0 or both / (whole - both) < threshold:
                    continue
                if count == len(first):
                    first, second, score = grow_pairs(first, second, score)
                first[count], second[count] = min(row, other), max(row, other)
                score[count] = both / (whole - both)
                count += 1
        for rank in ranks[ends[row] : ends[row] + prefix]:
            owner[entries] = row
            after[entries] = head[rank]
            head[rank] = entries
            entries += 1
    return cut_pairs(first, second, score, count)


@compiled
def containment_join(
    ranks: Array, ends: Array, distinct: int, threshold: float, least: int
) -> ScoredPairs:
    """Pairs where a set of at least `least` lies in a larger one by a share.

    (contained, container, share ≥ threshold). Of equal sets the later is contained.
    """
    rows = len(ends) - 1
    sizes = ends[1:] - ends[:-1]
    holders, starts = _holders(ranks, ends, distinct)
    seen_by = np.full(rows, -1, np.int32)
    first, second, score = empty_pairs()
    count = 0
    for row in range(rows):
        size = sizes[row]
        if size < least:
            continue
        needed = threshold * size - 1e-9
        prefix = min(size, size - int(np.ceil(needed)) + 1)
        for position in range(ends[row], ends[row] + prefix):
            for holder in range(starts[ranks[position]], starts[ranks[position] + 1]):
                other = holders[holder]
                if seen_by[other] == row or other == row or sizes[other] < size:
                    continue
                if sizes[other] == size and other > row:
                    continue
                seen_by[other] = row
                both = count_shared(ranks, ends, row, other, needed)
                if both < needed:
                    continue
                if count == len(first):
                    first, second, score = grow_pairs(first, second, score)
                first[count], second[count], score[count] = row, other, both / size
                count += 1
    return cut_pairs(first, second, score, count)


@compiled
def _holders(ranks: Array, ends: Array, distinct: int) -> tuple[Array, Array]:
    """(rows int32, starts int64): rank r is in `rows[starts[r]:starts[r + 1]]`."""
    starts = np.zeros(distinct + 1, np.int64)
    for rank in ranks:
        starts[rank + 1] += 1
    starts = np.cumsum(starts)
    holders, fill = np.empty(len(ranks), np.int32), starts.copy()
    for row in range(len(ends) - 1):
        for rank in ranks[ends[row] : ends[row + 1]]:
            holders[fill[rank]] = row
            fill[rank] += 1
    return holders, starts
