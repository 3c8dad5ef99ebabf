"""Which benchmark items a row may hold, and how much of each it does hold."""

from typing import NamedTuple

import numpy as np
from numpy import int32, uint64

from pipeline.kernels.hash_table import Table, find
from pipeline.kernels.latex_vocabulary import BRACKET, NAME, NUMBER, SIGN, token_code
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import STEP, fmix64

EQUAL = uint64(token_code("="))
GOLDEN = uint64(0x9E3779B97F4A7C15)


@compiled
def find_candidates(
    found: Array,
    ends: Array,
    holders: Array,
    holder_ends: Array,
    weights: Array,
    totals: Array,
    gate: float,
) -> tuple[Array, Array, Array]:
    """(row, item, coverage) where a row has a share ≥ `gate` of an item's weight.

    N-gram g is in items `holders[holder_ends[g]:holder_ends[g + 1]]`.
    """
    items = len(totals)
    sums = np.zeros(items, np.float64)
    touched = np.empty(items, int32)
    seen = np.full(len(weights), -1, int32)
    rows_out = np.empty(1024, int32)
    items_out = np.empty(1024, int32)
    share_out = np.empty(1024, np.float64)
    used = 0
    for row in range(len(ends) - 1):
        count = 0
        for place in range(ends[row], ends[row + 1]):
            gram = found[place]
            if seen[gram] == row or weights[gram] <= 0:
                continue
            seen[gram] = row
            for at in range(holder_ends[gram], holder_ends[gram + 1]):
                item = holders[at]
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
            if used == len(rows_out):
                rows_out = np.concatenate((rows_out, np.empty_like(rows_out)))
                items_out = np.concatenate((items_out, np.empty_like(items_out)))
                share_out = np.concatenate((share_out, np.empty_like(share_out)))
            rows_out[used], items_out[used], share_out[used] = row, item, share
            used += 1
    return rows_out[:used].copy(), items_out[:used].copy(), share_out[:used].copy()


@compiled
def _slot(keys: Array, key: uint64) -> np.int64:
    """Where `key` is, or belongs, in a table that is never full."""
    mask = uint64(len(keys) - 1)
    slot = (key * GOLDEN >> uint64(32)) & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + uint64(1)) & mask
    return np.int64(slot)


@compiled
def _measure(
    row: Array,
    row_kinds: Array,
    item: Array,
    item_kinds: Array,
    weights: Array,
    pair_weights: Array,
    shares: Array,
    counts: Array,
) -> None:
    """Measure the part of a row that holds most of an item, into `shares`, `counts`.

    `weights` are of the item's tokens, `pair_weights` of each with the next one;
    brackets have been left out. See OverlapMeasures.
    """  # fmt: skip
    size, length = len(item), len(row)
    bits = 3
    while (1 << bits) < 2 * size + 2:
        bits += 1
    keys, left = np.zeros(1 << bits, uint64), np.zeros(1 << bits, int32)
    worth = np.zeros(1 << bits, np.float64)
    pair_keys, pair_left = np.zeros(1 << bits, uint64), np.zeros(1 << bits, int32)
    pair_worth = np.zeros(1 << bits, np.float64)
    pair_place = np.zeros(1 << bits, int32)
    total, pair_total, numbers = 0.0, 0.0, 0
    for place in range(size):
        code = item[place] | uint64(1)
        slot = _slot(keys, code)
        keys[slot] = code
        left[slot] += 1
        worth[slot] = weights[place]
        total += weights[place]
        numbers += item_kinds[place] == NUMBER
        if place + 1 < size:
            code = fmix64(item[place] * STEP + item[place + 1]) | uint64(1)
            slot = _slot(pair_keys, code)
            pair_keys[slot] = code
            pair_left[slot] += 1
            pair_worth[slot] = pair_weights[place]
            pair_place[slot] = place
            pair_total += pair_weights[place]
    # The window with the most weight of pairs, and in it the first and the last.
    span = min(length, size + size // 2 + 16)
    value = np.zeros(length, np.float64)
    for place in range(length - 1):
        code = fmix64(row[place] * STEP + row[place + 1]) | uint64(1)
        slot = _slot(pair_keys, code)
        if pair_keys[slot] == code:
            value[place] = pair_worth[slot] + 1e-6
    begin, best, held = 0, -1.0, 0.0
    for place in range(length):
        held += value[place]
        if place >= span:
            held -= value[place - span]
        if held > best + 1e-9:
            best, begin = held, max(0, place - span + 1)
    end = min(length, begin + span)
    shared, pairs, found, extra, run, longest = 0.0, 0.0, 0, 0, 0, 0
    first, last, item_first, item_last = end, begin, size, 0
    for place in range(begin, end - 1):
        code = fmix64(row[place] * STEP + row[place + 1]) | uint64(1)
        slot = _slot(pair_keys, code)
        if pair_keys[slot] != code:
            run = 0
            continue
        run += 1
        longest = max(longest, run + 1)
        first, last = min(first, place), place + 2
        item_first = min(item_first, pair_place[slot])
        item_last = max(item_last, pair_place[slot] + 2)
        if pair_left[slot] > 0:
            pair_left[slot] -= 1
            pairs += pair_worth[slot]
    for place in range(begin, end):
        code = row[place] | uint64(1)
        slot = _slot(keys, code)
        if keys[slot] == code and left[slot] > 0:
            left[slot] -= 1
            shared += worth[slot]
            found += row_kinds[place] == NUMBER
        elif row_kinds[place] == NUMBER and first - 3 <= place < last + 3:
            extra += 1
    shares[0] = shared / total if total > 0 else 0.0
    shares[1] = pairs / pair_total if pair_total > 0 else 0.0
    counts[0], counts[1], counts[2] = numbers, max(0, numbers - found), extra
    counts[3], counts[4], counts[5] = longest, first, last
    counts[6], counts[7] = item_first, item_last


class OverlapMeasures(NamedTuple):
    """How much of an item a row holds, for many (row, item): arrays of their number."""

    tokens: Array  # float64: weighted share of the item's tokens
    pairs: Array  # float64: weighted share of its neighbouring pairs
    numbers: Array  # int64: how many numbers the item has
    missing: Array  # how many of them are not in the part
    extra: Array  # numbers in the part that are not the item's
    run: Array  # tokens of the longest common run, by pairs
    begin: Array  # the part in the row, in tokens
    end: Array
    item_begin: Array  # and in the item
    item_end: Array


Row = tuple[Array, Array, Array]  # codes, kinds, ends


def overlap_measures(
    rows: Row, row: Array, items: Row, item: Array, weights: Array, pair_weights: Array
) -> OverlapMeasures:
    """What each of `row` holds of the `item` at the same place (both int, one length).

    `weights` float64 are of the items' tokens, `pair_weights` of each with the next.
    """
    shares, counts = _measure_pairs(rows, row, items, item, weights, pair_weights)
    return OverlapMeasures(*shares.T, *counts.T)


@compiled
def _measure_pairs(
    rows: Row, row: Array, items: Row, item: Array, weights: Array, pair_weights: Array
) -> tuple[Array, Array]:
    shares = np.zeros((len(row), 2), np.float64)
    counts = np.zeros((len(row), 8), np.int64)
    for pair in range(len(row)):
        here = slice(rows[2][row[pair]], rows[2][row[pair] + 1])
        there = slice(items[2][item[pair]], items[2][item[pair] + 1])
        _measure(
            rows[0][here],
            rows[1][here],
            items[0][there],
            items[1][there],
            weights[there],
            pair_weights[there],
            shares[pair],
            counts[pair],
        )
    return shares, counts


@compiled
def in_formula(kind: int, begin: int, end: int) -> bool:
    """Whether a token is a number, a sign, or a letter or two."""
    return bool(kind in (NUMBER, SIGN) or end - begin <= 2)


@compiled
def find_whole_items(
    rows: Row, begin: Array, end: Array, row: Array, items: Row, item: Array
) -> tuple[Array, Array]:
    """Where an item is in a row, token for token: (place int32 or -1, goes on).

    `begin` and `end` are bytes of the rows' tokens. A formula goes on where a sign
    stands right beside it: 3+5 in 3+5-2 does, in "3+5 = ?" and "3+5? - Go!" not.
    """
    found = np.full(len(row), -1, int32)
    goes_on = np.zeros(len(row), np.bool_)
    for pair in range(len(row)):
        start, stop = rows[2][row[pair]], rows[2][row[pair] + 1]
        first, last = items[2][item[pair]], items[2][item[pair] + 1]
        size = last - first
        for place in range(start, stop - size + 1):
            same = True
            for step in range(size):
                if rows[0][place + step] != items[0][first + step]:
                    same = False
                    break
            if not same:
                continue
            after = place + size
            before = place > start and rows[1][place - 1] == SIGN
            before = before and begin[place] - end[place - 1] <= 1
            before = before and in_formula(rows[1][place], begin[place], end[place])
            behind = after < stop and rows[1][after] == SIGN and rows[0][after] != EQUAL
            behind = behind and begin[after] - end[after - 1] <= 1
            last_one = after - 1
            behind = behind and in_formula(
                rows[1][last_one], begin[last_one], end[last_one]
            )
            found[pair] = place - start
            goes_on[pair] = before or behind
            if not goes_on[pair]:
                break
    return found, goes_on


def drop_brackets(
    codes: Array, kinds: Array, ends: Array
) -> tuple[Array, Array, Array, Array]:
    """(codes, kinds, ends, places int32): what is left, and where it was."""
    stays = kinds != BRACKET
    places = np.flatnonzero(stays).astype(np.int32)
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(stays)])
    return codes[places], kinds[places], before[ends], places


@compiled
def hide_names(codes: Array, kinds: Array, common: Table, name: uint64) -> None:
    """Give every name one code, in place, so that Alice and Bob are one.

    A capital word that is in `common` merely begins a sentence.
    """
    for place in range(len(codes)):
        if kinds[place] == NAME and find(common, fmix64(codes[place])) < 0:
            codes[place] = name
