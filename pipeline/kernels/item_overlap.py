"""Which benchmark items a text may hold, and how much of each it does hold.

`find_candidates` proposes items by shared n-grams. `overlap_measures` then looks at the
part of the text that holds most of the item: how much of the item's words, pairs of
words and numbers are in it, and whether another entity stands where the item has its
own.
"""

from typing import NamedTuple

import numpy as np
from numpy import float64, int32, int64, uint64

from pipeline.kernels.hash_table import find_slot, grow
from pipeline.kernels.hashing import STEP
from pipeline.kernels.item_entities import count_replaced, count_turned
from pipeline.kernels.item_windows import (
    Index,
    find_core,
    find_pairs,
    find_window,
    index_codes,
    longest_gap,
    pair_codes,
)
from pipeline.kernels.latex_vocabulary import NUMBER
from pipeline.kernels.shards import Array, compiled

ROUNDED = 1 - 1e-9  # of a sum, however it was rounded
BESIDE = 6  # tokens that tell texts apart where they go on otherwise than the item

Row = tuple[Array, Array, Array]  # codes uint64, kinds uint8, ends int64; see Tokens
# Those of a Row, and for each token what `mark_entities` and `mark_turns` say of it.
Marked = tuple[Array, Array, Array, Array, Array]


@compiled
def find_candidates(
    grams: Array,
    ends: Array,
    holders: Array,
    holder_ends: Array,
    weights: Array,
    totals: Array,
    gate: float,
) -> tuple[Array, Array, Array]:
    """(row int32, item int32, share float64 ≥ `gate` of an item's weight in a row).

    Row i has the n-grams `grams[ends[i]:ends[i + 1]]` (int); n-gram g is in the items
    `holders[holder_ends[g]:holder_ends[g + 1]]` (int32) and weighs `weights[g]`; all of
    an item weigh `totals[item]` (float64).
    """
    items = len(totals)
    sums, least = np.zeros(items, float64), totals * (gate * ROUNDED)
    touched = np.empty(items + 1, int32)
    last_row = np.full(len(weights), -1, int32)
    most = np.full(len(weights), -1.0, float64)
    first, second, shares = np.empty(1024, int32), np.empty(1024, int32), np.empty(1024)
    used = 0
    for row in range(len(ends) - 1):
        bound = 0.0
        for gram in grams[ends[row] : ends[row + 1]]:
            if most[gram] < 0:
                begin, end = holder_ends[gram], holder_ends[gram + 1]
                most[gram] = _largest_share(holders[begin:end], weights[gram], totals)
            bound += most[gram]
        if bound < gate * ROUNDED:
            continue
        count = 0
        for position in range(ends[row], ends[row + 1]):
            gram = grams[position]
            if last_row[gram] == row or weights[gram] <= 0:
                continue
            last_row[gram] = row
            weight = weights[gram]
            for holder in range(holder_ends[gram], holder_ends[gram + 1]):
                item = holders[holder]
                # Without a branch, which would often be guessed wrong.
                touched[count] = item
                count += sums[item] == 0
                sums[item] += weight
        for item in touched[:count]:
            found, sums[item] = sums[item], 0
            if found < least[item]:
                continue
            share = found / totals[item]
            if share < gate:
                continue
            if used == len(first):
                first, second, shares = grow(first), grow(second), grow(shares)
            first[used], second[used], shares[used] = row, item, share
            used += 1
    return first[:used].copy(), second[:used].copy(), shares[:used].copy()


@compiled
def _largest_share(holders: Array, weight: float, totals: Array) -> float:
    """What an n-gram of this weight is of the item that it is the most of."""
    largest = 0.0
    for item in holders if weight > 0 else holders[:0]:
        largest = max(largest, weight / totals[item])
    return largest


class OverlapMeasures(NamedTuple):
    """How much of an item a row holds, for many (row, item): arrays of their number.

    The first two are float64, `part` is uint64, all others int64. A position is in
    tokens; the part is the stretch of the row in which pairs of the item are dense.
    """

    tokens: Array  # weighted share of the item's tokens
    pairs: Array  # weighted share of its neighbouring pairs
    numbers: Array  # how many numbers the item has
    missing: Array  # how many of them are not in the part
    extra: Array  # numbers in the part that are not the item's
    run: Array  # tokens of the longest common run, by pairs
    begin: Array  # the part in the row
    end: Array
    item_begin: Array  # and in the item
    item_end: Array
    gap: Array  # tokens of the longest run of the item that the part lacks
    replaced: Array  # entities of the item where the part has something else
    turned: Array  # 0 or, where words that turn a problem round differ, 1; negations 2
    part: Array  # a hash of the part, equal for copies of one text


def overlap_measures(
    rows: Marked,
    row: Array,
    items: Marked,
    item: Array,
    weights: Array,
    pair_weights: Array,
) -> OverlapMeasures:
    """What each of `row` holds of the `item` at the same index (both int, one length).

    `weights` float64 are of the items' tokens, `pair_weights` of each with the next;
    brackets have been left out of both tables.
    """
    # An item's tables are made once for all of its rows.
    order = np.argsort(item, kind="stable")
    shares, counts, parts = _measure_pairs(
        rows, row, items, item, weights, pair_weights, order
    )
    return OverlapMeasures(*(*shares.T, *counts.T, parts))


@compiled
def _measure_pairs(
    rows: Marked,
    row: Array,
    items: Marked,
    item: Array,
    weights: Array,
    pair_weights: Array,
    order: Array,
) -> tuple[Array, Array, Array]:
    shares = np.zeros((len(row), 2), float64)
    counts = np.zeros((len(row), 11), int64)
    parts = np.zeros(len(row), uint64)
    last, there = -1, slice(0, 0)
    tokens = pairs = index_codes(items[0][there], weights[there])
    for pair in order:
        if item[pair] != last:
            last = item[pair]
            there = slice(items[2][last], items[2][last + 1])
            tokens = index_codes(items[0][there], weights[there])
            pairs = index_codes(pair_codes(items[0][there]), pair_weights[there])
        here = slice(rows[2][row[pair]], rows[2][row[pair] + 1])
        text = rows[0][here], rows[1][here], rows[4][here]
        sought = items[0][there], items[1][there], items[3][there], items[4][there]
        worth = weights[there], pair_weights[there]
        _measure(text, sought, tokens, pairs, worth, shares[pair], counts[pair])
        parts[pair] = _hash_part(text[0], counts[pair], len(sought[0]))
    return shares, counts, parts


@compiled
def _measure(
    text: tuple[Array, Array, Array],
    item: tuple[Array, Array, Array, Array],
    tokens: Index,
    pairs: Index,
    worth: tuple[Array, Array],
    shares: Array,
    counts: Array,
) -> None:
    """Fill one row of either: see OverlapMeasures. Texts are (codes, kinds, …)."""
    codes, kinds, turns = text
    weights, pair_weights = worth
    size = len(item[0])
    slots = find_pairs(codes, pairs)
    span = size + size // 2 + 16
    begin, end = find_window(slots, pairs, len(codes), span)
    first, last = find_core(slots, begin, end)
    # With as much before what is dense as behind it: the item may go on there.
    begin = max(0, min((first + last - span) // 2, len(codes) - span))
    end = min(len(codes), begin + span)
    first, last = find_core(slots, begin, end)
    item_first, item_last = size, 0
    paired, run, longest = 0.0, 0, 0
    left = pairs[1].copy()
    for position in range(begin, end - 1):
        slot = slots[position]
        if slot < 0:
            run = 0
            continue
        run += 1
        longest = max(longest, run + 1)
        if first <= position < last - 1:
            item_first = min(item_first, pairs[3][slot])
            item_last = max(item_last, pairs[4][slot] + 2)
        if left[slot] > 0:
            paired += pairs[2][slot]
        left[slot] -= 1
    gap = longest_gap(pairs, left)
    left = tokens[1].copy()
    shared, matched, extra = 0.0, 0, 0
    for position in range(begin, end):
        slot = find_slot(tokens[0], tokens[1], codes[position], 0)
        if left[slot] > 0:
            left[slot] -= 1
            shared += tokens[2][slot]
            matched += kinds[position] == NUMBER
        elif kinds[position] == NUMBER and first - 3 <= position < last + 3:
            extra += 1
    numbers = (item[1] == NUMBER).sum()
    renamed = np.zeros(size + 1, np.bool_)
    counts[9] = count_replaced(codes, begin, end, item[0], item[2], renamed)
    total, pair_total = 0.0, 0.0
    for position in range(size):  # a name that gave way to another is worth nothing
        if not renamed[position]:
            total += weights[position]
            if position < size - 1 and not renamed[position + 1]:
                pair_total += pair_weights[position]
    shares[0] = shared / total if total > 0 else 0.0
    shares[1] = paired / pair_total if pair_total > 0 else 0.0
    counts[0], counts[1], counts[2] = numbers, max(0, numbers - matched), extra
    counts[3], counts[4], counts[5] = longest, first, last
    counts[6], counts[7], counts[8] = item_first, item_last, gap
    # Where the item is cut off, what stands there may turn it round.
    before, behind = min(item_first, BESIDE), min(max(0, size - item_last), BESIDE)
    counts[10] = count_turned(turns[max(0, first - before) : last + behind], item[3])


@compiled
def _hash_part(codes: Array, counts: Array, size: int) -> uint64:
    """A hash of the part, and of BESIDE tokens where the item is cut off there."""
    begin, end = counts[4], counts[5]
    if counts[6] > 2:
        begin = max(0, begin - BESIDE)
    if counts[7] < size - 2:
        end = min(len(codes), end + BESIDE)
    value = uint64(end - begin)
    for position in range(begin, end):
        value = value * STEP + codes[position]
    return value
