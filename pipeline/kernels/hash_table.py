"""Hash tables, from a number of 64 bits to an index, and arrays that grow.

Every lookup of the kernels is one of these, openly addressed: words and commands of
LaTeX, n-grams of benchmark items, tokens of one item, n-grams of one text. Keys are
looked for from the slot that their low bits name, so they must be well mixed there
(hashes are).
"""

import numpy as np
from numpy import int32, uint8, uint64

from pipeline.kernels.shards import Array, compiled, inlined

SMALL = 13  # bits
Table = tuple[Array, Array, Array]  # bits of a Bloom filter, keys, values


@compiled
def table_bits(count: int) -> int:
    """The size of a table for `count` keys, as a power of two; half of it is empty."""
    bits = 4
    while (1 << bits) < 2 * count:
        bits += 1
    return bits


@inlined
def find_slot(keys: Array, values: Array, key: uint64, least: int) -> uint64:
    """The slot of `key`, or the empty one where it belongs.

    Slots with a value below `least` are empty: a higher `least` clears the table.
    """
    mask = uint64(len(keys) - 1)
    slot = uint64(key) & mask
    while values[slot] >= least and keys[slot] != key:
        slot = (slot + uint64(1)) & mask
    return slot


@compiled
def build_table(keys: Array) -> Table:
    """A table of distinct hashes (n,) uint64, from each to its index."""
    bits = table_bits(len(keys))
    slots, values = np.zeros(1 << bits, uint64), np.full(1 << bits, -1, int32)
    # Sixteen bits a slot while that is little, otherwise eight.
    bloom = np.zeros(1 << (bits + (bits <= SMALL)), uint8)
    for index in range(len(keys)):
        bit = (keys[index] >> uint64(20)) & uint64(8 * len(bloom) - 1)
        bloom[bit >> uint64(3)] |= uint8(1 << (bit & uint64(7)))
        slot = find_slot(slots, values, keys[index], 0)
        slots[slot], values[slot] = keys[index], index
    return bloom, slots, values


@inlined
def may_hold(bloom: Array, key: uint64) -> bool:
    """Whether a table with these Bloom bits may hold `key`; most others it does not.

    Asked first in a loop over many keys, it saves handing over the whole table.
    """
    bit = (key >> uint64(20)) & uint64(8 * len(bloom) - 1)
    return bool((bloom[bit >> uint64(3)] >> uint8(bit & uint64(7))) & uint8(1))


@inlined
def find(table: Table, key: uint64) -> np.int64:
    """The index of `key` in the array that `table` was built of, or -1."""
    bloom, keys, values = table
    if not may_hold(bloom, key):
        return np.int64(-1)
    return np.int64(values[find_slot(keys, values, key, 0)])


@compiled
def group_ids(keys: Array) -> tuple[Array, Array]:
    """(ids int64, distinct keys uint64) of `keys` (n,) uint64.

    Equal keys have one id; ids count up from 0 in order of first appearance.
    """
    bits = table_bits(len(keys))
    slots, values = np.zeros(1 << bits, uint64), np.full(1 << bits, -1, int32)
    ids, distinct = np.empty(len(keys), np.int64), np.empty(len(keys), uint64)
    used = 0
    for position in range(len(keys)):
        slot = find_slot(slots, values, keys[position], 0)
        if values[slot] < 0:
            slots[slot], values[slot] = keys[position], used
            distinct[used] = keys[position]
            used += 1
        ids[position] = values[slot]
    return ids, distinct[:used].copy()


@compiled
def first_equal(keys: Array) -> Array:
    """For each of `keys` uint64 the place of the first one that is equal: int32."""
    bits = table_bits(len(keys))
    slots, values = np.zeros(1 << bits, uint64), np.full(1 << bits, -1, int32)
    out = np.empty(len(keys), int32)
    for position in range(len(keys)):
        slot = find_slot(slots, values, keys[position], 0)
        if values[slot] < 0:
            slots[slot], values[slot] = keys[position], position
        out[position] = values[slot]
    return out


@compiled
def grow(array: Array) -> Array:
    """A copy of `array` with as much room again behind it."""
    return np.concatenate((array, np.empty_like(array)))
