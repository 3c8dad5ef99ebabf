r"""Texts to words as numbers, read eight bytes at a time.

What a word is depends on the unit:

- WORDS, for near duplicates: runs of ASCII letters and digits and of other letters; a
  Chinese or Japanese character is a word of its own.
- REGEX_WORDS, as `\w+` takes them in the published decontamination rules: `_` is in
  words too, and ideographs stand together.
- WHITESPACE: what is between white space, punctuation and all, as `str.split` parts.
- CHARACTERS: every character is a token, for ratios of edits.

ASCII is lower-cased here; other letters stay as they are. A word is hashed in pieces of
eight bytes from its start, cut at every character that is not plain ASCII. A text that
is ASCII throughout is cut first: a bit for each byte says whether it is in a word, and
where bits change, words begin and end (Langdale and Lemire: Parsing gigabytes of JSON
per second, 2019). Both ways give a word the same hash.
"""

from typing import Any

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hashing import PRIME
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import (
    BITS,
    HIGH,
    ONES,
    PIECE,
    alphanumeric,
    at_least,
    bits_between,
    count_ones,
    eight_at,
    first_bits,
    first_bytes,
    load_eight,
    lowercase,
    trailing_zeros,
)
from pipeline.kernels.utf8 import (
    IDEOGRAPH,
    LETTER,
    SEPARATOR,
    is_space,
    kind,
    width,
)

WORDS, REGEX_WORDS, WHITESPACE, CHARACTERS = 0, 1, 2, 3
SPACES = ONES * uint64(32)
CAPITALS = ONES * uint64(64)
UNDERSCORES = ONES * uint64(ord("_"))
BETWEEN = 0xC2, 0xE2, 0xEF  # first bytes of signs, which are in no word; see `kind`
AT_ONCE = 8
GATHER = uint64(0x0102040810204080)  # brings the lowest bits of eight bytes together


@compiled
def token_buffers(offsets: Array) -> tuple[Array, Array]:
    """(edges int64, tokens uint64) with room for the words of any one text."""
    longest = 0
    for row in range(len(offsets) - 1):
        longest = max(longest, offsets[row + 1] - offsets[row])
    edges = np.empty(2 * (longest + AT_ONCE + 1), np.int64)
    return edges, np.empty(longest + 1, uint64)


@compiled
def fill_tokens(
    data: Array, start: int, end: int, unit: int, edges: Array, tokens: Array
) -> int:
    """Fill `tokens` with the words of one text; how many there are.

    `edges` gets where word i ends in `data`, at 2 * i + 1. The rest of it is room for
    work.
    """
    if unit == WORDS and end + 64 <= len(data):
        count = _cut_words(data, start, end, edges)
        if count >= 0:
            _hash_words(data, count, edges, tokens)
            return count
    elif unit != CHARACTERS:
        count = _find_edges(data, start, end, unit, edges)
        for number in range(count):
            start, stop = edges[2 * number], edges[2 * number + 1]
            tokens[number] = _hash_word(data, start, stop)
        if count >= 0:
            return count
    return _fill_words(data, start, end, unit, edges, tokens)


@compiled
def _cut_words(data: Array, start: int, end: int, edges: Array) -> int:
    """Fill `edges` with where WORDS begin and end; -1 where letters are not ASCII.

    Characters of which the first byte is one of `BETWEEN` are in no word. Numbers are
    unsigned, and AT_ONCE edges are written without a look at how many there are:
    both save branches.
    """
    count, before = uint64(0), uint64(0)
    for block in range(start, end, 64):
        there = first_bits(end - block)
        if bits_between(data, block, 0, 128, 128) & there:
            letters = bits_between(data, block, 0, 0xC0, 0x40)
            for byte in BETWEEN:
                letters &= ~bits_between(data, block, 0, byte, 1)
            if letters & there:
                return -1
        inside = bits_between(data, block, 0x20, 97, 26)
        inside = (inside | bits_between(data, block, 0, 48, 10)) & there
        changes = inside ^ (inside << uint64(1) | before)
        before = inside >> uint64(63)
        stop = count + uint64(count_ones(changes))
        while count < stop:
            for step in range(AT_ONCE):
                place: Any = block + np.int64(trailing_zeros(changes))
                edges[count + uint64(step)] = place
                changes &= changes - uint64(1)
            count += uint64(AT_ONCE)
        count = stop
    edges[count] = end
    return int(np.int64((count + uint64(1)) >> uint64(1)))


@compiled
def _hash_words(data: Array, count: int, edges: Array, tokens: Array) -> None:
    """Fill `tokens` with the hashes of `count` words; long ones in a second round."""
    later = edges[len(edges) >> 1 :]
    waiting = uint64(0)
    for number in range(uint64(count)):
        start = edges[uint64(2) * number]
        size = edges[uint64(2) * number + uint64(1)] - start
        piece = eight_at(data, start) & first_bytes(min(size, 8))
        tokens[number] = _lower(piece) * PRIME
        later[waiting] = number
        waiting += uint64(size > 8)
    for place in range(waiting):
        number = later[place]
        start, stop = edges[2 * number], edges[2 * number + 1]
        token = uint64(0)
        while stop - start > 8:
            token = (token * PIECE) ^ _lower(eight_at(data, start))
            start += 8
        piece = eight_at(data, start) & first_bytes(stop - start)
        tokens[number] = ((token * PIECE) ^ _lower(piece)) * PRIME


@inlined
def _lower(letters: uint64) -> uint64:
    """Letters and digits in lower case: of these the bit of 64 makes letters small."""
    return letters | (letters & CAPITALS) >> uint64(1)


@compiled
def _find_edges(data: Array, start: int, end: int, unit: int, edges: Array) -> int:
    """Fill `edges` with where the words of ASCII text begin and end; how many.

    -1 where a text has other characters, or control characters inside words.
    """
    count = 0
    before, odd = uint64(0), uint64(0)
    for block in range(start, end, 64):
        inside = uint64(0)
        for position in range(block, min(block + 64, end), 8):
            if position + 8 <= end:
                eight = eight_at(data, position)
            else:
                there = first_bytes(end - position)
                eight = load_eight(data, position) & there | SPACES & ~there
            odd |= _odd_bytes(eight, unit)
            inside |= _gather(_word_bytes(eight, unit)) << uint64(position - block)
        changes = inside ^ (inside << uint64(1) | before)
        before = inside >> uint64(63)
        while changes:
            edges[count] = block + np.int64(trailing_zeros(changes))
            changes &= changes - uint64(1)
            count += 1
    if odd & HIGH:
        return -1
    edges[count] = end
    return (count + 1) >> 1


@inlined
def _word_bytes(eight: uint64, unit: int) -> uint64:
    """The high bit of each ASCII byte that is in a word, whatever stands beside it."""
    ascii = eight & BITS
    if unit == WHITESPACE:
        return at_least(ascii, 33) & ~eight & HIGH
    inside = alphanumeric(lowercase(eight))
    if unit == REGEX_WORDS:
        inside |= ~at_least(ascii ^ UNDERSCORES, 1) & ~eight & HIGH
    return inside


@inlined
def _odd_bytes(eight: uint64, unit: int) -> uint64:
    """The high bit of each byte that only `_fill_words` can read; other bits are noise.

    A control character that parts no words has no hash of its own in a piece.
    """
    if unit != WHITESPACE:
        return eight
    ascii = eight & BITS
    control = ~at_least(ascii, 28) & ~(at_least(ascii, 9) & ~at_least(ascii, 14))
    return eight | control


@inlined
def _gather(high: uint64) -> uint64:
    """The high bits of eight bytes as eight bits, the first byte's lowest."""
    return ((high >> uint64(7)) * GATHER) >> uint64(56)


@compiled
def _hash_word(data: Array, position: int, stop: int) -> uint64:
    """The hash of the ASCII word from `position` to `stop`."""
    token = uint64(0)
    while stop - position > 8:
        token = (token * PIECE) ^ lowercase(load_eight(data, position))
        position += 8
    piece = lowercase(load_eight(data, position)) & first_bytes(stop - position)
    return ((token * PIECE) ^ piece) * PRIME


@compiled
def _fill_words(
    data: Array, position: int, end: int, unit: int, edges: Array, tokens: Array
) -> int:
    """As `fill_tokens`, for any text."""
    count = 0
    token = uint64(0)  # of the word that is being read; 0 between words
    while position < end:
        eight = load_eight(data, position)
        odd = ~_word_bytes(eight, unit) & HIGH
        length: Any = min(np.int64(trailing_zeros(odd) >> uint64(3)), end - position)
        if length > 0 and unit != CHARACTERS:
            token = (token * PIECE) ^ (lowercase(eight) & first_bytes(length))
            position += length
            continue
        what = _character_kind(data, position, end, unit)
        wide = width(data, position, end)
        if token != 0 and what != LETTER:
            tokens[count], edges[2 * count + 1] = token * PRIME, position
            token = uint64(0)
            count += 1
        if what != SEPARATOR:
            token = (token * PIECE) ^ _character(data, position, wide)
        position += wide
        if what == IDEOGRAPH:
            tokens[count], edges[2 * count + 1] = token * PRIME, position
            token = uint64(0)
            count += 1
    if token != 0:
        tokens[count], edges[2 * count + 1] = token * PRIME, end
        count += 1
    return count


@inlined
def _character_kind(data: Array, position: int, end: int, unit: int) -> uint8:
    """As `kind`, for the unit's words."""
    if unit == CHARACTERS:
        return IDEOGRAPH
    if unit == WHITESPACE:
        return SEPARATOR if is_space(data, position, end) else LETTER
    what = kind(data, position, end)
    return LETTER if unit == REGEX_WORDS and what == IDEOGRAPH else what


@compiled
def _character(data: Array, position: int, wide: int) -> uint64:
    """The bytes of one character, ASCII in lower case."""
    letter = uint64(1)
    for step in range(wide):
        byte = data[position + step]
        if uint8(65) <= byte <= uint8(90):
            byte |= uint8(0x20)
        letter = letter << uint64(8) | uint64(byte)
    return letter
