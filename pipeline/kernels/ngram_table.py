"""A lookup of known n-grams, and the n-grams of texts that are in it."""

import numpy as np
from numpy import int32, uint8, uint64

from pipeline.kernels.latex_vocabulary import BRACKET
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import STEP, mixed

Table = tuple[Array, Array, Array]  # bits of a Bloom filter, keys, values


@compiled
def grams(codes: Array, kinds: Array, ends: Array, n: int) -> tuple[Array, Array]:
    """N-grams of each row without brackets: (uint64, ends int64)."""
    rows = len(ends) - 1
    out = np.empty(len(codes), uint64)
    stops = np.zeros(rows + 1, np.int64)
    ring = np.zeros(n, uint64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        rolled, count = uint64(0), 0
        for place in range(ends[row], ends[row + 1]):
            if kinds[place] == BRACKET:
                continue
            token = mixed(codes[place])
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[count % n] * top
            ring[count % n] = token
            count += 1
            if count >= n:
                out[used] = mixed(rolled)
                used += 1
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def table(keys: Array) -> Table:
    """A lookup of distinct, mixed `keys`: their places in the array."""
    bits = 4
    while (1 << bits) < 2 * len(keys):
        bits += 1
    slots = np.zeros(1 << bits, uint64)
    values = np.full(1 << bits, -1, int32)
    bloom = np.zeros(max(64, 1 << (bits - 1)), uint8)  # four bits a slot
    mask = uint64((1 << bits) - 1)
    mask_bloom = uint64(len(bloom) * 8 - 1)
    for number in range(len(keys)):
        key = keys[number]
        bit = (key >> uint64(20)) & mask_bloom
        bloom[bit >> uint64(3)] |= uint8(1 << (bit & uint64(7)))
        slot = key & mask
        while values[slot] >= 0:
            slot = (slot + uint64(1)) & mask
        slots[slot] = key
        values[slot] = number
    return bloom, slots, values


@compiled
def place_of(known: Table, key: uint64) -> np.int64:
    """The place of `key` in the array that `known` was made of, or -1."""
    bloom, slots, values = known
    bit = (key >> uint64(20)) & uint64(len(bloom) * 8 - 1)
    if not (bloom[bit >> uint64(3)] >> uint8(bit & uint64(7))) & uint8(1):
        return np.int64(-1)
    mask = uint64(len(slots) - 1)
    slot = key & mask
    while values[slot] >= 0:
        if slots[slot] == key:
            return np.int64(values[slot])
        slot = (slot + uint64(1)) & mask
    return np.int64(-1)


@compiled
def hits(
    codes: Array, kinds: Array, ends: Array, n: int, known: Table
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
        rolled, count = uint64(0), 0
        for place in range(ends[row], ends[row + 1]):
            if kinds[place] == BRACKET:
                continue
            token = mixed(codes[place])
            rolled = rolled * STEP + token
            slot = count % n
            if count >= n:
                rolled -= ring[slot] * top
            ring[slot] = token
            count += 1
            if count >= n:
                found = place_of(known, mixed(rolled))
                if found >= 0:
                    if used == len(out):
                        out = np.concatenate((out, np.empty_like(out)))
                    out[used] = found
                    used += 1
        stops[row + 1] = used
    return out[:used].copy(), stops


@compiled
def frequencies(found: Array, ends: Array, known: int) -> Array:
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


@compiled
def numbered(keys: Array) -> tuple[Array, Array]:
    """(number of each key int64, the distinct keys): equal keys, equal number."""
    bits = 4
    while (1 << bits) < 2 * len(keys):
        bits += 1
    mask = uint64((1 << bits) - 1)
    values = np.full(1 << bits, -1, int32)
    numbers = np.empty(len(keys), np.int64)
    distinct = np.empty(len(keys), uint64)
    used = 0
    for place in range(len(keys)):
        key = keys[place]
        slot = key & mask
        while values[slot] >= 0 and distinct[values[slot]] != key:
            slot = (slot + uint64(1)) & mask
        if values[slot] < 0:
            values[slot] = used
            distinct[used] = key
            used += 1
        numbers[place] = values[slot]
    return numbers, distinct[:used].copy()
