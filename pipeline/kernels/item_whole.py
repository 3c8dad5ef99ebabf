"""Where a text holds a benchmark item token for token, and does not go on with it."""

import numpy as np
from numpy import int32, uint64

from pipeline.kernels.item_overlap import Row
from pipeline.kernels.latex_vocabulary import NUMBER, SIGN, token_code
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import starts_with

BAR = uint64(token_code("|"))
# Signs with which no formula goes on, and those that are no operand either.
ENDS = np.array([token_code(sign) for sign in (*'=?.,;:_"', "::")], uint64)
MARKS = np.array([token_code(sign) for sign in '?.,;:_"*#~'], uint64)
# Short words that begin a sentence, and are no variables.
PROSE = "as", "at", "he", "if", "in", "it", "on", "to", "we"
WORDS = np.array([token_code(word) for word in PROSE])
FAR = 3  # bytes, such as a bracket, between a sign and its operand


@compiled
def find_whole_items(
    rows: Row, begin: Array, end: Array, row: Array, items: Row, item: Array
) -> tuple[Array, Array]:
    """Where an item is in a row, token for token: (position int32 or -1, goes on bool).

    `begin` and `end` int32 are bytes of the rows' tokens. A formula goes on where a
    sign stands right beside it: 3+5 in 3+5-2 does, in "3+5 = ?" and "3+5? - Go!" not.
    """
    codes, kinds, ends = rows
    positions = np.full(len(row), -1, int32)
    goes_on = np.zeros(len(row), np.bool_)
    for pair in range(len(row)):
        start, stop = ends[row[pair]], ends[row[pair] + 1]
        sought = items[0][items[2][item[pair]] : items[2][item[pair] + 1]]
        for position in range(start, stop - len(sought) + 1):
            if not starts_with(codes, position, stop, sought):
                continue
            last = position + len(sought) - 1
            text = codes[start:stop], kinds[start:stop]
            spans = begin[start:stop], end[start:stop]
            here, there = position - start, last - start
            before = _goes_on(*text, *spans, here, here - 1)
            behind = _goes_on(*text, *spans, there, there + 1)
            positions[pair] = position - start
            goes_on[pair] = before or behind
            if not goes_on[pair]:
                break
    return positions, goes_on


@compiled
def _goes_on(
    codes: Array, kinds: Array, begin: Array, end: Array, token: int, sign: int
) -> bool:
    """Whether a number, a sign, or a letter or two has a `sign` right beside it.

    And behind the sign an operand: a bullet, or an asterisk of Markdown, has none, and
    bars with space around them part the cells of a table.
    """
    beyond = 2 * sign - token
    if not (0 <= sign < len(kinds) and 0 <= beyond < len(kinds)):
        return False
    is_short = end[token] - begin[token] <= 2
    if sign < token < len(kinds) - 1:  # "A glass" after a sign is no formula
        is_short &= kinds[token + 1] in (NUMBER, SIGN) or (
            end[token + 1] - begin[token + 1] <= 2
        )
        is_short &= not (codes[token] == WORDS).any()
    in_formula = kinds[token] in (NUMBER, SIGN) or is_short
    if (codes[sign] == ENDS).any() or (codes[beyond] == MARKS).any():
        return False
    operand = kinds[beyond] in (NUMBER, SIGN) or end[beyond] - begin[beyond] <= 2
    near = begin[max(token, sign)] - end[min(token, sign)] <= int(codes[sign] != BAR)
    far = begin[max(beyond, sign)] - end[min(beyond, sign)]
    return bool(kinds[sign] == SIGN and near and far <= FAR and in_formula and operand)
