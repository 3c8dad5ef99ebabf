"""Words at the edges of problems: `edge_words.toml` as a table, and how one is read."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.hashing import BASIS, add_letters
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import BITS, HIGH, ONES, at_least, eight_at, trailing_zeros
from pipeline.kernels.utf8 import (
    IDEOGRAPH,
    LETTER,
    byte_at,
    is_digit,
    is_letter,
    kind,
    width,
)

# What a word may be, as bits. OPENS and CLOSES: the first and the second of a pair.
(SAYS, CUE, SOURCE, LINK, POINTS, HEADING, LIMIT, CREDIT, LABEL, OPENS, CLOSES,
 CAPITAL, NUMBER, FORM) = (1 << bit for bit in range(14))  # fmt: skip
SMALL = ONES * uint64(0x20)
ROLE_BITS = 16  # of a slot of the table
LISTS = {
    "says": SAYS, "cues": SAYS | CUE, "pairs": SAYS, "sources": SOURCE, "links": LINK,
    "points": POINTS, "headings": HEADING, "limits": LIMIT, "credits": CREDIT,
    "labels": LABEL, "forms": SAYS | FORM,
}  # fmt: skip
LONGEST_IDEOGRAPHS = 4  # in a word of the lists
LONGEST_SENTENCE = 400  # bytes
CAPITAL_M, CAPITAL_O, SPACE = b"MO "
# Signs beside the words of instructions, and those that close behind a full stop.
BESIDE, CLOSERS = np.zeros(256, np.bool_), np.zeros(256, np.bool_)
BESIDE[list(b" \t\r\n,.:;!'\"()[]{}*$#_\\`-<>/")] = True
CLOSERS[list(b"\"')]}$*_`")] = True

SLOTS = 1 << 12  # of the table, four times as many as there are words


@cache
def edge_words() -> Array:
    """All words of the lists, small and with a capital: a hash table, uint64 (SLOTS,).

    A slot is empty, 0, or the hash of a word with its bits in the place of the lowest
    ROLE_BITS; words are looked for from the slot on that the lowest bits name.
    """
    roles: dict[int, int] = {}
    for word, bits in _listed_words():
        for form in (word, word.capitalize()):  # no kernel lowers a capital like Ö
            hashed = uint64(BASIS)
            for number, part in enumerate(form.split()):
                data = np.frombuffer(part.encode(), np.uint8)
                if number:
                    hashed = uint64(add_letters(hashed, uint64(SPACE)))
                hashed = uint64(_hash_span(data, 0, len(data), hashed))
            roles[int(hashed)] = roles.get(int(hashed), 0) | bits
    table = np.zeros(SLOTS, uint64)
    for code, bits in roles.items():
        slot = code % SLOTS
        while table[slot]:
            slot = (slot + 1) % SLOTS
        table[slot] = code >> ROLE_BITS << ROLE_BITS | bits
    return table


@cache
def edge_endings() -> Array:
    """How words end that are looked at from behind: bits by `_ending_of`, uint8.

    SAYS is for those of instructions, LIMIT for those of limits.
    """
    endings = np.zeros(1 << 15, np.uint8)
    for word, bits in _listed_words():
        data = np.frombuffer(word.encode(), np.uint8)
        ending = _ending_of(data, 0, len(data))
        if bits & (SAYS | OPENS | CLOSES):
            endings[ending] |= SAYS
        endings[ending] |= bits & LIMIT
    return endings


@inlined
def ends_as(data: Array, begin: int, stop: int, endings: Array, role: int) -> bool:
    """Whether the word before `stop` ends as one that is SAYS or LIMIT does."""
    return bool(endings[_ending_of(data, begin, stop)] & role)


def _listed_words() -> Iterator[tuple[str, int]]:
    lists = tomllib.loads(
        Path(__file__).with_name("edge_words.toml").read_text("utf-8")
    )
    yield "limit", LIMIT | CUE
    for name, bits in LISTS.items():
        for pair, word in re.findall(r"'([^']+)'|([^\s']+)", " ".join(lists[name])):
            yield pair or word, bits
            yield from zip(pair.split(), (OPENS, CLOSES), strict=False)


@inlined
def _ending_of(data: Array, begin: int, stop: int) -> int:
    """The last three ASCII letters before `stop`, 5 bits of each; less if there are."""
    ending: Any = 0
    for step in range(1, 4):
        if stop - step < begin or not is_letter(data[stop - step]):
            break
        ending |= (np.int64(data[stop - step]) & 31) << (5 * (step - 1))
    return int(ending)


@compiled
def read_word(data: Array, place: int, end: int, words: Array) -> tuple[int, int]:
    """(where the word at `place` ends, its bits); the same place if none is there."""
    stop, code = _read_short(data, place, end)
    if stop < 0:
        stop = _end_of_word(data, place, end)
        code = _hash_span(data, place, stop, BASIS)
    if stop == place:
        if stop < end and data[stop] > 127 and kind(data, stop, end) == IDEOGRAPH:
            return _read_ideographs(data, place, end, words)
        while is_digit(data, stop, end):
            stop += 1
        return stop, NUMBER * (stop > place)
    bits = _bits_of(code, words)
    if bits & OPENS and byte_at(data, stop, end) <= SPACE:
        after = stop
        while after < end and data[after] <= SPACE:
            after += 1
        next_stop = _end_of_word(data, after, end)
        code = _hash_span(data, after, next_stop, add_letters(code, uint64(SPACE)))
        pair = _bits_of(code, words)
        if pair:
            return next_stop, pair | _capital(data, place, stop)
    return stop, bits | _capital(data, place, stop)


@inlined
def _read_short(data: Array, place: int, end: int) -> tuple[int, uint64]:
    """(end, hash) of a word of less than eight ASCII letters; (-1, 0) for others."""
    if place + 8 > len(data):
        return -1, uint64(0)
    eight = eight_at(data, place) | SMALL
    ascii = eight & BITS
    other = ~(at_least(ascii, 97) & ~at_least(ascii, 123) & ~eight) & HIGH
    size = np.int64(trailing_zeros(other) >> uint64(3))
    if other == 0 or place + size > end or data[place + size] > 127:
        return -1, uint64(0)
    letters = eight & ((uint64(1) << uint64(8 * size)) - uint64(1))
    return int(place + size), add_letters(BASIS, letters)


@compiled
def _end_of_word(data: Array, place: int, end: int) -> int:
    while place < end:
        if is_letter(data[place]):
            place += 1
        elif data[place] < 128 or kind(data, place, end) != LETTER:
            break
        else:
            place += width(data, place, end)
    return place


@compiled
def _hash_span(data: Array, place: int, stop: int, code: uint64) -> uint64:
    """The hash of the bytes from `place` to `stop`, in small letters."""
    while place < stop:
        letters = uint64(0)
        for step in range(min(8, stop - place)):
            byte = data[place + step]
            small = byte | 0x20 if 65 <= byte <= 90 else byte
            letters |= uint64(small) << uint64(8 * step)
        code = add_letters(code, letters)
        place += 8
    return code


@compiled
def _bits_of(code: uint64, words: Array) -> int:
    mask = uint64(len(words) - 1)
    slot = code & mask
    while words[slot]:
        if (words[slot] ^ code) >> uint64(ROLE_BITS) == 0:
            return int(np.int64(words[slot] & uint64((1 << ROLE_BITS) - 1)))
        slot = (slot + uint64(1)) & mask
    return 0


@compiled
def _capital(data: Array, place: int, stop: int) -> int:
    """CAPITAL for a word that begins with one; SOURCE too for IMO and USAMO."""
    first = data[place]
    if first > 127:
        after = data[place + 1]
        is_capital = (first == 0xC3 and after < 0x9F) or (
            first == 0xD0 and after < 0xB0
        )
        return CAPITAL if is_capital else 0
    if not 65 <= first <= 90:
        return 0
    if stop - place < 3 or data[stop - 1] != CAPITAL_O or data[stop - 2] != CAPITAL_M:
        return CAPITAL
    return CAPITAL | SOURCE


@compiled
def _read_ideographs(
    data: Array, place: int, end: int, words: Array
) -> tuple[int, int]:
    """The longest word of the lists at `place`, or one ideograph."""
    stop, bits, position = place + width(data, place, end), 0, place
    for _ in range(LONGEST_IDEOGRAPHS):
        if position >= end or kind(data, position, end) != IDEOGRAPH:
            break
        position += width(data, position, end)
        found = _bits_of(_hash_span(data, place, position, BASIS), words)
        if found:
            stop, bits = position, found
    return stop, bits


@compiled
def sign_width(data: Array, position: int, end: int) -> int:
    """Bytes of the sign at `position` if it may stand in an instruction, else 0."""
    byte = data[position]
    if byte < 128:
        return 1 if BESIDE[byte] else 0
    after, last = byte_at(data, position + 1, end), byte_at(data, position + 2, end)
    if byte == 0xC2:
        return 2 if after in (0xA0, 0xAB, 0xBB) else 0
    is_sign = (byte == 0xE2 and after == 0x80) or (byte == 0xE3 and after == 0x80)
    is_wide = byte == 0xEF and after == 0xBC and not 0x90 <= last <= 0xBA
    return 3 if is_sign or is_wide else 0
