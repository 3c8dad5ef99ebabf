"""N-grams of words at white space, eight bytes at a time.

Words are what `str.split` makes of lower-cased text; ASCII is lower-cased here,
other letters must be so already. A text of ASCII is cut by `tokens.word_edges`; in
any other, words are hashed in the same pieces of eight bytes, cut at every byte that
needs a look of its own (found by Mycroft's test for small bytes).
"""

from typing import Any

import numpy as np
from numpy import int32, uint8, uint64

from pipeline.kernels.hash_table import Table, find
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import HIGH, ONES, PIECE, loaded, lowered, zeros
from pipeline.kernels.utf8 import PRIME, STEP, fmix64, width
from pipeline.kernels.word_tokens import word_edges, word_hash


@compiled
def _gap(data: Array, place: int, end: int) -> int:
    """Bytes of the white space at `place`, or 0 where there is another character."""
    byte = data[place]
    if byte <= 32:
        return 1 if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31 else 0
    if byte == 0xC2 and place + 1 < end:
        return 2 if data[place + 1] in (0x85, 0xA0) else 0
    if byte == 0xE2 and place + 2 < end:
        middle, last = data[place + 1], data[place + 2]
        if middle == 0x80 and (last <= 0x8A or last in (0xA8, 0xA9, 0xAF)):
            return 3
        return 3 if middle == 0x81 and last == 0x9F else 0
    if byte == 0xE3 and place + 2 < end:
        return 3 if data[place + 1] == 0x80 and data[place + 2] == 0x80 else 0
    return 0


@compiled
def space_ngrams(
    data: Array, offsets: Array, n: int, known: Table, only_known: bool
) -> tuple[Array, Array, Array, Array]:
    """N-grams of each text: (grams uint64, ends int64, begin int64, end int64).

    With `only_known`, the places in `known` of those that are in it; `begin` and
    `end` are then the bytes of a row from its first hit to its last, with the space
    around them.
    """
    rows = len(offsets) - 1
    # Words are parted, so there are at most half as many as bytes.
    out = np.empty(int(offsets[-1] - offsets[0]) // 2 + rows + 1, uint64)
    ends = np.zeros(rows + 1, np.int64)
    begins, stops = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    longest = 0
    for row in range(rows):
        longest = max(longest, offsets[row + 1] - offsets[row])
    edges = np.empty(longest + 2, np.int64)
    tokens = np.empty(longest // 2 + 1, uint64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        start, end = offsets[row], offsets[row + 1]
        count = word_edges(data, start, end, True, edges)
        if count < 0:
            count = _words(data, start, end, edges, tokens)
        else:
            for number in range(count):
                place, stop = edges[2 * number], edges[2 * number + 1]
                tokens[number] = word_hash(data, place, stop)
                edges[number] = min(stop + 1, end)
        rolled, before = uint64(0), used
        for number in range(min(n - 1, count)):
            rolled = rolled * STEP + tokens[number]
        for number in range(n - 1, count):
            rolled = rolled * STEP + tokens[number]
            if number >= n:
                rolled -= tokens[number - n] * top
            gram = fmix64(rolled)
            if only_known:
                found = find(known, gram)
                if found < 0:
                    continue
                if used == before and number >= n:
                    begins[row] = edges[number - n] - start
                stops[row] = edges[number] - start
                gram = uint64(found)
            out[used] = gram
            used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends, begins, stops


@compiled
def _words(data: Array, place: int, end: int, behind: Array, tokens: Array) -> int:
    """Fill `tokens`, and `behind` with where each word and what parts it end."""
    count = 0
    token = uint64(0)
    while place < end:
        eight = loaded(data, place)
        odd = ((eight - ONES * uint64(0x21)) & ~eight & HIGH) | (eight & HIGH)
        length: Any = min(np.int64(zeros(odd) >> uint64(3)), end - place)
        if length > 0:
            piece = lowered(eight) & (~uint64(0) >> uint64(64 - 8 * length))
            token = (token * PIECE) ^ piece
            place += length
            continue
        gap = _gap(data, place, end)
        if gap == 0:
            wide = width(data, place, end)
            letter = uint64(1)
            for step in range(wide):
                letter = letter << uint64(8) | uint64(data[place + step])
            token = (token * PIECE) ^ letter
            place += wide
            continue
        place += gap
        if token != 0:
            tokens[count], behind[count] = token * PRIME, place
            token = uint64(0)
            count += 1
    if token != 0:
        tokens[count], behind[count] = token * PRIME, end
        count += 1
    return count


NOTHING = (np.zeros(8, uint8), np.zeros(2, uint64), np.full(2, -1, int32))
