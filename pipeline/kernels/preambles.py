"""Stretches that many problems share: a preamble, a few-shot prompt, starter code.

They are known by their n-grams. A single one may be in many problems by chance; here a
token counts as shared if every n-gram that it stands in is.
"""

import numpy as np

from pipeline.kernels.shards import Array, compiled

STRETCH = 8  # n-grams that an item's own level is the mean of


@compiled
def find_shared(
    counts: Array, gram_ends: Array, ends: Array, n: int, enough: float
) -> Array:
    """Whether each token is in a stretch of its item that many problems share (bool).

    It is if all n-grams that it stands in are held by `enough` texts and items beside,
    and by more than three times as many as the item's least known stretch: of an item
    that is in the pool many times, all stretches are known. Item i has the tokens
    `ends[i]` to `ends[i + 1]`; its n-grams, of which one begins at each token as far as
    there is room, are held by `counts[gram_ends[i]:gram_ends[i + 1]]` (int) beside it.
    """
    shared = np.zeros(ends[-1], np.bool_)
    for item in range(len(ends) - 1):
        held = counts[gram_ends[item] : gram_ends[item + 1]]
        if not len(held):
            continue
        least, last = _least_stretch(held), -n
        for token in range(ends[item + 1] - ends[item]):
            if token < len(held):
                is_shared = held[token] >= enough and held[token] > 3 * (least + 1)
                last = last if is_shared else token
            shared[ends[item] + token] = last <= token - n
    return shared


@compiled
def _least_stretch(held: Array) -> float:
    """The least mean of STRETCH counts in a row, or of all where there are fewer."""
    size = min(len(held), STRETCH)
    total, least = 0, np.inf
    for place in range(len(held)):
        total += held[place]
        if place >= size:
            total -= held[place - size]
        if place >= size - 1:
            least = min(least, total / size)
    return least
