"""What may stand before a problem: labels, points, numbers.

It is looked for right before the patterns are run, in the text as it is then, so that
a text without any pays for no pattern.
"""

import numpy as np

from pipeline.kernels.layout_lines import CLOSE, FULL_STOP, SPACE, TAB, end_of_line
from pipeline.kernels.layout_marks import OPEN, OPEN_SQUARE, ROMAN, SMALL_Q
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter

LABELLED, NUMBERED = 1, 2  # bits
SMALL_A, COLON = b"a:"


@compiled
def find_openings(data: Array, offsets: Array, begins: Array) -> Array:
    """What lines of each text may begin with, as bits: a label, points or a number.

    `begins` (bool) says of three letters, 5 bits of each, whether a label does.
    """
    out = np.zeros(len(offsets) - 1, np.uint8)
    for row in range(len(out)):
        line, end = offsets[row], offsets[row + 1]
        while line < end and out[row] < LABELLED | NUMBERED:
            place = _skip_blanks(data, line, end)
            out[row] |= _mark_opening(data, place, end, begins)
            line = end_of_line(data, place, end) + 1
    return out


@compiled
def _skip_blanks(data: Array, place: int, end: int) -> int:
    while byte_at(data, place, end) in (SPACE, TAB):
        place += 1
    return place


@compiled
def _mark_opening(data: Array, place: int, end: int, begins: Array) -> int:
    one, two, three = (
        byte_at(data, place, end),
        byte_at(data, place + 1, end),
        byte_at(data, place + 2, end),
    )
    if not is_letter(one):
        if one in (OPEN, OPEN_SQUARE):  # [5 points]
            place = _skip_blanks(data, place + 1, end)
            return NUMBERED if is_digit(data, place, end) else 0
        return LABELLED if one > 127 else 0
    if not is_letter(two):
        is_answer = one | 0x20 == SMALL_A and two == COLON
        return LABELLED if two > 127 or is_answer or one | 0x20 == SMALL_Q else 0
    mark = NUMBERED if _is_roman(data, place, end) else 0
    if three > 127:
        return mark | LABELLED
    if is_letter(three) and begins[one & 31, two & 31, three & 31]:
        mark |= LABELLED
    return mark


@compiled
def _is_roman(data: Array, place: int, end: int) -> bool:
    """Whether letters of Roman numbers stand at `place`, and a closer behind."""
    while ROMAN[byte_at(data, place, end)]:
        place += 1
    return bool(byte_at(data, place, end) in (FULL_STOP, CLOSE))
