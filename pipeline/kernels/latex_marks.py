"""Marks of sentences that may be signs: `n!`, `f'(x)`, `5, ?, 15`, `~5`.

Each reader looks at a few bytes around, or over a run once: the whole is linear.
"""

from typing import Any

import numpy as np
from numpy import uint8

from pipeline.kernels.latex_lexemes import ends_sentence
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at, is_letter, starts_with

(EXCLAMATION, AMPERSAND, APOSTROPHE, OPEN, STAR, PLUS, EQUALS, QUESTION, BACKSLASH,
 TILDE, DOLLAR, COMMA, QUOTE, TICK) = b"!&'(*+=?\\~$,\"`"  # fmt: skip
CLOSE, CLOSE_SQUARE, CLOSE_BRACE, OPEN_BRACE, NEWLINE = b")]}{\n"
CLOSERS = np.zeros(256, np.bool_)  # what a word or a formula ends in
CLOSERS[list(b")]}$\"'%!.")] = True
EXISTS = np.frombuffer("∃".encode(), np.uint8).copy()
RUN = 4  # marks that are looked at before and behind one
FORMULA_BYTES = 256  # from a tie to the dollar of its formula
# What may stand behind the apostrophe of a word: 's, 'm, 'd, 't.
ENDINGS = np.frombuffer(b"smdt", np.uint8).copy()


@compiled
def is_alphanumeric(byte: Any) -> bool:
    """Whether a letter or a digit, or a part of a character beyond ASCII."""
    return bool(is_letter(byte) or 48 <= byte <= 57 or byte > 127)


@compiled
def is_single(data: Array, first: int, place: int, end: int) -> bool:
    """Whether the letter at `place` stands alone, as a variable does."""
    if place < first or place >= end or not is_letter(data[place]):
        return False
    if place > first and (is_letter(data[place - 1]) or data[place - 1] > 127):
        return False
    return not is_letter(byte_at(data, place + 1, end))


@compiled
def left_byte(data: Array, first: int, place: int) -> int:
    """The byte before `place` on its line, blanks left out; 0 if there is none."""
    place -= 1
    while place >= first and data[place] == 32:
        place -= 1
    return int(data[place]) if place >= first else 0


@compiled
def right_byte(data: Array, place: int, end: int) -> int:
    """The byte at `place` or behind the blanks there; 0 if there is none."""
    while place < end and data[place] == 32:
        place += 1
    return int(data[place]) if place < end else 0


@compiled
def is_factorial(data: Array, first: int, start: int, end: int) -> bool:
    """Whether "!" is a factorial, or not: `5! =`, `n!`, `!x`; "Take 5! How" is none."""
    before = data[start - 1] if start > first else uint8(0)
    after = byte_at(data, start + 1, end)
    if before <= 32 or before in (OPEN, AMPERSAND):
        return is_alphanumeric(after) or after == OPEN
    if start - 3 >= first and starts_with(data, start - 3, end, EXISTS):
        return True
    operand = 48 <= before <= 57 or before in (CLOSE, CLOSE_BRACE, CLOSE_SQUARE)
    operand = operand or is_single(data, first, start - 1, end)
    if before == EXCLAMATION and start - 2 >= first:  # n!!
        operand = 48 <= data[start - 2] <= 57 or is_single(data, first, start - 2, end)
    if start + 1 == end:
        return bool(operand)
    return bool(operand) and not ends_sentence(data, start + 1, end)


@compiled
def is_prime(data: Array, first: int, start: int, end: int) -> bool:
    """Whether "'" is a prime: f'(x), y'', A'B', (uv)', 30'; Tom's has none."""
    after = byte_at(data, start + 1, end)
    place = start - 1
    while place >= first and start - place < 4 and data[place] == APOSTROPHE:
        place -= 1
    if place < first:
        return False
    before = data[place]
    if before == 32:  # φ' comes as "\phi '"
        return bool(after == OPEN)
    if before in (CLOSE, CLOSE_SQUARE, CLOSE_BRACE):
        return not is_letter(after)
    if 48 <= before <= 57:
        steps = 0
        while place >= first and steps < 12 and 46 <= data[place] <= 57:
            place, steps = place - 1, steps + 1
        quoted = place >= first and (
            data[place] == APOSTROPHE or is_letter(data[place])
        )
        return not quoted and not is_letter(after)
    if is_letter(after):
        if not is_single(data, start, start + 1, end):
            return False
        for ending in ENDINGS:
            if after == ending:
                return False
    if is_single(data, first, place, start):
        return place == first or data[place - 1] not in (APOSTROPHE, QUOTE, TICK)
    steps = 0  # \phi'
    while place >= first and steps < 12 and is_letter(data[place]):
        place, steps = place - 1, steps + 1
    return bool(place >= first and data[place] == BACKSLASH)


@compiled
def is_unknown(data: Array, first: int, start: int, end: int) -> bool:
    """Whether "?" is an unknown, as in 5, ?, 15; else it ends a sentence."""
    place, begin = start + 1, start  # of a run of marks, which are read as one
    while place < min(end, start + RUN) and data[place] in (QUESTION, EXCLAMATION):
        place += 1
    while begin > max(first, start - RUN) and data[begin - 1] == QUESTION:
        begin -= 1
    before = data[begin - 1] if begin > first else uint8(0)
    after = byte_at(data, place, end)
    if is_alphanumeric(before) or CLOSERS[before]:  # ab?c
        glued = 97 <= after <= 122 or 48 <= after <= 57
        return bool(glued or after in (EQUALS, STAR, PLUS))
    right = right_byte(data, place, end)
    if right == BACKSLASH:  # x ? \], behind the formula
        while data[place] != BACKSLASH:
            place += 1
        if byte_at(data, place + 1, end) in (CLOSE, CLOSE_SQUARE):
            right = right_byte(data, place + 2, end)
    left = left_byte(data, first, begin)
    if left == NEWLINE and right == 0:  # the last line of a text
        left = _byte_before_blanks(data, first, begin)
    if not (is_alphanumeric(left) or CLOSERS[left] or left == QUESTION):
        return True
    return bool(
        right > 32 and not 65 <= right <= 90 and right not in (QUOTE, OPEN, 127)
    )


@compiled
def _byte_before_blanks(data: Array, first: int, place: int) -> int:
    place -= 1
    while place >= first and data[place] <= 32:
        place -= 1
    return int(data[place]) if place >= first else 0


@compiled
def is_tie(data: Array, first: int, start: int, end: int) -> bool:
    """Whether "~" is the space of LaTeX: 5~miles, x~=~5; in ~5 and X~N it is a sign."""
    if start == first or start + 1 >= end:
        return False
    before, after = data[start - 1], data[start + 1]
    if 48 <= before <= 57 and 48 <= after <= 57:
        return False
    if before == OPEN_BRACE and start - 2 >= first and is_letter(data[start - 2]):
        return True  # 5\mathrm{~cm}
    left = is_alphanumeric(before) or CLOSERS[before] or before in (COMMA, QUESTION)
    right = is_alphanumeric(after) or after in (DOLLAR, BACKSLASH, OPEN, QUESTION)
    if not (left and right):
        return (
            byte_at(data, start + 2, end) == TILDE
            or (start - 2 >= first and data[start - 2] == TILDE)
            or (
                not (before == 32 and after == 32)
                and _in_dollars(data, first, start, end)
            )
        )
    return not (
        is_single(data, first, start - 1, end)
        and is_single(data, first, start + 1, end)
    )


@compiled
def _in_dollars(data: Array, first: int, place: int, end: int) -> bool:
    """Whether `place` is within the dollars of a formula, near enough to both."""
    opened = False
    for position in range(max(first, place - FORMULA_BYTES), place):
        if data[position] == DOLLAR:
            opened = not opened
        elif data[position] == NEWLINE:
            opened = False
    if opened:
        for position in range(place, min(end, place + FORMULA_BYTES)):
            if data[position] == DOLLAR:
                return True
    return False
