"""N-grams as the published decontamination rules count them: of lower-cased words.

Words are cut at white space (s1, Open-R1, Light-R1) or are runs of letters and digits;
see `word_tokens`. A text of fewer than n words has no n-gram. ASCII is lower-cased by
the kernels, other letters by `lowercase_bytes`.
"""

import numpy as np
import polars as pl
from numpy import int32, uint8, uint64

from pipeline.kernels.hash_table import Table, find
from pipeline.kernels.hashing import STEP, fmix64, roll
from pipeline.kernels.shards import Array, compiled, text_bytes
from pipeline.kernels.splice import change_where
from pipeline.kernels.swar import next_non_ascii
from pipeline.kernels.utf8 import width
from pipeline.kernels.word_tokens import fill_tokens, token_buffers

NOTHING = (np.zeros(8, uint8), np.zeros(2, uint64), np.full(2, -1, int32))
# Whether a character below 0x10000 changes in lower case.
CAPITAL = np.array([chr(code).lower() != chr(code) for code in range(1 << 16)])
CAPITAL[:128] = False


def lowercase_bytes(texts: pl.Series) -> tuple[Array, Array]:
    """(bytes uint8, offsets int64 (n + 1,)) of texts, letters in lower case.

    ASCII may have capitals: the n-gram kernels lower those.
    """
    data, offsets = text_bytes(texts)
    odd = has_capitals(data, offsets, CAPITAL)
    if not odd.any():
        return data, offsets
    lower = change_where(texts.fill_null(""), odd, lambda some: some.str.to_lowercase())
    return text_bytes(lower)


def word_ngrams(data: Array, offsets: Array, n: int, unit: int) -> tuple[Array, Array]:
    """(hashes uint64, ends int64 (rows + 1,)) of the n-grams of each text, in order."""
    return _scan(data, offsets, n, unit, NOTHING, False)[:2]


def find_word_ngrams(
    data: Array, offsets: Array, n: int, unit: int, table: Table
) -> tuple[Array, Array, Array, Array]:
    """N-grams of each text that are in `table`: (indices uint64, ends, begin, stop).

    `begin` and `stop` (rows,) int64 are the bytes of a text from its first hit to its
    last, with the characters around them; `ends` is (rows + 1,) int64.
    """
    return _scan(data, offsets, n, unit, table, True)


@compiled
def _scan(
    data: Array, offsets: Array, n: int, unit: int, table: Table, only_known: bool
) -> tuple[Array, Array, Array, Array]:
    rows = len(offsets) - 1
    # Words are parted, so there are at most half as many as bytes. An array that
    # grows would cost three times as much.
    out = np.empty(int(offsets[-1] - offsets[0]) // 2 + rows + 1, uint64)
    ends = np.zeros(rows + 1, np.int64)
    begins, stops = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    edges, tokens = token_buffers(offsets)
    power = STEP ** uint64(n)
    used = 0
    for row in range(rows):
        start, end = offsets[row], offsets[row + 1]
        count = fill_tokens(data, start, end, unit, edges, tokens)
        rolled, before = uint64(0), used
        for number in range(count):
            rolled = roll(rolled, tokens, number, n, power)
            if number < n - 1:
                continue
            gram = fmix64(rolled)
            if only_known:
                index = find(table, gram)
                if index < 0:
                    continue
                if used == before and number >= n:
                    begins[row] = _behind(data, edges, number - n, end) - start
                stops[row] = _behind(data, edges, number, end) - start
                gram = uint64(index)
            out[used] = gram
            used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends, begins, stops


@compiled
def _behind(data: Array, edges: Array, number: int, end: int) -> int:
    """The end of a word and of the character that parts it from the next."""
    stop = edges[2 * number + 1]
    return stop + width(data, stop, end) if stop < end else end


@compiled
def has_capitals(data: Array, offsets: Array, capital: Array) -> Array:
    """Whether each text has letters beyond ASCII that are not in lower case (bool)."""
    out = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(out)):
        position, end = offsets[row], offsets[row + 1]
        while position < end:
            position = next_non_ascii(data, position, end)
            if position >= end:
                break
            size = width(data, position, end)
            code = np.int64(data[position]) & (0xFF >> (size + 1))
            for step in range(1, size):
                code = code << 6 | np.int64(data[position + step]) & 0x3F
            # Capitals of four bytes are below the pictures.
            if (code < 0x10000 and capital[code]) or 0x10000 <= code < 0x1F000:
                out[row] = True
                break
            position += size
    return out
