"""Which stretch of a text holds what of an item, by pairs of tokens in a row."""

import numpy as np
from numpy import float64, int32, uint64

from pipeline.kernels.hash_table import find_slot, table_bits
from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.shards import Array, compiled

SPARSE = 0.25  # of a pair that agrees is what one that does not speaks against it
# What an item's codes are looked up in: keys, how often each is there, its weight, its
# first and last position; and where each of the item's codes is among the keys.
Index = tuple[Array, Array, Array, Array, Array, Array]


@compiled
def pair_codes(codes: Array) -> Array:
    """A uint64 for each token with the next one."""
    out = np.empty(max(0, len(codes) - 1), uint64)
    for position in range(len(out)):
        out[position] = fmix64(codes[position] * STEP + codes[position + 1])
    return out


@compiled
def index_codes(codes: Array, weights: Array) -> Index:
    size = 1 << table_bits(len(codes))
    keys, count = np.zeros(size, uint64), np.full(size, -1, int32)
    worth, places = np.zeros(size, float64), np.zeros((2, size), int32)
    slots = np.empty(len(codes), int32)
    for position in range(len(codes)):
        slot = find_slot(keys, count, codes[position], 0)
        if count[slot] < 0:
            count[slot], places[0, slot] = 0, position
        keys[slot], count[slot] = codes[position], count[slot] + 1
        # The mean: what is common here, in a preamble, may be rare there.
        worth[slot] += (weights[position] - worth[slot]) / count[slot]
        places[1, slot], slots[position] = position, slot
    return keys, count, worth, places[0], places[1], slots


@compiled
def find_pairs(codes: Array, pairs: Index) -> Array:
    """The slot of each token with the next one, -1 where the item has no such pair."""
    slots = np.full(len(codes), -1, int32)
    for position in range(len(codes) - 1):
        code = fmix64(codes[position] * STEP + codes[position + 1])
        slot = find_slot(pairs[0], pairs[1], code, 0)
        if pairs[1][slot] >= 0:
            slots[position] = slot
    return slots


@compiled
def find_window(slots: Array, pairs: Index, length: int, span: int) -> tuple[int, int]:
    """The `span` of a text of `length` tokens with the most weight of pairs."""
    span = min(length, span)
    begin, best, held = 0, -1.0, 0.0
    for position in range(length):
        if slots[position] >= 0:
            held += pairs[2][slots[position]] + 1e-6
        if position >= span and slots[position - span] >= 0:
            held -= pairs[2][slots[position - span]] + 1e-6
        if held > best + 1e-9:
            best, begin = held, max(0, position - span + 1)
    return begin, min(length, begin + span)


@compiled
def find_core(slots: Array, begin: int, end: int) -> tuple[int, int]:
    """The stretch of tokens from `begin` to `end` in which the item's pairs are dense.

    Beside it one may stand by chance: "of the" in "None of the above".
    """
    first, last, best = end, begin, 0.0
    start, held = begin, 0.0
    for position in range(begin, end - 1):
        if slots[position] < 0:
            held -= SPARSE
            continue
        if held <= 0:
            start, held = position, 0.0
        held += 1
        if held > best:
            first, last, best = start, position + 2, held
    return first, last


@compiled
def longest_gap(pairs: Index, left: Array) -> int:
    """The longest run of the item's pairs none of which was taken from `left`."""
    gap, longest = 0, 0
    for slot in pairs[5]:
        gap = gap + 1 if left[slot] == pairs[1][slot] else 0
        longest = max(longest, gap)
    return longest
