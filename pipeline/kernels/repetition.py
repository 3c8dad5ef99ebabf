r"""How much of a text repeats itself, and which of its n-grams many texts share.

A loop is a block of words that follows itself at once: with blocks of two words, "so
so we try we try we try" has the loop "we try", three times, six words. N-grams are
runs of n words; words are the WORDS of `word_tokens`.
"""

import numpy as np
from numpy import uint8, uint32, uint64

from pipeline.kernels.hash_table import Table, find, find_slot, table_bits
from pipeline.kernels.hashing import STEP, fmix64, roll
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.word_tokens import WORDS, fill_tokens, token_buffers

FULL = uint8(255)  # where a counter of one byte stays


@compiled
def measure_words(
    data: Array, offsets: Array, n: int, block: int, lists: Table, list_of: Array
) -> tuple[Array, Array, Array, Array]:
    """(measures int64 (rows, 4), counts int64 (rows, lists), grams uint32, ends).

    The measures of a text are its words; the words of its longest loop of at most
    `block` words, and how often the block stands there; the words in an n-gram that it
    holds twice. `lists` has the words that are counted, as 1-grams, and `list_of` the
    list of each. Text i has the n-grams `grams[ends[i]:ends[i + 1]]`, the upper halves
    of their hashes.
    """
    rows = len(offsets) - 1
    out = np.zeros((rows, 4), np.int64)
    counts = np.zeros((rows, max(list_of) + 1 if len(list_of) else 0), np.int64)
    edges, tokens = token_buffers(offsets)
    hashes, changes = np.empty(len(tokens), uint64), np.empty(len(tokens), np.int64)
    bits = table_bits(len(tokens))
    keys, values = np.zeros(1 << bits, uint64), np.full(1 << bits, -1, np.int64)
    # Words are parted, so there are at most half as many as bytes.
    grams = np.empty(int(offsets[-1] - offsets[0]) // 2 + rows + 1, uint32)
    ends = np.zeros(rows + 1, np.int64)
    seen = 0  # words of the texts before; a value below is of one of those texts
    for row in range(rows):
        count = fill_tokens(data, offsets[row], offsets[row + 1], WORDS, edges, tokens)
        size = _fill_hashes(tokens, count, n, hashes)
        out[row, 0] = count
        out[row, 1], out[row, 2] = _find_loop(tokens, count, block)
        slots = 1 << table_bits(size)
        table = keys[:slots], values[:slots]
        out[row, 3] = _count_repeated(hashes[:size], n, table, changes, seen)
        seen += count
        for number in range(count if len(list_of) else 0):
            word = find(lists, fmix64(tokens[number]))
            if word >= 0:
                counts[row, list_of[word]] += 1
        used = ends[row]
        for number in range(size):
            grams[used + number] = uint32(hashes[number] >> uint64(32))
        ends[row + 1] = used + size
    return out, counts, grams[: ends[rows]].copy(), ends


@compiled
def _fill_hashes(tokens: Array, count: int, n: int, hashes: Array) -> int:
    """Fill `hashes` with those of the n-grams of `count` tokens; how many there are."""
    power, rolled = STEP ** uint64(n), uint64(0)
    for number in range(count):
        rolled = roll(rolled, tokens, number, n, power)
        if number >= n - 1:
            hashes[number - n + 1] = fmix64(rolled)
    return max(0, count - n + 1)


@compiled
def _find_loop(tokens: Array, count: int, block: int) -> tuple[int, int]:
    """The words of the longest loop, and how often its block stands in it.

    In a loop with blocks of p words, p words in a row are each the one p before. One of
    them stands at a multiple of p, so no others need be looked at.
    """
    longest, times = 0, 0
    for period in range(1, min(block, count // 2) + 1):
        number = period
        while number < count:
            if tokens[number] != tokens[number - period]:
                number += period
                continue
            start, end = number, number + 1
            while start > period and tokens[start - 1] == tokens[start - 1 - period]:
                start -= 1
            while end < count and tokens[end] == tokens[end - period]:
                end += 1
            same = end - start
            if same >= period and same + period > longest:
                longest, times = same + period, (same + period) // period
            number += period * ((end - number + period - 1) // period)
    return longest, times


@compiled
def _count_repeated(
    hashes: Array, n: int, table: tuple[Array, Array], changes: Array, seen: int
) -> int:
    """How many words are in an n-gram (`hashes`, one a place) that stands there twice.

    `changes` gets 1 where a word begins to be in such n-grams and -1 where it ends.
    """
    keys, values = table
    words = len(hashes) + n - 1 if len(hashes) else 0
    changes[: words + 1] = 0
    for start in range(len(hashes)):
        slot = find_slot(keys, values, hashes[start], seen)
        if values[slot] < seen:
            keys[slot], values[slot] = hashes[start], seen + start
            continue
        for begin in (values[slot] - seen, start):
            changes[begin] += 1
            changes[begin + n] -= 1
    covered, depth = 0, 0
    for number in range(words):
        depth += changes[number]
        covered += depth > 0
    return covered


@compiled
def fill_counters(grams: Array, counters: Array) -> None:
    """Count every n-gram (uint32) in the counter (uint8) that its low bits name.

    N-grams may share a counter, so none is more frequent than its counter says; a full
    one stays at 255. The number of counters is a power of two.
    """
    mask = uint32(len(counters) - 1)
    for gram in grams:
        if counters[gram & mask] < FULL:
            counters[gram & mask] += uint8(1)
