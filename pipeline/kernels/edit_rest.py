"""What the words of two texts say that have no partner in the other one."""

import numpy as np

from pipeline.kernels.edit_words import (
    ENTITY,
    NONE,
    NOT,
    OR,
    PERSON,
    QUANTITY,
    VARIABLE,
)
from pipeline.kernels.latex_brackets import CLOSE, OPEN, is_in
from pipeline.kernels.latex_vocabulary import split, token_code
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.wording import (
    CONTENT,
    KIND_BITS,
    LIGHT,
    PHRASE,
    PRONOUN,
    SOFT,
    TURN,
)

# What two texts are, by what differs: another problem; the same with other words;
# told in other phrases; with words elsewhere; with other names; nothing.
TURNED, REWORDED, PHRASED, MOVED, RENAMED, EQUAL = 0, 1, 2, 3, 4, 5
# Some cats are black, all sleep; all are black, and some sleep.
SOME, ALL = (
    np.array([token_code(word) for word in split(words)], np.uint64)
    for words in ("some no none only", "all every each any")
)
PARTIAL = 6  # a name stands for another: whole texts must be looked at


@compiled
def is_renamed(identity: Array, partner: Array, sizes: Array) -> bool:
    for word in range(sizes[0]):
        other = partner[0, word]
        if other >= 0 and identity[0, word] != identity[1, other]:
            return True
    return False


@compiled
def judge_turns(
    identity: Array, role: Array, meaning: Array, partner: Array, sizes: Array,
    agree: bool, bags: Array,
) -> int:  # fmt: skip
    """TURNED if words that turn a problem round differ, or soft ones or pronouns do.

    REWORDED at best if light ones come beside the others, if two changed places, or
    "not", "or" or a bracket did,
    also with a number, where these `agree`: 4 or 6 and 7, and 4 and 6 or 7.
    `bags` int64 (2, 3, words) is room for work.
    """
    level = EQUAL
    counts, quantities = np.zeros((2, 3), np.int64), np.zeros(2, np.int64)
    renamed = moves_logic = moves_bracket = has_logic = False
    moves_some = moves_all = False
    for side in range(2):
        for word in range(sizes[side]):
            what = role[side, word]
            if side == 0 and what == PERSON and partner[0, word] >= 0:
                renamed |= identity[0, word] != identity[1, partner[0, word]]
            if partner[side, word] != NONE:
                has_logic |= identity[side, word] in (NOT, OR)
                continue
            quantities[side] += what == QUANTITY
            moves_bracket |= identity[side, word] in (OPEN, CLOSE)
            moves_some |= is_in(identity[side, word], SOME)
            moves_all |= is_in(identity[side, word], ALL)
            if what in (TURN, SOFT, PRONOUN):
                moves_logic |= identity[side, word] in (NOT, OR)
                bags[side, what - TURN, counts[side, what - TURN]] = meaning[side, word]
                counts[side, what - TURN] += 1
    for what in range(3):
        count, other = counts[0, what], counts[1, what]
        if what > 0 and (min(count, other) == 0 or (what == 2 and renamed)):
            continue
        if max(count, other) == 0:
            continue
        left, right = bags[0, what, :count], bags[1, what, :other]
        if not _are_equal_bags(left, right):
            if what == 0 and not _comes_and_goes(left, right):
                return TURNED
            level = REWORDED
            continue
        moves_logic |= moves_some and moves_all
        if what == 0 and (moves_logic or left[0] != left[-1]):
            level = REWORDED
        elif what == 0 and left[0] >> KIND_BITS == 0 and not (moves_some or moves_all):
            level = min(level, MOVED)  # from least to greatest, from greatest to least
    crosses = agree and has_logic and quantities.min() > 0
    if counts[0, 0] > 0:
        crosses = crosses or _cross_kinds(role, meaning, partner, sizes)
    return REWORDED if moves_bracket or crosses else level


@compiled
def _cross_kinds(role: Array, meaning: Array, partner: Array, sizes: Array) -> bool:
    """Whether two words of a kind changed places: from km to miles, miles to km."""
    for word in range(sizes[0]):
        kind = meaning[0, word] >> KIND_BITS
        if role[0, word] != TURN or partner[0, word] != NONE or kind == 0:
            continue
        for other in range(sizes[1]):
            if role[1, other] != TURN or partner[1, other] != NONE:
                continue
            if meaning[1, other] != meaning[0, word]:
                continue
            for between in range(sizes[0]):
                match = partner[0, between]
                if match < 0 or meaning[0, between] >> KIND_BITS != kind:
                    continue
                if (between < word) != (match < other):
                    return True
    return False


@compiled
def _comes_and_goes(left: Array, right: Array) -> bool:
    """Whether one of two sorted arrays has all of the other, and LIGHT ones beside."""
    more, less = (left, right) if len(left) > len(right) else (right, left)
    place = 0
    for meaning in more:
        if place < len(less) and less[place] == meaning:
            place += 1
        elif not meaning & LIGHT:
            return False
    return place == len(less)


@compiled
def _are_equal_bags(left: Array, right: Array) -> bool:
    """Whether two arrays hold the same; they are sorted then."""
    left.sort()
    right.sort()
    if len(left) != len(right):
        return False
    place = 0
    while place < len(left) and left[place] == right[place]:
        place += 1
    return place == len(left)


@compiled
def judge_rest(
    identity: Array, role: Array, partner: Array, sizes: Array, rest: Array
) -> int:
    """REWORDED to EQUAL, from the words that have no partner at all.

    `rest` uint64 (2, words) is room for work.
    """
    counts, level = np.zeros(2, np.int64), EQUAL
    moves = True
    for side in range(2):
        for word in range(sizes[side]):
            what = role[side, word]
            if partner[side, word] != NONE:
                continue
            if what == PHRASE:
                level = PHRASED
            if what not in (CONTENT, ENTITY, PERSON, VARIABLE):
                continue
            moves &= what == CONTENT
            rest[side, counts[side]] = identity[side, word]
            counts[side] += 1
    if counts.max() == 0:
        return level
    left, right = rest[0, : counts[0]], rest[1, : counts[1]]
    if not moves or len(left) != len(right):
        return REWORDED
    return min(level, MOVED) if _are_equal_bags(left, right) else REWORDED
