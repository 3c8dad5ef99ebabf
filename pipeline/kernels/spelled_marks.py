"""Where texts may hold values or units in words, and the words they are written in.

What `find_spellings` gives are stretches between two cuts. A cut is behind a word and
its space, where the word can be no part of a value or a unit: so nothing is matched
across it, and what is before a cut says nothing of what is behind it.
"""

from functools import cache

import numpy as np
from numpy import uint64

from pipeline.kernels.hash_table import Table, build_table, find, grow
from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.utf8 import byte_at, is_digit


def split(words: str) -> list[str]:
    """The words of a list that is easier to read as text."""
    return words.split()


# What may be in a text, as bits; the last is that of words that stand before a unit.
SCALE, PART, ORDINAL, RATE, PER, TIMES, GROUP, AHEAD = (1 << bit for bit in range(8))
BELOW_TWENTY = split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
TENS_WORDS = split("twenty thirty forty fifty sixty seventy eighty ninety")
SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9}
PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5,
    "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
PARTS |= {f"{word}s": value for word, value in PARTS.items() if value > 2}
ORDINALS = split(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh "
    "twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth "
    "nineteenth"
)
# Units as patterns: what is measured per unit, by time, and in squares and cubes.
LENGTH = (
    r"km|cm|mm|m|mi|ft|kilomet(?:er|re)s?|met(?:er|re)s?|miles?|feet|foot|inch(?:es)?"
    r"|yards?|centimet(?:er|re)s?|millimet(?:er|re)s?"
)
AMOUNT = rf"{LENGTH}|kg|g|l|ml|lit(?:er|re)s?|gallons?|grams?|kilograms?"
TIME = "hour|minute|second|day|week|month|year"
# Words of three letters or more that may stand in the middle of a value or a rate.
JOINTS = split(
    "and per kilo meter metre mile feet foot liter litre gallon gram inch yard centi "
    "milli cent"
)


@compiled
def _hash_word(data: Array, start: int, stop: int) -> uint64:
    """The FNV-1a hash of a word, in small letters."""
    code = BASIS
    for position in range(start, stop):
        code = fnv1a(code, data[position] | 0x20)
    return code


def _mark_words() -> dict[str, int]:
    rates = split("mph kph kmh kmph squared cubed")
    return {
        "per": PER | RATE | AHEAD,  # 60 km per hr is 60 km/hr, and so 60 km/hour
        **dict.fromkeys(split("square sq cubic"), RATE | AHEAD),
        **dict.fromkeys(SCALES, SCALE),
        **dict.fromkeys(PARTS, PART),
        **dict.fromkeys(rates, RATE),
    }


@cache
def marked_words() -> tuple[Table, Array, Array, Array]:
    """Where the codes of words with a mark are, the marks, and how words begin.

    The third is uint8 by the first three letters, 5 bits of each: MARKED, COUNT, JOINT.
    The last says (bool) of the classes of three bytes whether a mark may begin there.
    """
    marks = _mark_words()
    words = [np.frombuffer(word.encode(), np.uint8) for word in marks]
    codes = np.array([_hash_word(word, 0, len(word)) for word in words], np.uint64)
    begins = np.zeros(1 << 15, np.uint8)
    for bit, kind in (
        (MARKED, marks),
        (COUNT, BELOW_TWENTY[1:10]),
        (JOINT, (*BELOW_TWENTY, *TENS_WORDS, *SCALES, *JOINTS)),
    ):
        for word in (word for word in kind if len(word) > 2):
            begins[_begin_of(np.frombuffer(word.encode(), np.uint8), 0)] |= bit
    suspect = np.zeros((32, 32, 32), np.bool_)
    for letters in words:
        suspect[tuple(CLASSES[letters[:3]])] = True  # "sq" may have anything behind it
    suspect[DIGIT, CLASSES[list(b"xsnrtmk")]] = True  # 3x8, 3rd, 60mph
    suspect[DIGIT, BLANK, [DIGIT, CLASSES[SMALL_X]]] = True
    suspect[STROKE, CLASSES[[SMALL_H, SMALL_S]]] = True
    suspect[STROKE, BLANK, CLASSES[[SMALL_H, SMALL_S]]] = True
    marks_of = np.array([*marks.values()], np.uint8)
    return build_table(codes), marks_of, begins, suspect.ravel()


@inlined
def _begin_of(data: Array, start: int) -> int:
    """The first three letters of a word."""
    one, two, three = data[start], data[start + 1], data[start + 2]
    return int((one & 31) << 10 | (two & 31) << 5 | three & 31)


MARKED, COUNT, JOINT = 1, 2, 4
SPACE, NEWLINE, SLASH, POINT, SMALL_X, SMALL_H, SMALL_R, SMALL_C = b" \n/.xhrc"
SMALL_S, SMALL_N, SMALL_T, SMALL_M, SMALL_K, SMALL_P, SMALL_D = b"sntmkpd"
IS_LETTER = np.zeros(256, np.bool_)
IS_LETTER[[byte for byte in range(128) if chr(byte).isalpha()]] = True
# What may be before a word; 128 to 191 are the last bytes of a quote, a dash and so on.
BREAKS = np.zeros(256, np.bool_)
BREAKS[[*b" -\n\"'($*", *range(128, 192)]] = True
# Classes of bytes, 5 bits: letters from 1 on, whatever their case, then these.
DIGIT, STROKE, BLANK = 27, 28, 29
CLASSES = np.zeros(256, np.uint8)
CLASSES[IS_LETTER] = np.flatnonzero(IS_LETTER) & 31
CLASSES[list(b"0123456789")] = DIGIT
CLASSES[SLASH], CLASSES[SPACE] = STROKE, BLANK
INITIALS = np.zeros(256, np.bool_)
for _word in BELOW_TWENTY[1:10]:
    INITIALS[[ord(_word[0]), ord(_word[0].upper())]] = True
# What a unit may begin with, and what "per" may have before it; no blank of Unicode is
# told from a letter here.
UNITS, AMOUNTS = np.zeros((2, 256), np.bool_)
for _begins, _units in ((UNITS, f"{AMOUNT}|{TIME}|hr|cent"), (AMOUNTS, AMOUNT)):
    _begins[128:] = True
    for _unit in _units.split("|"):
        _begins[[ord(_unit[0]), ord(_unit[0].upper())]] = True


@compiled
def find_spellings(
    data: Array, firsts: Array, ends: Array, words: Table, word_marks: Array,
    begins: Array, suspect: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Stretches that may hold spellings: (rows int64, spans int64 (n, 2), bits uint8).

    Row i is from byte `firsts[i]` to `ends[i]`, and so are spans bytes of `data`. The
    last four are those of `marked_words`.
    """
    rows, bits = np.empty(64, np.int64), np.empty(64, np.uint8)
    spans = np.empty((64, 2), np.int64)
    used = 0
    for row in range(len(firsts)):
        first, end = firsts[row], ends[row]
        done, three = first, 0
        for last in range(first, end + 1):
            class_ = CLASSES[data[last]] if last < end else 0
            three = (three << 5 | class_) & 0x7FFF  # of the bytes up to `last`
            if not suspect[three]:
                continue
            start, mark = last - 2, 0
            place = start + 1
            if three >> 10 == DIGIT:
                mark = _mark_number(data, place, end)
            elif three >> 10 == STROKE:
                mark = _mark_slash(data, place, end)
            elif start == first or BREAKS[data[start - 1]]:
                mark, place = _mark_word(data, start, end, words, word_marks), start
                if mark == PART and not _is_counted(data, first, start, begins):
                    mark = 0
                elif mark & AHEAD:
                    mark = _mark_before_unit(data, first, start, end, mark ^ AHEAD)
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
def _is_counted(data: Array, first: int, start: int, begins: Array) -> bool:
    """Whether the word before the one at `start` is a count, or begins as one does."""
    place = start - 2
    while place >= first and not (BREAKS[data[place]] and data[place + 1] > 32):
        place -= 1
    word = max(first, place + 1)
    return bool(INITIALS[data[word]] and begins[_begin_of(data, word)] & COUNT != 0)


@compiled
def _mark_before_unit(data: Array, first: int, start: int, end: int, mark: int) -> int:
    """What is left of the `mark` of the word at `start`, by the words beside it."""
    stop = start
    while stop < end and IS_LETTER[data[stop]]:
        stop += 1
    stop += byte_at(data, stop, end) == POINT  # sq. ft
    while stop < end and data[stop] <= SPACE:
        stop += 1
    behind = byte_at(data, stop, end)
    if not UNITS[behind]:
        return 0
    if mark & PER:
        place = start - 1
        while place >= first and data[place] <= SPACE:
            place -= 1
        while place > first and IS_LETTER[data[place]] and IS_LETTER[data[place - 1]]:
            place -= 1
        if place < first or not AMOUNTS[data[place]]:
            return RATE if behind | 0x20 == SMALL_C or behind > 127 else 0  # per cent
    return mark


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
def _mark_word(
    data: Array, start: int, end: int, words: Table, word_marks: Array
) -> int:
    """The mark of the word at `start`."""
    stop = start
    while stop < end and IS_LETTER[data[stop]]:
        stop += 1
    place = find(words, _hash_word(data, start, stop))
    return int(word_marks[place]) if place >= 0 else 0


@compiled
def _mark_slash(data: Array, position: int, end: int) -> int:
    """Whether a slash is before an hour or a second, as in km/h."""
    position += byte_at(data, position, end) == SPACE
    unit = byte_at(data, position, end) | 0x20
    return RATE if unit in (SMALL_H, SMALL_S) else 0


@compiled
def _mark_number(data: Array, position: int, end: int) -> int:
    """What may stand behind a digit; the byte behind it is at `position`."""
    if position + 1 >= end:
        return 0
    byte, after = data[position], data[position + 1] | 0x20
    if byte | 0x20 in (SMALL_M, SMALL_K):  # 60mph, 60kmh
        return RATE if after in (SMALL_M, SMALL_P) else 0
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
