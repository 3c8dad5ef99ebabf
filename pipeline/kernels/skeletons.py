"""What is left of a text without its names and without words that say nothing.

"Tom has 3 apples" and "Bob has 3 apples" have one skeleton, and so have "x + y = 3" and
"a + b = 3": a name of a person or of a variable is what comes first, second, third.
Texts that share a skeleton are near, however few of their words they share.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.edit_words import DEGREE, GRAM, GREEK, LITRE, METRE
from pipeline.kernels.hashing import BASIS, STEP, fmix64, fnv1a
from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN, token_code
from pipeline.kernels.names import Names, is_named
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.spelling import lower
from pipeline.kernels.utf8 import are_capitals, is_letter
from pipeline.kernels.variables import is_unit, is_variable
from pipeline.kernels.wording import CONTENT, PHRASE, TURN, Wording, role_of

LONGEST_PRODUCT = 4  # letters: xy, abc, and the points ABCD
LONGEST_ROUGH = 4  # consonants
CLOSES = np.frombuffer(b" }", np.uint8).copy()
VOWELS = np.zeros(256, np.bool_)
VOWELS[[*b"aeiouy", *range(128, 256)]] = True
SMALL_D, SMALL_S, SMALL_Z, BEYOND_LATIN, BACKSLASH = *b"dsz", 0xCE, ord("\\")
IN = uint64(token_code("in"))
UNITS = np.array([METRE, GRAM, LITRE], uint64)
LEAST_QUANTITIES = 2  # of a text with names of persons
LEAST_WORDS = 6  # of one without quantities and such names
PERSONS = 64  # so many are told apart, and so many Greek letters


@compiled
def hash_skeletons(
    data: Array, begins: Array, finishes: Array, codes: Array, kinds: Array,
    ends: Array, starts: Array, stops: Array, wording: Wording, names: Names,
) -> Array:  # fmt: skip
    """A uint64 for each text, 0 where it says too little; tokens as in `Tokens`.

    Without numbers and signs, names are what a puzzle is about: who is whose aunt.
    Text i is in `data` from `begins[i]` to `finishes[i]`.
    """
    out = np.zeros(len(ends) - 1, uint64)
    letters, persons = np.zeros(256, np.int64), np.zeros(PERSONS, uint64)
    for text in range(len(out)):
        begin, finish = begins[text], finishes[text]
        known = 0
        count = _number_letters(
            data, begin, finish, codes, ends[text], ends[text + 1], starts, stops,
            letters,
        )  # fmt: skip
        value, quantities, read = uint64(count), 0, 0
        for token in range(ends[text], ends[text + 1]):
            code, kind = codes[token], kinds[token]
            start, stop = begin + starts[token], begin + stops[token]
            if kind == BRACKET:
                continue
            if kind in (NUMBER, SIGN):
                quantities += 1
                if kind == SIGN:  # a dash, a bar of a table
                    continue
            elif _is_product(data, start, stop, letters):
                code = uint64(0)
                for position in range(
                    start + _is_differential(data, start, stop), stop
                ):
                    code = code * STEP + uint64(letters[data[position]])
            elif stop - start == 1 or is_in(code, UNITS):
                continue
            elif (data[start] == BACKSLASH and is_in(code, GREEK)) or is_named(
                codes, kinds, starts, stops, token, ends[text], ends[text + 1], names
            ):
                place = 0
                while place < known and persons[place] != code:
                    place += 1
                if place == known and known < PERSONS:
                    persons[known] = code
                    known += 1
                code = uint64(place + 1)
            else:
                role, meaning = role_of(data, start, stop, code, wording)
                if role not in (CONTENT, TURN, PHRASE):
                    continue
                rough = _hash_roughly(data, start, stop, code)
                code = uint64(meaning) if role == TURN else rough
            value, read = value * STEP + fmix64(code), read + 1
        is_long = known == 0 and read >= LEAST_WORDS
        if is_long or quantities >= (LEAST_QUANTITIES if known > 0 else 1):
            out[text] = fmix64(value)
    return out


@compiled
def _number_letters(
    data: Array, begin: int, finish: int, codes: Array, token: int, end: int,
    starts: Array, stops: Array, letters: Array,
) -> int:  # fmt: skip
    """Number the variables in `letters`, from 1 on; how many there are."""
    letters[:] = 0
    count = 0
    for number in range(token, end):
        start, stop = begin + starts[number], begin + stops[number]
        if not is_letter(data[start]) or stop - start > LONGEST_PRODUCT:
            continue
        if stop - start == 1:
            before = codes[number - 1] if number > token else uint64(0)
            unit = before == DEGREE or (before == IN and is_in(codes[number], UNITS))
            unit = unit or is_unit(data, begin, start)
            if unit or not is_variable(data, begin, finish, start):
                continue
            if data[start] == SMALL_D and _stands_before(data, start, stop, finish):
                continue
        elif not are_capitals(data, start, stop):
            continue
        for position in range(start, stop):
            if letters[data[position]] == 0:
                count += 1
                letters[data[position]] = count
    return count


@compiled
def _stands_before(data: Array, start: int, stop: int, finish: int) -> bool:
    r"""Whether a letter alone is right behind the d of dx: \,\mathrm{d}x."""
    while stop < finish and (data[stop] == CLOSES[0] or data[stop] == CLOSES[1]):
        stop += 1
    alone = stop < finish and is_letter(data[stop])
    return alone and not (stop + 1 < finish and is_letter(data[stop + 1]))


@compiled
def _hash_roughly(data: Array, start: int, stop: int, code: uint64) -> uint64:
    """A hash of the first consonants of a word; `code` beyond Latin letters.

    So colour is color, minimise is minimize, and Schueler is Schüler.
    """
    if data[start] >= BEYOND_LATIN:
        return code
    value, last, count = BASIS, np.uint8(0), 0
    for position in range(start, stop):
        byte = lower(data[position])
        if VOWELS[byte]:
            last = byte if byte < 128 else np.uint8(0)
            continue
        byte = np.uint8(SMALL_S) if byte == SMALL_Z else byte
        if byte != last and count < LONGEST_ROUGH:
            value, count = fnv1a(value, byte), count + 1
        last = byte
    return value


@compiled
def _is_product(data: Array, start: int, stop: int, letters: Array) -> bool:
    """Whether each letter of a short word is a variable: x, and xy beside x and y."""
    if not 0 < stop - start <= LONGEST_PRODUCT:
        return False
    position = start + _is_differential(data, start, stop)
    while position < stop and letters[data[position]] > 0:
        position += 1
    return bool(position == stop)


@compiled
def _is_differential(data: Array, start: int, stop: int) -> bool:
    """Whether a word of two letters is that of an integral: dx."""
    return bool(stop - start == 2 and data[start] == SMALL_D)
