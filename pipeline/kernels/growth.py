"""Pairs of rows in arrays that grow: how many there will be nobody knows beforehand."""

import numpy as np
from numpy import float64, int32

from pipeline.kernels.shards import Array, compiled

ScoredPairs = tuple[Array, Array, Array]  # first int32, second int32, score float64


@compiled
def grow(array: Array) -> Array:
    """A copy of `array` with as much room again behind it."""
    return np.concatenate((array, np.empty_like(array)))


@compiled
def empty_pairs() -> ScoredPairs:
    """Room for a first thousand pairs."""
    return np.empty(1024, int32), np.empty(1024, int32), np.empty(1024, float64)


@compiled
def grow_pairs(first: Array, second: Array, score: Array) -> ScoredPairs:
    """As `grow`, for the three arrays of pairs."""
    return grow(first), grow(second), grow(score)


@compiled
def cut_pairs(first: Array, second: Array, score: Array, used: int) -> ScoredPairs:
    """The `used` pairs that are there."""
    return first[:used].copy(), second[:used].copy(), score[:used].copy()
