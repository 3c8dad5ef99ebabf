"""Open addressing: from a number of 64 bits to its place in an array.

A table is at most half full; a key is looked for from the slot that its low bits name.
"""

import numpy as np
from numpy import int32, uint8, uint64

from pipeline.kernels.shards import Array, compiled

Table = tuple[Array, Array, Array]  # bits of a Bloom filter, keys, values


@compiled
def build_table(keys: Array) -> Table:
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
def find(known: Table, key: uint64) -> np.int64:
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
def group_ids(keys: Array) -> tuple[Array, Array]:
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
