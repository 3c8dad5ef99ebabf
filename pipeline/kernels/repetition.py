r"""How much of a text repeats itself, and which of its n-grams many texts share.

A loop is a block of words that follows itself at once: with blocks of two words, "so
so we try we try we try" has the loop "we try", three times, six words. N-grams are
runs of n words; words are the WORDS of `word_tokens`.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hash_table import Table, find, find_slot, table_bits
from pipeline.kernels.hashing import STEP, fmix64, roll
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.word_tokens import WORDS, fill_tokens, token_buffers

FULL = uint8(255)  # where a counter of one byte stays


@compiled
def measure_words(
    data: Array, offsets: Array, n: int, block: int, lists: Table, list_of: Array
) -> tuple[Array, Array]:
    """(measures int64 (rows, 4), counts int64 (rows, lists)) of each text.

    The measures are its words; the words of its longest loop of at most `block` words,
    and how often the block stands there; the words in an n-gram that it holds twice.
    `lists` has the words that are counted, as 1-grams, and `list_of` the list of each.
    """
    rows = len(offsets) - 1
    out = np.zeros((rows, 4), np.int64)
    counts = np.zeros((rows, max(list_of) + 1 if len(list_of) else 0), np.int64)
    edges, tokens = token_buffers(offsets)
    bits = table_bits(len(tokens))
    keys, values = np.zeros(1 << bits, uint64), np.full(1 << bits, -1, np.int64)
    changes = np.zeros(len(tokens) + 1, np.int64)
    seen = 0  # n-grams of the texts before; what stands below it is from them
    for row in range(rows):
        count = fill_tokens(data, offsets[row], offsets[row + 1], WORDS, edges, tokens)
        out[row, 0] = count
        out[row, 1], out[row, 2] = _find_loop(tokens, count, block)
        slots = 1 << table_bits(count)
        table = keys[:slots], values[:slots]
        out[row, 3] = _count_repeated(tokens, count, n, table, changes, seen)
        seen += count
        if len(list_of):
            for number in range(count):
                word = find(lists, fmix64(tokens[number]))
                if word >= 0:
                    counts[row, list_of[word]] += 1
    return out, counts


@compiled
def _find_loop(tokens: Array, count: int, block: int) -> tuple[int, int]:
    """The words of the longest loop, and how often its block stands in it."""
    longest, times = 0, 0
    for period in range(1, min(block, count // 2) + 1):
        same = 0
        for number in range(period, count + 1):
            if number < count and tokens[number] == tokens[number - period]:
                same += 1
                continue
            if same >= period and same + period > longest:
                longest, times = same + period, (same + period) // period
            same = 0
    return longest, times


@compiled
def _count_repeated(
    tokens: Array,
    count: int,
    n: int,
    table: tuple[Array, Array],
    changes: Array,
    seen: int,
) -> int:
    """How many of the words are in an n-gram that stands in the text twice."""
    keys, values = table
    power, rolled = STEP ** uint64(n), uint64(0)
    changes[: count + 1] = 0
    for number in range(count):
        rolled = roll(rolled, tokens, number, n, power)
        if number < n - 1:
            continue
        gram, start = fmix64(rolled), number - n + 1
        slot = find_slot(keys, values, gram, seen)
        if values[slot] < seen:
            keys[slot], values[slot] = gram, seen + start
            continue
        for begin in (values[slot] - seen, start):
            changes[begin] += 1
            changes[begin + n] -= 1
    covered, depth = 0, 0
    for number in range(count):
        depth += changes[number]
        covered += depth > 0
    return covered


@compiled
def fill_counters(data: Array, offsets: Array, n: int, counters: Array) -> None:
    """Count every n-gram in the counter (uint8) that the top of its hash names.

    N-grams may share a counter, so none is rarer than its counter says; full ones stay
    at 255. Their number is a power of two.
    """
    edges, tokens = token_buffers(offsets)
    power, mask = STEP ** uint64(n), uint64(len(counters) - 1)
    for row in range(len(offsets) - 1):
        count = fill_tokens(data, offsets[row], offsets[row + 1], WORDS, edges, tokens)
        rolled = uint64(0)
        for number in range(count):
            rolled = roll(rolled, tokens, number, n, power)
            if number >= n - 1:
                counter = (fmix64(rolled) >> uint64(20)) & mask
                if counters[counter] < FULL:
                    counters[counter] += uint8(1)


@compiled
def collect_frequent(
    data: Array, offsets: Array, n: int, counters: Array, most: int
) -> tuple[Array, Array]:
    """(hashes uint64, ends int64 (rows + 1,)) of n-grams counted more than `most`."""
    rows = len(offsets) - 1
    out = np.empty(int(offsets[-1] - offsets[0]) // 2 + rows + 1, uint64)
    ends = np.zeros(rows + 1, np.int64)
    edges, tokens = token_buffers(offsets)
    power, mask = STEP ** uint64(n), uint64(len(counters) - 1)
    used = 0
    for row in range(rows):
        count = fill_tokens(data, offsets[row], offsets[row + 1], WORDS, edges, tokens)
        rolled = uint64(0)
        for number in range(count):
            rolled = roll(rolled, tokens, number, n, power)
            if number >= n - 1:
                gram = fmix64(rolled)
                if counters[(gram >> uint64(20)) & mask] > most:
                    out[used] = gram
                    used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends
