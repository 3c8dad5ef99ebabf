"""What in a text has a name of its own, and whether something else stands in its place.

Persons are all one: whoever buys apples, it is the same problem. Any other capital word
inside a sentence is an entity: Germany is not France, and Monday not Thursday. Words
that turn a problem round (largest, smallest; not) are known by their meaning.
"""

from typing import Any

import numpy as np
from numpy import int32, uint8, uint64

from pipeline.kernels.hash_table import find_slot, may_hold
from pipeline.kernels.latex_vocabulary import NAME, WORD, token_code
from pipeline.kernels.names import Names, is_person
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import ONES, first_bytes, load_eight, trailing_zeros
from pipeline.kernels.utf8 import is_letter
from pipeline.kernels.wording import FILLER, TURN, Wording, role_of_stem

CAPITAL, ENTITY = uint8(1), uint8(2)
PERSON = uint64(token_code("\0person"))  # whoever it is
NAMES = ONES * uint64(NAME)  # a bit that no other kind has
NEWLINE = ord("\n")
ENDS, INSIDE = tuple(b".?!:;"), tuple(b",$)]}%'-")  # of a sentence, and within it


@compiled
def hide_persons(
    codes: Array, kinds: Array, ends: Array, persons: Names, names: Array
) -> None:
    """Give every person one code, in place.

    `names` (uint64, may be empty) gets the codes that were there before.
    """
    (given, keys, values), (family, _, _) = persons[0], persons[1]
    named = -1  # a person, whose code the next token is still judged by
    for row in range(len(ends) - 1):
        for block in range(ends[row], ends[row + 1], 8):
            capital = load_eight(kinds, block) & NAMES
            if block + 8 > ends[row + 1]:
                capital &= first_bytes(ends[row + 1] - block)
            while capital:
                position: Any = block + np.int64(trailing_zeros(capital) >> uint64(3))
                capital &= capital - uint64(1)
                code, person = codes[position], False
                if may_hold(given, code):
                    person = values[find_slot(keys, values, code, 0)] >= 0
                if not person and may_hold(family, code):
                    person = is_person(codes, kinds, position, ends[row], persons)
                if named >= 0:
                    _hide(codes, named, names)
                named = position if person else -1
    if named >= 0:
        _hide(codes, named, names)


@inlined
def _hide(codes: Array, position: int, names: Array) -> None:
    if len(names):
        names[position] = codes[position]
    codes[position] = PERSON


@compiled
def mark_entities(
    data: Array, offsets: Array, ends: Array, starts: Array, stops: Array
) -> Array:
    """CAPITAL for words with a capital, ENTITY for those inside a sentence, else 0.

    `data` uint8 and `offsets` are the texts; row i has the tokens `ends[i]` to
    `ends[i + 1]`, from byte `starts` to `stops` of it. A text in capitals has none.
    """
    marks = np.zeros(len(starts), uint8)
    for row in range(len(offsets) - 1):
        first, last = ends[row], ends[row + 1]
        words, capitals = 0, 0
        for token in range(first, last):
            start = offsets[row] + starts[token]
            stop = offsets[row] + stops[token]
            if stop - start < 2 or not is_letter(data[start]):
                continue
            words += 1
            if not 65 <= data[start] <= 90 or not is_letter(data[start + 1]):
                continue
            capitals += 1
            inside = _is_inside(data, offsets[row], start)
            marks[token] = ENTITY if inside else CAPITAL
        if 2 * capitals > words:
            marks[first:last] = 0
    return marks


@compiled
def _is_inside(data: Array, begin: int, start: int) -> bool:
    """Whether what stands before `start` does not end a sentence."""
    lines = 0
    while start > begin:
        start -= 1
        byte = data[start]
        lines += byte == NEWLINE
        if is_letter(byte) or 48 <= byte <= 57 or byte in INSIDE:
            return bool(lines < 2)
        if byte in ENDS:
            return False
    return False


@compiled
def count_replaced(
    codes: Array,
    begin: int,
    end: int,
    item: Array,
    entities: Array,
    renamed: Array,
) -> int:
    """How many entities of the item have given way to something else.

    `entities` are marks of `mark_entities`. One that is nowhere in the part has, where
    the two tokens before it, or those behind it, are there and stand beside another
    token. If that is a person, so is the entity, though no list has its name: it is
    noted in `renamed` (bool) and not counted.
    """
    count = 0
    part = codes[begin:end]
    for place in range(len(item)):
        if entities[place] == 0 or renamed[place] or _holds(part, item[place]):
            continue
        persons, others = 0, 0
        for position in range(len(part)):
            if _stands_for(part, position, item, place):
                persons += part[position] == PERSON
                others += part[position] != PERSON
        if persons:
            renamed[: len(item)] |= item == item[place]
        count += entities[place] == ENTITY and others > 0 and not persons
    return count


@compiled
def _stands_for(part: Array, position: int, item: Array, place: int) -> bool:
    """Whether a token of the part has the neighbours of one of the item, on a side."""
    last, end = len(item) - 1, len(part) - 1
    if place > 0 and position > 0 and part[position - 1] == item[place - 1]:
        far = place < 2 or position < 2 or part[position - 2] == item[place - 2]
        if far and not (place < last and part[position] == item[place + 1]):
            return True
    if place < last and position < end and part[position + 1] == item[place + 1]:
        far = (
            place + 2 > last
            or position + 2 > end
            or part[position + 2] == item[place + 2]
        )
        return bool(far and not (place > 0 and part[position] == item[place - 1]))
    return False


@compiled
def mark_turns(
    data: Array, offsets: Array, ends: Array, starts: Array, stops: Array,
    codes: Array, kinds: Array, words: Wording, negations: Array, entities: Array,
) -> Array:  # fmt: skip
    """The meaning of words that turn a problem round, int32; 0 for other tokens.

    That of a negation (`negations` are the meanings of such) is below 0. Arrays are as
    `mark_entities` takes them, `codes` and `kinds` those of the tokens; `entities` are
    its marks, and lose those of words such as "Compute", which name nothing.
    """
    turns = np.zeros(len(starts), int32)
    (bloom, keys, values), roles, meanings, stems, stem_roles, stem_meanings = words
    for row in range(len(offsets) - 1):
        for token in range(ends[row], ends[row + 1]):
            if kinds[token] not in (WORD, NAME) or stops[token] - starts[token] < 2:
                continue
            place = -1
            if may_hold(bloom, codes[token]):
                place = values[find_slot(keys, values, codes[token], 0)]
            if place >= 0:
                role, meaning = roles[place], meanings[place]
            else:
                start, stop = offsets[row] + starts[token], offsets[row] + stops[token]
                role, meaning = role_of_stem(
                    data, start, stop, stems, stem_roles, stem_meanings
                )
            if role == TURN:
                is_negation = (negations == meaning).any()
                turns[token] = -meaning if is_negation else meaning
            elif role == FILLER:
                entities[token] = 0
    return turns


@compiled
def count_turned(part: Array, item: Array) -> int:
    """Whether words that turn a problem round differ: `mark_turns` of both.

    2 where a negation is in one of them only, 1 where each has a meaning that the other
    lacks.
    """
    lacking, lacking_negation = _lacks(part, item)
    added, added_negation = _lacks(item, part)
    if lacking_negation or added_negation:
        return 2
    return int(lacking and added)


@compiled
def _lacks(these: Array, others: Array) -> tuple[bool, bool]:
    """Whether `these` lack one of the meanings of `others`, and whether a negation."""
    lacking, negation = False, False
    for meaning in others:
        if meaning != 0 and not _holds(these, meaning):
            lacking = True
            negation = negation or meaning < 0
    return lacking, negation


@compiled
def _holds(these: Array, value: Any) -> bool:
    place = 0
    while place < len(these) and these[place] != value:
        place += 1
    return place < len(these)
