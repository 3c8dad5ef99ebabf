"""What is left of a text without its names and without words that say nothing.

"Tom has 3 apples" and "Bob has 3 apples" have one skeleton, and so have "x + y = 3" and
"a + b = 3": a name of a person or of a variable is what comes first, second, third.
Texts that share a skeleton are near, however few of their words they share.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.edit_words import DEGREE
from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN
from pipeline.kernels.names import Names, is_person
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import is_letter
from pipeline.kernels.variables import is_variable
from pipeline.kernels.wording import CONTENT, TURN, Wording, role_of

LONGEST_PRODUCT = 3  # letters: xy, abc
LEAST_QUANTITIES = 2  # of a text with names of persons
PERSONS = 64  # so many are told apart


@compiled
def hash_skeletons(
    data: Array, begins: Array, finishes: Array, codes: Array, kinds: Array,
    ends: Array, starts: Array, stops: Array, wording: Wording, names: Names,
) -> Array:  # fmt: skip
    """A uint64 for each text, 0 where it has too few numbers; tokens as in `Tokens`.

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
        value, quantities = uint64(count), 0
        for token in range(ends[text], ends[text + 1]):
            code, kind = codes[token], kinds[token]
            start, stop = begin + starts[token], begin + stops[token]
            if kind == BRACKET:
                continue
            if kind in (NUMBER, SIGN):
                quantities += 1
            elif _is_product(data, start, stop, letters):
                code = uint64(0)
                for position in range(start, stop):
                    code = code * STEP + uint64(letters[data[position]])
            elif is_person(codes, kinds, token, ends[text], names):
                place = 0
                while place < known and persons[place] != code:
                    place += 1
                if place == known and known < PERSONS:
                    persons[known] = code
                    known += 1
                code = uint64(place + 1)
            elif role_of(data, start, stop, code, wording)[0] not in (CONTENT, TURN):
                continue
            value = value * STEP + fmix64(code)
        if quantities >= (LEAST_QUANTITIES if known > 0 else 1):
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
        start = begin + starts[number]
        if stops[number] - starts[number] != 1 or not is_letter(data[start]):
            continue
        is_unit = number > token and codes[number - 1] == DEGREE
        if is_unit or not is_variable(data, begin, finish, start):
            continue
        if letters[data[start]] == 0:
            count += 1
            letters[data[start]] = count
    return count


@compiled
def _is_product(data: Array, start: int, stop: int, letters: Array) -> bool:
    """Whether each letter of a short word is a variable: x, and xy beside x and y."""
    if not 0 < stop - start <= LONGEST_PRODUCT:
        return False
    position = start
    while position < stop and letters[data[position]] > 0:
        position += 1
    return bool(position == stop)
