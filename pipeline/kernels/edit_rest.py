"""What the words of two texts say that have no partner in the other one."""

import numpy as np
from numpy import uint64

from pipeline.kernels.edit_words import ENTITY, NONE, NOT, OR, PERSON, VARIABLE
from pipeline.kernels.latex_brackets import CLOSE, OPEN
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.wording import CONTENT, PRONOUN, SOFT, TURN

# What two texts are, by what differs: another problem; the same with other words;
# the same with words elsewhere; with other names; nothing.
TURNED, REWORDED, MOVED, RENAMED, EQUAL = 0, 1, 2, 3, 4
PARTIAL = 5  # a name stands for another: whole texts must be looked at


@compiled
def is_renamed(identity: Array, partner: Array, sizes: Array) -> bool:
    for word in range(sizes[0]):
        other = partner[0, word]
        if other >= 0 and identity[0, word] != identity[1, other]:
            return True
    return False


@compiled
def judge_turns(
    identity: Array, role: Array, meaning: Array, partner: Array, sizes: Array
) -> int:
    """TURNED if words that turn a problem round differ, or soft ones or pronouns do.

    REWORDED at best if two of them changed places, or "not", "or" or a bracket did.
    """
    level = EQUAL
    bags = np.zeros((2, 3, sizes.max()), np.int64)
    counts = np.zeros((2, 3), np.int64)
    renamed = moves_logic = moves_bracket = False
    for side in range(2):
        for word in range(sizes[side]):
            what = role[side, word]
            if side == 0 and what == PERSON and partner[0, word] >= 0:
                renamed |= identity[0, word] != identity[1, partner[0, word]]
            if partner[side, word] != NONE:
                continue
            moves_bracket |= identity[side, word] in (OPEN, CLOSE)
            if what in (TURN, SOFT, PRONOUN):
                moves_logic |= identity[side, word] in (NOT, OR)
                bags[side, what - TURN, counts[side, what - TURN]] = meaning[side, word]
                counts[side, what - TURN] += 1
    for what in range(3):
        if what > 0 and (counts[:, what].min() == 0 or (what == 2 and renamed)):
            continue
        if counts[0, what] != counts[1, what]:
            return TURNED
        left, right = bags[0, what, : counts[0, what]], bags[1, what, : counts[1, what]]
        left.sort()
        right.sort()
        if (left != right).any():
            return TURNED
        if what == 0 and len(left) > 0 and (moves_logic or left[0] != left[-1]):
            level = REWORDED
    return REWORDED if moves_bracket else level


@compiled
def judge_rest(identity: Array, role: Array, partner: Array, sizes: Array) -> int:
    """REWORDED, MOVED or EQUAL, from the words that have no partner at all."""
    rest = np.zeros((2, sizes.max()), uint64)
    counts = np.zeros(2, np.int64)
    moves = True
    for side in range(2):
        for word in range(sizes[side]):
            what = role[side, word]
            if partner[side, word] != NONE or what not in (
                CONTENT, ENTITY, PERSON, VARIABLE
            ):  # fmt: skip
                continue
            moves &= what == CONTENT
            rest[side, counts[side]] = identity[side, word]
            counts[side] += 1
    if counts.max() == 0:
        return EQUAL
    left, right = rest[0, : counts[0]], rest[1, : counts[1]]
    if not moves or len(left) != len(right):
        return REWORDED
    left.sort()
    right.sort()
    return MOVED if (left == right).all() else REWORDED
