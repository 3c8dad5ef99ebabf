"""Where a text holds a benchmark item token for token, and does not go on with it."""

import numpy as np
from numpy import int32, uint64

from pipeline.kernels.item_overlap import Row
from pipeline.kernels.latex_lexemes import starts_with
from pipeline.kernels.latex_vocabulary import NUMBER, SIGN, token_code
from pipeline.kernels.shards import Array, compiled

EQUALS = uint64(token_code("="))


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
            before = position > start and _goes_on(
                kinds, begin, end, position, position - 1
            )
            behind = last + 1 < stop and codes[last + 1] != EQUALS
            behind = behind and _goes_on(kinds, begin, end, last, last + 1)
            positions[pair] = position - start
            goes_on[pair] = before or behind
            if not goes_on[pair]:
                break
    return positions, goes_on


@compiled
def _goes_on(kinds: Array, begin: Array, end: Array, token: int, beside: int) -> bool:
    """Whether a number, a sign, or a letter or two has a sign right beside it."""
    gap = begin[max(token, beside)] - end[min(token, beside)]
    in_formula = kinds[token] in (NUMBER, SIGN) or end[token] - begin[token] <= 2
    return bool(kinds[beside] == SIGN and gap <= 1 and in_formula)
