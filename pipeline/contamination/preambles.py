"""Stretches that many problems share: a preamble, a few-shot prompt, starter code.

They are known by their n-grams. A single one may be in many problems by chance; here a
token counts as shared if every n-gram that it stands in is.
"""

import numpy as np

from pipeline.contamination.items import Items, ngram_places
from pipeline.kernels.shards import Array

SHARED = 3  # problems, at least
STRETCH = 8  # n-grams that an item's own level is the mean of


def find_shared(items: Items, held: Array, enough: float) -> Array:
    """Whether each token is in a stretch of its item that many problems share (bool).

    It is if all n-grams that it stands in are held by `enough` texts and items beside,
    SHARED at least, and by more than three times as many as the item's least known
    stretch: of an item that is in the pool many times, all stretches are known. `held`
    (int, n-grams of the index) says how many texts hold an n-gram.
    """
    codes, ends, n = items.tokens.codes, items.tokens.ends, items.n
    number, gram_ends = items.ngrams
    count = held[number] + np.diff(items.index.ends)[number] - 1
    of_item = np.repeat(np.arange(len(items)), np.diff(gram_ends))
    least = _least_stretches(count, gram_ends)[of_item]
    is_shared = count >= max(SHARED, enough)
    is_shared &= count > 3 * (least + 1)
    starts = ngram_places(ends, gram_ends)
    covered, unshared = (
        np.cumsum(
            np.bincount(chosen, minlength=len(codes) + 1)
            - np.bincount(chosen + n, minlength=len(codes) + 1)
        )
        for chosen in (starts, starts[~is_shared])
    )
    shared: Array = (covered > 0) & (unshared == 0)
    return shared[:-1]


def _least_stretches(count: Array, ends: Array) -> Array:
    """The least mean of STRETCH counts in a row, of each item (all of a short one)."""
    sums = np.concatenate([[0], np.cumsum(count)])
    sizes = np.diff(ends)
    stretch = np.minimum(sizes, STRETCH)
    of_item = np.repeat(np.arange(len(sizes)), sizes - stretch + (sizes > 0))
    first = np.concatenate([[0], np.cumsum(sizes - stretch + (sizes > 0))])
    starts = ends[:-1][of_item] + np.arange(len(of_item)) - first[:-1][of_item]
    means = (sums[starts + stretch[of_item]] - sums[starts]) / stretch[of_item]
    least = np.full(len(sizes), np.inf)
    np.minimum.at(least, of_item, means)
    return least
