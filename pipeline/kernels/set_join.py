"""Exact joins of sets: every pair above a threshold, none missed.

Prefix filter: two sets that share a share t of themselves share one of their
rarest elements (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007). Work
grows faster than the number of rows, so this is for pools up to some 200,000, and
the oracle that the tests hold MinHash against.
"""

import numpy as np
from numpy import int32, int64

from pipeline.kernels.hash_table import grow
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.shingles import count_shared, least_shared


def rank_by_rarity(hashes: Array, ends: Array) -> tuple[Array, int]:
    """Elements of each set as ranks, the rarest first: (ranks int32, distinct)."""
    _, elements, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), int32)
    rank[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=int32)
    ranks = rank[elements]
    _sort_rows(ranks, ends)
    return ranks, len(counts)


@compiled
def _sort_rows(values: Array, ends: Array) -> None:
    for row in range(len(ends) - 1):
        values[ends[row] : ends[row + 1]].sort()


@compiled
def join_sets(
    ranks: Array,
    ends: Array,
    distinct: int,
    threshold: float,
    least: int,
    jaccard: bool,
) -> tuple[Array, Array, Array]:
    """Pairs by what they share: (smaller int32, larger int32, share ≥ threshold).

    The share is of all elements of a pair if `jaccard`, else of those of the smaller
    set, which has `least` or more.
    """
    sizes = ends[1:] - ends[:-1]
    # Smaller sets that have an element in their prefix, in linked lists.
    head = np.full(distinct, -1, int64)
    after, owner = np.empty(len(ranks), int64), np.empty(len(ranks), int32)
    seen_by = np.full(len(sizes), -1, int32)
    first, second, score = np.empty(1024, int32), np.empty(1024, int32), np.empty(1024)
    entries, count = 0, 0
    for row in np.argsort(sizes, kind="mergesort"):
        size = sizes[row]
        prefix = min(size, size - int(np.ceil(threshold * size - 1e-9)) + 1)
        for rank in ranks[ends[row] : ends[row] + (prefix if jaccard else size)]:
            entry = head[rank]
            while entry >= 0:
                other = owner[entry]
                entry = after[entry]
                if seen_by[other] == row:
                    continue
                seen_by[other] = row
                whole = size + sizes[other]
                needed = threshold * sizes[other] - 1e-9
                if jaccard:
                    needed = least_shared(threshold, whole)
                both = count_shared(ranks, ends, row, other, needed)
                share = both / ((whole - both) if jaccard else sizes[other])
                if both == 0 or share < threshold:
                    continue
                if count == len(first):
                    first, second, score = grow(first), grow(second), grow(score)
                first[count], second[count], score[count] = other, row, share
                count += 1
        if size < least:
            continue
        for rank in ranks[ends[row] : ends[row] + prefix]:
            owner[entries] = row
            after[entries] = head[rank]
            head[rank] = entries
            entries += 1
    return first[:count].copy(), second[:count].copy(), score[:count].copy()
