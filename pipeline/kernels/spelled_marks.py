"""Where texts may hold values or units in words.

What `find_spellings` gives are stretches between two cuts. A cut is behind a word and
its space, where the word can be no part of a value or a unit: so nothing is matched
across it, and what is before a cut says nothing of what is behind it.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.hash_table import find_slot, grow, may_hold
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.spelled_units import (
    IS_LETTER,
    Words,
    hash_word,
    mark_before_unit,
    mark_slash,
    skip_letters,
    table_words,
)
from pipeline.kernels.spelled_words import (
    AREA,
    BELOW_TWENTY,
    GROUP,
    JOINTS,
    ORDINAL,
    PART,
    PER,
    SCALES,
    SPEED,
    TENS_WORDS,
    TIMES,
    mark_words,
    unit_words,
)
from pipeline.kernels.swar import bits_between, first_bits, trailing_zeros
from pipeline.kernels.utf8 import byte_at, is_digit


@cache
def marked_words() -> tuple[Words, Words, Array, Array]:
    """Words with a mark, units and what they are, and how words begin.

    The third is uint8 by the first three letters, 5 bits of each: MARKED, COUNT, JOINT.
    The last says (bool) of the classes of three bytes whether a mark may begin there.
    """
    marks, units = mark_words(), unit_words()
    begins = np.zeros(1 << 15, np.uint8)
    for bit, kind in (
        (MARKED, marks),
        (COUNT, BELOW_TWENTY[1:10]),
        (JOINT, (*BELOW_TWENTY, *TENS_WORDS, *SCALES, *JOINTS)),
    ):
        for word in (word for word in kind if len(word) > 2):
            begins[_begin_of(np.frombuffer(word.encode(), np.uint8), 0)] |= bit
    suspect = np.zeros((32, 32, 32), np.bool_)
    for word in marks:  # "sq" may have anything behind it
        suspect[tuple(CLASSES[list(word[:3].encode())])] = True
    suspect[DIGIT, CLASSES[list(b"xsnrtmk")]] = True  # 3x8, 3rd, 60mph
    suspect[DIGIT, BLANK, [DIGIT, CLASSES[SMALL_X]]] = True
    suspect[:, STROKE, CLASSES[[SMALL_H, SMALL_S]]] = True
    suspect[STROKE, BLANK, CLASSES[[SMALL_H, SMALL_S]]] = True
    return table_words(marks), table_words(units), begins, suspect.ravel()


@inlined
def _begin_of(data: Array, start: int) -> int:
    """The first three letters of a word."""
    one, two, three = data[start], data[start + 1], data[start + 2]
    return int((one & 31) << 10 | (two & 31) << 5 | three & 31)


MARKED, COUNT, JOINT = 1, 2, 4
SPACE, NEWLINE, SLASH, SMALL_X, SMALL_H, SMALL_R = b" \n/xhr"
SMALL_S, SMALL_N, SMALL_T, SMALL_M, SMALL_K, SMALL_P, SMALL_D = b"sntmkpd"
SMALL_A, SMALL_B, SMALL_E, ZERO, FOLD = b"abe0 "  # which makes small letters
# What may be before a word; 128 to 191 are the last bytes of a quote, a dash and so on.
BREAKS = np.zeros(256, np.bool_)
BREAKS[[*b" -\n\"'($*/", *range(128, 192)]] = True
# Classes of bytes, 5 bits: letters from 1 on, whatever their case, then these.
DIGIT, STROKE, BLANK = 27, 28, 29
CLASSES = np.zeros(256, np.uint8)
CLASSES[IS_LETTER] = np.flatnonzero(IS_LETTER) & 31
CLASSES[list(b"0123456789")] = DIGIT
CLASSES[SLASH], CLASSES[SPACE] = STROKE, BLANK
INITIALS = np.zeros(256, np.bool_)
for _word in BELOW_TWENTY[1:10]:
    INITIALS[[ord(_word[0]), ord(_word[0].upper())]] = True


@compiled
def find_spellings(
    data: Array, firsts: Array, ends: Array, words: Words, units: Words, begins: Array,
    suspect: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Stretches that may hold spellings: (rows int64, spans int64 (n, 2), bits uint16).

    Row i is from byte `firsts[i]` to `ends[i]`, and so are spans bytes of `data`. The
    last four are those of `marked_words`.
    """
    rows, bits = np.empty(64, np.int64), np.empty(64, np.uint16)
    spans = np.empty((64, 2), np.int64)
    suspects = np.empty(max(0, (ends - firsts).max()) if len(ends) else 0, np.int64)
    ((bloom, keys, values), word_marks), used = words, 0
    for row in range(len(firsts)):
        first, end = firsts[row], ends[row]
        done = first
        count = _find_suspects(data, first, end, suspect, suspects)
        for last in suspects[:count]:
            mark, place = 0, last - 1
            if data[place] == SLASH:
                mark, place = mark_slash(data, first, last, end, units), last
            elif data[last - 2] == SLASH:
                mark = mark_slash(data, first, place, end, units)
            elif is_digit(data, last - 2, end):
                mark = _mark_number(data, place, end)
            elif last - 2 == first or BREAKS[data[last - 3]]:
                place = last - 2
                code = hash_word(data, place, skip_letters(data, place, end))
                # Looked up here: to hand over the tables takes longer.
                index = -1
                if may_hold(bloom, code):
                    index = values[find_slot(keys, values, code, 0)]
                if index >= 0:
                    mark = word_marks[index]
                if mark & (PER | AREA):
                    mark = mark_before_unit(data, first, place, end, mark, units)
                elif mark == PART and not _is_counted(data, first, place, begins):
                    mark = 0
            if mark == 0:
                continue
            if place < done:
                bits[used - 1] |= mark
                continue
            if used == len(rows):
                rows, spans, bits = grow(rows), grow(spans), grow(bits)
            span = _widen(data, done, place, end, begins)
            rows[used], spans[used], bits[used] = row, span, mark
            done = span[1]
            used += 1
    return rows[:used].copy(), spans[:used].copy(), bits[:used].copy()


@compiled
def _find_suspects(
    data: Array, first: int, end: int, suspect: Array, places: Array
) -> int:
    """Write where three bytes end that a mark may begin with; how many there are.

    Those of a word are looked for where one begins.
    """
    count, behind = 0, uint64(0)
    if end - first > 1 and data[first] == SLASH:
        places[0], count = first + 1, 1
    for block in range(first, end - 2, 64):
        there = first_bits(end - 2 - block)
        begins = there
        if block + 66 <= len(data):
            letters = bits_between(data, block, FOLD, SMALL_A, 26)
            begins &= (
                letters & ~(letters << uint64(1) | behind) & _is_initial(data, block)
            )
            begins |= _find_signs(data, block) & there
            behind = letters >> uint64(63)
        while begins:
            place: Any = block + np.int64(trailing_zeros(begins))
            begins &= begins - uint64(1)
            three = CLASSES[data[place]] << 5 | CLASSES[data[place + 1]]
            if suspect[three << 5 | CLASSES[data[place + 2]]]:
                places[count] = place + 2
                count += 1
    return count


@inlined
def _is_initial(data: Array, block: int) -> Any:
    """A bit for each of the 64 bytes from `block` on that a marked word begins with."""
    found = bits_between(data, block, FOLD, SMALL_B, 2)  # b and c
    found |= bits_between(data, block, FOLD, SMALL_E, 2)
    found |= bits_between(data, block, FOLD, SMALL_M, 2)
    found |= bits_between(data, block, FOLD, SMALL_P, 2)
    found |= bits_between(data, block, FOLD, SMALL_S, 2)
    found |= bits_between(data, block, FOLD, SMALL_H, 1)
    found |= bits_between(data, block, FOLD, SMALL_K, 1)
    return found


@inlined
def _find_signs(data: Array, block: int) -> Any:
    """A bit for each of them where 3x, 3rd, 3 000, 60mph, /h or / s may be marked."""
    digits = bits_between(data, block, 0, ZERO, 10)
    if digits:
        here = bits_between(data, block + 1, FOLD, SMALL_K, SMALL_X + 1 - SMALL_K)
        digits &= here | bits_between(data, block + 1, 0, SPACE, 1)
    strokes = bits_between(data, block, 0, SLASH, 1)
    return digits | strokes | bits_between(data, block + 1, 0, SLASH, 1)


@compiled
def _is_counted(data: Array, first: int, start: int, begins: Array) -> bool:
    """Whether the word before the one at `start` is a count, or begins as one does."""
    place = start - 2
    while place >= first and not (BREAKS[data[place]] and data[place + 1] > 32):
        place -= 1
    word = max(first, place + 1)
    return bool(INITIALS[data[word]] and begins[_begin_of(data, word)] & COUNT != 0)


@compiled
def _widen(
    data: Array, low: int, position: int, end: int, begins: Array
) -> tuple[int, int]:
    """The cuts around `position`, or the limits."""
    before, behind = position, position + 1
    while before > low and not _is_cut(data, low, before, begins):
        before -= 1
    while behind < end and not _is_cut(data, low, behind, begins):
        behind += 1
    return before, behind


@compiled
def _is_cut(data: Array, low: int, position: int, begins: Array) -> bool:
    """Whether a space, and before it a word that is in no value, end at `position`."""
    if data[position - 1] not in (SPACE, NEWLINE):
        return False
    start = position - 1
    while start > low and IS_LETTER[data[start - 1]]:
        start -= 1
    return position - 1 - start >= 3 and not begins[_begin_of(data, start)]


@compiled
def _mark_number(data: Array, position: int, end: int) -> int:
    """What may stand behind a digit; the byte behind it is at `position`."""
    if position + 1 >= end:
        return 0
    byte, after = data[position], data[position + 1] | 0x20
    if byte | 0x20 in (SMALL_M, SMALL_K):  # 60mph, 60kmh
        third = byte_at(data, position + 1 + (after == SMALL_M), end) | 0x20
        return SPEED if third in (SMALL_P, SMALL_H) else 0
    if byte | 0x20 in (SMALL_S, SMALL_N, SMALL_R, SMALL_T):  # 1st, 2nd, 3rd, 4th
        return ORDINAL if after in (SMALL_T, SMALL_D, SMALL_H) else 0
    if byte == SPACE:
        position += 1
        byte = data[position]
        if is_digit(data, position, end) and is_digit(data, position + 2, end):
            return GROUP
    if byte | 0x20 == SMALL_X:
        position += 1 + (byte_at(data, position + 1, end) == SPACE)
        return TIMES if is_digit(data, position, end) else 0
    return 0
