"""N-grams of tokens, and those of them that are in a table."""

import numpy as np
from numpy import int32, uint64

from pipeline.kernels.hash_table import Table, find
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import STEP, fmix64


@compiled
def token_ngrams(codes: Array, ends: Array, n: int) -> tuple[Array, Array]:
    """N-grams of each row of tokens: (uint64, ends int64)."""
    rows = len(ends) - 1
    out = np.empty(len(codes), uint64)
    stops = np.zeros(rows + 1, np.int64)
    ring = np.zeros(n, uint64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        rolled = uint64(0)
        for count, place in enumerate(range(ends[row], ends[row + 1])):
            token = fmix64(codes[place])
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[count % n] * top
            ring[count % n] = token
            if count >= n - 1:
                out[used] = fmix64(rolled)
                used += 1
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def find_token_ngrams(
    codes: Array, ends: Array, n: int, known: Table
) -> tuple[Array, Array]:
    """The known n-grams in each row: (places in the table int32, ends int64)."""
    rows = len(ends) - 1
    out = np.empty(1024, int32)
    stops = np.zeros(rows + 1, np.int64)
    ring = np.zeros(n, uint64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        rolled = uint64(0)
        for count, place in enumerate(range(ends[row], ends[row + 1])):
            token = fmix64(codes[place])
            rolled = rolled * STEP + token
            slot = count % n
            if count >= n:
                rolled -= ring[slot] * top
            ring[slot] = token
            if count >= n - 1:
                found = find(known, fmix64(rolled))
                if found >= 0:
                    if used == len(out):
                        out = np.concatenate((out, np.empty_like(out)))
                    out[used] = found
                    used += 1
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def count_texts(found: Array, ends: Array, known: int) -> Array:
    """In how many rows each known n-gram is."""
    counts = np.zeros(known, np.int64)
    seen = np.full(known, -1, int32)
    for row in range(len(ends) - 1):
        for place in range(ends[row], ends[row + 1]):
            gram = found[place]
            if seen[gram] != row:
                seen[gram] = row
                counts[gram] += 1
    return counts
