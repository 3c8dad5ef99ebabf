"""Tokens of texts, as numbers; words are read eight bytes at a time.

A token is a run of ASCII letters and digits, lower-cased, with all other letters
as they are; a character of Chinese or Japanese is a token of its own (WORDS). With
the unit LETTERS every letter and digit is a token, so n-grams run across words; with
CHARACTERS every character is one.

A word is hashed in pieces of eight bytes from its start, cut at every character that
is not ASCII. A text of ASCII is cut first: a bit for each byte says whether it is in a
word, and where bits change, words begin and end (Langdale and Lemire: Parsing
gigabytes of JSON per second, 2019).
"""

from typing import Any

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import (
    BITS,
    HIGH,
    ONES,
    PIECE,
    eight_at,
    loaded,
    lowered,
    zeros,
)
from pipeline.kernels.utf8 import (
    IDEOGRAPH,
    LETTER,
    PRIME,
    SEPARATOR,
    kind,
    width,
)

WORDS, LETTERS, CHARACTERS = 0, 1, 2
SPACES = uint64(0x2020202020202020)
GATHER = uint64(0x0102040810204080)  # brings the lowest bits of eight bytes together


@compiled
def fill_tokens(
    data: Array, start: int, end: int, unit: int, edges: Array, tokens: Array
) -> int:
    """Fill `tokens` uint64 with those of one text; how many there are.

    `edges` int64 is room for two places more than there are bytes.
    """
    if unit != WORDS:
        return _characters(data, start, end, unit == CHARACTERS, tokens)
    count = _ascii_words(data, start, end, edges, tokens)
    return count if count >= 0 else _words(data, start, end, tokens)


@compiled
def _ascii_words(data: Array, start: int, end: int, edges: Array, tokens: Array) -> int:
    """Fill `tokens`; how many there are, or -1 where not all is ASCII."""
    count = word_edges(data, start, end, False, edges)
    for number in range(count):
        tokens[number] = word_hash(data, edges[2 * number], edges[2 * number + 1])
    return count


@compiled
def word_edges(data: Array, start: int, end: int, spaced: bool, edges: Array) -> int:
    """Fill `edges` with where words begin and end, in turn; how many words there are.

    Words are runs of letters and digits, or what is between white space (`spaced`).
    -1 where a text has other characters than ASCII or, if `spaced`, control
    characters that are no space.
    """
    found = 0
    before, odd = uint64(0), uint64(0)
    for block in range(start, end, 64):
        inside = uint64(0)
        if block + 64 <= end:
            for step in range(8):
                eight = eight_at(data, block + 8 * step)
                parted, strange = _parted(eight, spaced)
                odd |= strange
                inside |= parted << uint64(8 * step)
        else:
            for place in range(block, end, 8):
                eight = loaded(data, place)
                if place + 8 > end:
                    eight = eight & _first(end - place) | SPACES & ~_first(end - place)
                parted, strange = _parted(eight, spaced)
                odd |= strange
                inside |= parted << uint64(place - block)
        changes = inside ^ (inside << uint64(1) | before)
        before = inside >> uint64(63)
        while changes:
            edges[found] = block + np.int64(zeros(changes))
            changes &= changes - uint64(1)
            found += 1
    if odd & HIGH:
        return -1
    edges[found] = end
    return (found + 1) >> 1


@compiled
def _parted(eight: uint64, spaced: bool) -> tuple[uint64, uint64]:
    """A bit for each byte in a word, the first byte's lowest; bytes to be looked at."""
    if not spaced:
        inside = _alphanumeric(lowered(eight))
        return ((inside >> uint64(7)) * GATHER) >> uint64(56), eight
    seven = eight & BITS
    from_space = seven + ONES * uint64(0x80 - 32)
    control = ~from_space & HIGH
    space = seven + ONES * uint64(0x80 - 28) & ~(seven + ONES * uint64(0x80 - 33))
    space |= seven + ONES * uint64(0x80 - 9) & ~(seven + ONES * uint64(0x80 - 14))
    inside = ~space & HIGH
    bits = ((inside >> uint64(7)) * GATHER) >> uint64(56)
    return bits, eight | control & inside


@compiled
def word_hash(data: Array, place: int, stop: int) -> uint64:
    """A number for the ASCII word from `place` to `stop`, in lower case."""
    token = uint64(0)
    while stop - place > 8:
        token = (token * PIECE) ^ lowered(loaded(data, place))
        place += 8
    piece = lowered(loaded(data, place)) & _first(stop - place)
    return ((token * PIECE) ^ piece) * PRIME


@compiled
def _alphanumeric(low: uint64) -> uint64:
    """The highest bit of each byte that is a digit or a letter, in lower case."""
    seven = low & BITS
    from_a = seven + ONES * uint64(0x80 - 97)
    after_z = seven + ONES * uint64(0x80 - 123)
    from_0 = seven + ONES * uint64(0x80 - 48)
    after_9 = seven + ONES * uint64(0x80 - 58)
    return ((from_a & ~after_z) | (from_0 & ~after_9)) & ~low & HIGH


@compiled
def _first(count: int) -> uint64:
    """A mask of the first `count` bytes, one to eight."""
    return ~uint64(0) >> uint64(64 - 8 * count)


@compiled
def _words(data: Array, place: int, end: int, tokens: Array) -> int:
    """As `_ascii_words`, for any text."""
    count = 0
    token = uint64(0)
    while place < end:
        low = lowered(loaded(data, place))
        odd = ~_alphanumeric(low) & HIGH
        length: Any = min(np.int64(zeros(odd) >> uint64(3)), end - place)
        if length > 0:
            token = (token * PIECE) ^ (low & _first(length))
            place += length
            continue
        found = kind(data, place, end)
        if token != 0 and found != LETTER:
            tokens[count] = token * PRIME
            token = uint64(0)
            count += 1
        wide = width(data, place, end)
        if found != SEPARATOR:
            token = (token * PIECE) ^ _character(data, place, wide)
        place += wide
        if found == IDEOGRAPH:
            tokens[count] = token * PRIME
            token = uint64(0)
            count += 1
    if token != 0:
        tokens[count] = token * PRIME
        count += 1
    return count


@compiled
def _characters(data: Array, place: int, end: int, every: bool, tokens: Array) -> int:
    """Characters as tokens: letters and digits, or every one."""
    count = 0
    while place < end:
        wide = width(data, place, end)
        if every or kind(data, place, end) != SEPARATOR:
            tokens[count] = _character(data, place, wide) * PRIME
            count += 1
        place += wide
    return count


@compiled
def _character(data: Array, place: int, wide: int) -> uint64:
    """The bytes of one character, ASCII in lower case."""
    letter = uint64(1)
    for step in range(wide):
        byte = data[place + step]
        if uint8(65) <= byte <= uint8(90):
            byte |= uint8(0x20)
        letter = letter << uint64(8) | uint64(byte)
    return letter
