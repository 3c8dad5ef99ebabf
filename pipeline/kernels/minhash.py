"""MinHash signatures, bit for bit those of datasketch's `affine32`, and banding.

Broder: On the resemblance and containment of documents (1997). Bands and rows of
locality-sensitive hashing come from datasketch's optimiser; see `plan_bands`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy import uint8, uint32, uint64

from pipeline.kernels.hash_table import grow, table_bits
from pipeline.kernels.hashing import PRIME, STEP, fmix64
from pipeline.kernels.shards import Array, compiled, inlined

# Candidates are verified, so a missed pair costs far more than a false one.
WEIGHTS = (0.01, 0.99)


@dataclass(frozen=True)
class Plan:
    """Permutations (2, k) uint32 and how a signature is cut into bands."""

    permutations: Array
    bands: int
    rows: int


@cache
def plan_bands(threshold: float, permutations: int, seed: int) -> Plan:
    """The bands with which few pairs at `threshold` (Jaccard) are missed."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=threshold, num_perm=permutations, weights=WEIGHTS)
    sketch = MinHash(num_perm=permutations, seed=seed, scheme="affine32")
    numbers = np.array(sketch.permutations, dtype=uint32)
    return Plan(numbers, index.b, index.r)


@compiled
def _minima(hashes: Array, permutations: Array, least: Array) -> None:
    """Fill `least` (k,) with the minimum of a·fmix32(h) + b over all hashes.

    Four hashes at a time, of which the last may be one again: `least` is read and
    written a quarter as often.
    """
    k = len(least)
    a, b = permutations[0], permutations[1]
    for position in range(k):
        least[position] = uint32(0xFFFFFFFF)
    last = len(hashes) - 1
    for start in range(0, len(hashes), 4):
        one, two = _fmix32(hashes[start]), _fmix32(hashes[min(start + 1, last)])
        three = _fmix32(hashes[min(start + 2, last)])
        four = _fmix32(hashes[min(start + 3, last)])
        for position in range(k):
            factor, term = a[position], b[position]
            low = min(uint32(factor * one + term), uint32(factor * two + term))
            high = min(uint32(factor * three + term), uint32(factor * four + term))
            least[position] = min(least[position], min(low, high))


@inlined
def _fmix32(h: uint32) -> uint32:
    """The finaliser of MurmurHash3 for 32 bits."""
    h = uint32((h ^ (h >> uint32(16))) * uint32(0x85EBCA6B))
    h = uint32((h ^ (h >> uint32(13))) * uint32(0xC2B2AE35))
    return uint32(h ^ (h >> uint32(16)))


@compiled
def signatures(hashes: Array, ends: Array, permutations: Array) -> Array:
    """MinHash values (rows, k) uint32; all ones for a row without n-grams."""
    rows = len(ends) - 1
    out = np.empty((rows, permutations.shape[1]), uint32)
    for row in range(rows):
        _minima(hashes[ends[row] : ends[row + 1]], permutations, out[row])
    return out


@compiled
def band_keys(
    hashes: Array, ends: Array, rows: Array, permutations: Array, bands: int, size: int
) -> Array:
    """One uint32 for each band of each of `rows`: (bands, len(rows))."""
    out = np.empty((bands, len(rows)), uint32)
    least = np.empty(permutations.shape[1], uint32)
    for number in range(len(rows)):
        row = rows[number]
        _minima(hashes[ends[row] : ends[row + 1]], permutations, least)
        for band in range(bands):
            key = uint64(band)
            for position in range(band * size, (band + 1) * size):
                key = (key ^ uint64(least[position])) * PRIME
                key ^= key >> uint64(29)
            out[band, number] = uint32(fmix64(key) >> uint64(32))
    return out


@compiled
def find_collisions(
    keys: Array, band: int, has: Array, limit: int
) -> tuple[Array, Array, Array]:
    """Pairs of rows that meet in `band` and in no band before it.

    (earlier, later, crowded): a row looks at the `limit` rows of its bucket that
    came last; `crowded` are the rows that had more to look at.
    """
    rows = keys.shape[1]
    column = keys[band]
    bits = table_bits(rows)
    shift = uint64(64 - bits)
    # Most rows meet nobody: a byte for each slot tells which do not.
    met = np.zeros(1 << (bits + 2), uint8)
    for row in range(rows):
        slot = (uint64(column[row]) * STEP) >> (shift - uint64(2))
        met[slot] += has[row] & (met[slot] < 2)
    state = np.full(1 << bits, -1, np.int32), np.empty(rows, np.int32)
    first, second = np.empty((2, rows + limit), np.int32)
    crowded = np.empty(rows, np.int32)
    row, count, crowds = 0, 0, 0
    while True:
        row, count, crowds = _fill_collisions(
            keys, band, has, limit, met, state, (first, second, crowded),
            (row, count, crowds),
        )  # fmt: skip
        if row == rows:
            break
        first, second = grow(first), grow(second)
    return first[:count].copy(), second[:count].copy(), crowded[:crowds].copy()


@compiled
def _fill_collisions(
    keys: Array, band: int, has: Array, limit: int, met: Array,
    state: tuple[Array, Array], out: tuple[Array, Array, Array],
    done: tuple[int, int, int],
) -> tuple[int, int, int]:  # fmt: skip
    """Go on with `find_collisions` behind what is `done`, while there is room in `out`.

    Both numbers are (rows, pairs, crowded). In the loop no array is replaced by a
    larger one: to allow for that costs as much as all the rest of it.
    """
    (head, after), (first, second, crowded), (begin, count, crowds) = state, out, done
    column = keys[band]
    shift = uint64(64 - table_bits(len(column)))
    for row in range(begin, len(column)):
        if count + limit > len(first):
            return row, count, crowds
        key = column[row]
        mixed = uint64(key) * STEP
        if met[mixed >> (shift - uint64(2))] < 2 or not has[row]:
            continue
        slot = mixed >> shift
        other, seen = head[slot], 0
        while other >= 0:
            if column[other] == key:
                if seen == limit:
                    crowded[crowds] = row
                    crowds += 1
                    break
                seen += 1
                if not _met_before(keys, band, other, row):
                    first[count], second[count] = other, row
                    count += 1
            other = after[other]
        after[row] = head[slot]
        head[slot] = row
    return len(column), count, crowds


@compiled
def _met_before(keys: Array, band: int, left: int, right: int) -> bool:
    """Whether two rows share the key of a band before `band`."""
    before = 0
    while before < band and keys[before, left] != keys[before, right]:
        before += 1
    return bool(before < band)
