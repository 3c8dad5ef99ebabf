"""Words as the published rules count them: n-grams of lower-case text, unchanged.

WHITESPACE parts words at white space and keeps punctuation, as `str.split` does;
WORDS takes runs of letters and digits. ASCII is
lower-cased here, other letters must be so already; see `lowercase_bytes`.
White space has a kernel of its own, in `spaces`.
"""

import numpy as np
import polars as pl
from numpy import uint8, uint64

from pipeline.kernels.hash_table import Table, find
from pipeline.kernels.shards import Array, compiled, text_bytes
from pipeline.kernels.swar import PIECE, next_high
from pipeline.kernels.utf8 import PRIME, SEPARATOR, STEP, fmix64, kind, width
from pipeline.kernels.whitespace_ngrams import NOTHING, space_ngrams

WHITESPACE, WORDS = 0, 1
# What an ASCII byte is to words: 0 parts them, 1 begins another character, else
# it is a letter or digit, in lower case.
FOLDED = np.zeros(256, uint8)
FOLDED[128:] = 1
for _letter in b"0123456789abcdefghijklmnopqrstuvwxyz":
    FOLDED[_letter] = _letter
for _letter in b"ABCDEFGHIJKLMNOPQRSTUVWXYZ":
    FOLDED[_letter] = _letter | 0x20
# By unit, what a byte is: 0 parts words, 1 is to be looked at, else a letter.
CLASSES = np.zeros((2, 256), uint8)
CLASSES[WORDS] = FOLDED
CLASSES[WORDS, ord("_")] = ord("_")


@compiled
def parts_words(data: Array, place: int, end: int) -> bool:
    """Whether the character at `place` is between words."""
    return bool(kind(data, place, end) == SEPARATOR and data[place] != 95)


def word_ngrams(data: Array, offsets: Array, n: int, unit: int) -> tuple[Array, Array]:
    """N-grams of each text: (uint64, ends int64)."""
    if unit == WHITESPACE:
        return space_ngrams(data, offsets, n, NOTHING, False)[:2]
    return _scanned(data, offsets, n, unit, CLASSES[unit], NOTHING, False)[:2]


def find_word_ngrams(
    data: Array, offsets: Array, n: int, unit: int, known: Table
) -> tuple[Array, Array, Array, Array]:
    """Known n-grams of each text: (places uint64, ends int64, begin, end).

    `begin` and `end` int64 are the bytes of a row from its first hit to its last,
    with the space around them.
    """
    if unit == WHITESPACE:
        return space_ngrams(data, offsets, n, known, True)
    return _scanned(data, offsets, n, unit, CLASSES[unit], known, True)


@compiled
def _scanned(
    data: Array,
    offsets: Array,
    n: int,
    unit: int,
    classes: Array,
    known: Table,
    only_known: bool,
) -> tuple[Array, Array, Array, Array]:
    rows = len(offsets) - 1
    # Words are parted, so there are at most half as many as bytes. An array that
    # grows would cost three times as much.
    room = int(offsets[-1] - offsets[0])
    out = np.empty(room // 2 + rows + 1, uint64)
    ends = np.zeros(rows + 1, np.int64)
    begins, stops = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    size = 1
    while size <= n:
        size *= 2
    mask = size - 1
    ring, parted = np.zeros(size, uint64), np.zeros(size, np.int64)
    top = uint64(1)
    for _ in range(n):
        top *= STEP
    used = 0
    for row in range(rows):
        place, end = offsets[row], offsets[row + 1]
        rolled, count, before = uint64(0), 0, used
        packed = uint64(0)
        while place <= end:
            byte = classes[data[place]] if place < end else uint8(0)
            place += 1
            if byte > 1:
                packed = (packed * PIECE) ^ uint64(byte)
                continue
            if byte == 1:
                place -= 1
                wide = width(data, place, end)
                apart = parts_words(data, place, end)
                if not apart:
                    for step in range(wide):
                        letter = uint64(data[place + step])
                        packed = (packed * PIECE) ^ letter
                place += wide
                if not apart:
                    continue
            if packed == 0:
                continue
            token = packed * PRIME
            packed = uint64(0)
            rolled = rolled * STEP + token
            if count >= n:
                rolled -= ring[(count - n) & mask] * top
            ring[count & mask] = token
            parted[count & mask] = place  # behind the word, and what parts it
            count += 1
            if count < n:
                continue
            gram = fmix64(rolled)
            if only_known:
                found = find(known, gram)
                if found < 0:
                    continue
                if used == before and count > n:
                    begins[row] = parted[(count - n - 1) & mask] - offsets[row]
                stops[row] = min(place, end) - offsets[row]
                gram = uint64(found)
            out[used] = gram
            used += 1
        ends[row + 1] = used
    return out[:used].copy(), ends, begins, stops


def lowercase_bytes(texts: pl.Series) -> tuple[Array, Array]:
    """(bytes uint8, offsets int64 (n + 1,)) of texts, letters in lower case.

    ASCII may have capitals: the n-gram kernels lower those.
    """
    data, offsets = text_bytes(texts)
    rows = np.flatnonzero(has_capitals(data, offsets, CAPITAL))
    if not len(rows):
        return data, offsets
    places = pl.Series(rows, dtype=pl.UInt32)
    texts = texts.fill_null("")
    return text_bytes(texts.scatter(places, texts.gather(places).str.to_lowercase()))


# Whether a character below 0x10000 changes in lower case.
CAPITAL = np.array([chr(code).lower() != chr(code) for code in range(1 << 16)])
CAPITAL[:128] = False


@compiled
def has_capitals(data: Array, offsets: Array, capital: Array) -> Array:
    """Whether each text has letters beyond ASCII that are not in lower case (bool)."""
    out = np.zeros(len(offsets) - 1, np.bool_)
    for row in range(len(out)):
        place, end = offsets[row], offsets[row + 1]
        while place < end:
            place = next_high(data, place, end)
            if place >= end:
                break
            size = width(data, place, end)
            code = np.int64(data[place]) & (0xFF >> (size + 1))
            for step in range(1, size):
                code = code << 6 | np.int64(data[place + step]) & 0x3F
            # Capitals of four bytes are below the pictures.
            if (code < 0x10000 and capital[code]) or 0x10000 <= code < 0x1F000:
                out[row] = True
                break
            place += size
    return out
