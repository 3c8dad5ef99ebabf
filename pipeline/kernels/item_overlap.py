"""Which benchmark items a text may hold, and how much of each it does hold.

`find_candidates` proposes items by shared n-grams. `overlap_measures` then looks at the
part of the text that holds most of the item: how much of the item's words, pairs of
words and numbers are in it. `find_whole_items` is for items of a few tokens.
"""

from typing import NamedTuple

import numpy as np
from numpy import float64, int32, int64, uint64

from pipeline.kernels.hash_table import Table, find, find_slot, grow, table_bits
from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_lexemes import starts_with
from pipeline.kernels.latex_vocabulary import NAME, NUMBER, SIGN, token_code
from pipeline.kernels.shards import Array, compiled

EQUALS = uint64(token_code("="))

Row = tuple[Array, Array, Array]  # codes uint64, kinds uint8, ends int64; see Tokens
# What an item's codes are looked up in: keys, how often each is left to be matched,
# its weight, its last position in the item.
Index = tuple[Array, Array, Array, Array]


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
    sums = np.zeros(items, float64)
    touched = np.empty(items, int32)
    last_row = np.full(len(weights), -1, int32)
    first, second, shares = np.empty(1024, int32), np.empty(1024, int32), np.empty(1024)
    used = 0
    for row in range(len(ends) - 1):
        count = 0
        for position in range(ends[row], ends[row + 1]):
            gram = grams[position]
            if last_row[gram] == row or weights[gram] <= 0:
                continue
            last_row[gram] = row
            for holder in range(holder_ends[gram], holder_ends[gram + 1]):
                item = holders[holder]
                if sums[item] == 0:
                    touched[count] = item
                    count += 1
                sums[item] += weights[gram]
        for number in range(count):
            item = touched[number]
            share = sums[item] / totals[item]
            sums[item] = 0
            if share < gate:
                continue
            if used == len(first):
                first, second, shares = grow(first), grow(second), grow(shares)
            first[used], second[used], shares[used] = row, item, share
            used += 1
    return first[:used].copy(), second[:used].copy(), shares[:used].copy()


class OverlapMeasures(NamedTuple):
    """How much of an item a row holds, for many (row, item): arrays of their number.

    The first two are float64, all others int64. A position is in tokens; the part is
    the stretch of the row from its first pair of the item to its last.
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


def overlap_measures(
    rows: Row, row: Array, items: Row, item: Array, weights: Array, pair_weights: Array
) -> OverlapMeasures:
    """What each of `row` holds of the `item` at the same index (both int, one length).

    `weights` float64 are of the items' tokens, `pair_weights` of each with the next;
    brackets have been left out of both tables.
    """
    shares, counts = _measure_pairs(rows, row, items, item, weights, pair_weights)
    return OverlapMeasures(*shares.T, *counts.T)


@compiled
def _measure_pairs(
    rows: Row, row: Array, items: Row, item: Array, weights: Array, pair_weights: Array
) -> tuple[Array, Array]:
    shares = np.zeros((len(row), 2), float64)
    counts = np.zeros((len(row), 8), int64)
    for pair in range(len(row)):
        here = slice(rows[2][row[pair]], rows[2][row[pair] + 1])
        there = slice(items[2][item[pair]], items[2][item[pair] + 1])
        text = rows[0][here], rows[1][here]
        sought = items[0][there], items[1][there]
        worth = weights[there], pair_weights[there]
        _measure(text, sought, worth, shares[pair], counts[pair])
    return shares, counts


@compiled
def _measure(
    text: tuple[Array, Array],
    item: tuple[Array, Array],
    worth: tuple[Array, Array],
    shares: Array,
    counts: Array,
) -> None:
    """Fill one row of either: see OverlapMeasures. Texts are (codes, kinds)."""
    codes, kinds = text
    weights, pair_weights = worth
    size = len(item[0])
    tokens = _index(item[0], weights)
    pairs = _index(_pair_codes(item[0]), pair_weights)
    text_pairs = _pair_codes(codes)
    begin, end = _find_window(text_pairs, pairs, len(codes), size + size // 2 + 16)
    first, last, item_first, item_last = end, begin, size, 0
    paired, run, longest = 0.0, 0, 0
    for position in range(begin, end - 1):
        slot = find_slot(pairs[0], pairs[1], text_pairs[position], 0)
        if pairs[1][slot] < 0:
            run = 0
            continue
        run += 1
        longest = max(longest, run + 1)
        first, last = min(first, position), position + 2
        item_first = min(item_first, pairs[3][slot])
        item_last = max(item_last, pairs[3][slot] + 2)
        if pairs[1][slot] > 0:
            pairs[1][slot] -= 1
            paired += pairs[2][slot]
    shared, matched, extra = 0.0, 0, 0
    for position in range(begin, end):
        slot = find_slot(tokens[0], tokens[1], codes[position], 0)
        if tokens[1][slot] > 0:
            tokens[1][slot] -= 1
            shared += tokens[2][slot]
            matched += kinds[position] == NUMBER
        elif kinds[position] == NUMBER and first - 3 <= position < last + 3:
            extra += 1
    numbers = (item[1] == NUMBER).sum()
    total, pair_total = weights.sum(), pair_weights[: max(0, size - 1)].sum()
    shares[0] = shared / total if total > 0 else 0.0
    shares[1] = paired / pair_total if pair_total > 0 else 0.0
    counts[0], counts[1], counts[2] = numbers, max(0, numbers - matched), extra
    counts[3], counts[4], counts[5] = longest, first, last
    counts[6], counts[7] = item_first, item_last


@compiled
def _pair_codes(codes: Array) -> Array:
    """A uint64 for each token with the next one."""
    out = np.empty(max(0, len(codes) - 1), uint64)
    for position in range(len(out)):
        out[position] = fmix64(codes[position] * STEP + codes[position + 1])
    return out


@compiled
def _index(codes: Array, weights: Array) -> Index:
    size = 1 << table_bits(len(codes))
    keys, left = np.zeros(size, uint64), np.full(size, -1, int32)
    worth, places = np.zeros(size, float64), np.zeros(size, int32)
    for position in range(len(codes)):
        slot = find_slot(keys, left, codes[position], 0)
        keys[slot], left[slot] = codes[position], max(left[slot], 0) + 1
        worth[slot], places[slot] = weights[position], position
    return keys, left, worth, places


@compiled
def _find_window(
    text_pairs: Array, pairs: Index, length: int, span: int
) -> tuple[int, int]:
    """The `span` of a text of `length` tokens with the most weight of pairs."""
    span = min(length, span)
    value = np.zeros(length, float64)
    for position in range(len(text_pairs)):
        slot = find_slot(pairs[0], pairs[1], text_pairs[position], 0)
        if pairs[1][slot] >= 0:
            value[position] = pairs[2][slot] + 1e-6
    begin, best, held = 0, -1.0, 0.0
    for position in range(length):
        held += value[position]
        if position >= span:
            held -= value[position - span]
        if held > best + 1e-9:
            best, begin = held, max(0, position - span + 1)
    return begin, min(length, begin + span)


@compiled
def find_whole_items(
    rows: Row, begin: Array, end: Array, row: Array, items: Row, item: Array
) -> tuple[Array, Array]:
    """Where an item is in a row, token for token: (position int32 or -1, goes on bool).

    `begin` and `end` int32 are bytes of the rows' tokens. A formula goes on where a
    sign stands right beside it: 3+5 in 3+5-2 does, in "3+5 = ?" and "3+5? - Go!" not.
    """
    codes, kinds, ends = rows
    positions = np.full(len(row), -1, int32)
    goes_on = np.zeros(len(row), np.bool_)
    for pair in range(len(row)):
        start, stop = ends[row[pair]], ends[row[pair] + 1]
        sought = items[0][items[2][item[pair]] : items[2][item[pair] + 1]]
        for position in range(start, stop - len(sought) + 1):
            if not starts_with(codes, position, stop, sought):
                continue
            last = position + len(sought) - 1
            before = position > start and _goes_on(
                kinds, begin, end, position, position - 1
            )
            behind = last + 1 < stop and codes[last + 1] != EQUALS
            behind = behind and _goes_on(kinds, begin, end, last, last + 1)
            positions[pair] = position - start
            goes_on[pair] = before or behind
            if not goes_on[pair]:
                break
    return positions, goes_on


@compiled
def _goes_on(kinds: Array, begin: Array, end: Array, token: int, beside: int) -> bool:
    """Whether a number, a sign, or a letter or two has a sign right beside it."""
    gap = begin[max(token, beside)] - end[min(token, beside)]
    in_formula = kinds[token] in (NUMBER, SIGN) or end[token] - begin[token] <= 2
    return bool(kinds[beside] == SIGN and gap <= 1 and in_formula)


@compiled
def hide_names(codes: Array, kinds: Array, common: Table, name: uint64) -> None:
    """Give every name one code, in place, so that Alice and Bob are one.

    A capital word in `common`, a table of mixed codes, merely begins a sentence.
    """
    for position in range(len(codes)):
        if kinds[position] == NAME and find(common, fmix64(codes[position])) < 0:
            codes[position] = name
