"""Words of ASCII letters, looked up where they stand: units, and what is said of them.

A word that has no plain end may be anything: a letter beyond ASCII may go on with it,
and where only a part of a text is read it may be cut off.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.hash_table import Table, build_table, find
from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.spelled_words import (
    AREA,
    CENT,
    HOURLY,
    IS_AMOUNT,
    IS_CENT,
    IS_LENGTH,
    IS_SHARE,
    IS_SHORT,
)
from pipeline.kernels.utf8 import byte_at

Words = tuple[Table, Array]  # of codes of words, and what is said of each (uint16)
ANYTHING = IS_LENGTH | IS_AMOUNT | IS_SHARE | IS_SHORT | IS_CENT
SPACE, POINT = b" ."
IS_LETTER = np.zeros(256, np.bool_)
IS_LETTER[[byte for byte in range(128) if chr(byte).isalpha()]] = True


def table_words(words: dict[str, int]) -> Words:
    """`words` with what is said of each, as `look_up` takes them."""
    letters = [np.frombuffer(word.encode(), np.uint8) for word in words]
    codes = np.array([hash_word(word, 0, len(word)) for word in letters], np.uint64)
    return build_table(codes), np.array([*words.values()], np.uint16)


@compiled
def hash_word(data: Array, start: int, stop: int) -> uint64:
    """The FNV-1a hash of a word, in small letters."""
    code = BASIS
    for position in range(start, stop):
        code = fnv1a(code, data[position] | 0x20)
    return code


@compiled
def skip_letters(data: Array, position: int, end: int) -> int:
    while position < end and IS_LETTER[data[position]]:
        position += 1
    return position


@compiled
def look_up(data: Array, start: int, stop: int, words: Words) -> int:
    """What is said of a word, 0 where nothing is."""
    table, values = words
    place = find(table, hash_word(data, start, stop))
    return int(values[place]) if place >= 0 else 0


@compiled
def mark_slash(data: Array, first: int, behind: int, end: int, units: Words) -> int:
    """Whether a slash, `behind` which it goes on, is before an hour: km/h."""
    stop = behind - 1
    stop -= stop > first and data[stop - 1] == SPACE
    behind += byte_at(data, behind, end) == SPACE
    if not _unit_at(data, behind, end, units) & IS_SHORT:
        return 0
    return HOURLY if _unit_before(data, first, stop, units) & IS_AMOUNT else 0


@compiled
def mark_before_unit(
    data: Array, first: int, start: int, end: int, mark: int, units: Words
) -> int:
    """What is left of the `mark` of the word at `start`, by the words beside it."""
    stop = skip_letters(data, start, end)
    stop += byte_at(data, stop, end) == POINT  # sq. ft
    while stop < end and data[stop] <= SPACE:
        stop += 1
    unit = _unit_at(data, stop, end, units)
    if mark & AREA:
        return mark if unit & IS_LENGTH else 0
    before = start
    while before > first and data[before - 1] <= SPACE:
        before -= 1
    is_rate = unit & IS_SHARE and _unit_before(data, first, before, units) & IS_AMOUNT
    return (mark if is_rate else 0) | (CENT if unit & IS_CENT else 0)


@compiled
def _unit_at(data: Array, start: int, end: int, units: Words) -> int:
    """What the word at `start` may be; it may be anything if it has no plain end."""
    stop = skip_letters(data, start, end)
    if byte_at(data, stop, end) > 127 or (stop == end and stop > start):
        return ANYTHING
    return look_up(data, start, stop, units)


@compiled
def _unit_before(data: Array, first: int, stop: int, units: Words) -> int:
    """What the word that ends at `stop` may be; see `_unit_at`."""
    start = stop
    while start > first and IS_LETTER[data[start - 1]]:
        start -= 1
    if (start == first and stop > first) or (start > first and data[start - 1] > 127):
        return ANYTHING
    return look_up(data, start, stop, units)
