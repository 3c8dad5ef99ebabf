r"""Signs of ASCII: what each means beside its neighbours, or that it means nothing.

A full stop, a comma, a quote leave no trace; every other sign is a token unless it
stands as punctuation does: `!` behind a word, `?` at the end of a sentence, `-` in
well-known, `'` in Tom's, `~` between words. So the dots of a maze are read and those of
sentences are not, and `f''(2)`, `5, ?, 15`, `n!`, `0.666...`, `a : b` keep their signs.

Each reader looks at a few bytes around, or over a run once: the whole is linear.
"""

from typing import Any

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.latex_lexemes import ends_sentence, is_hyphen
from pipeline.kernels.latex_vocabulary import (
    CELL,
    NEGATED,
    SIGN,
    SKIP,
    TOKEN,
    token_code,
)
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter, starts_with

SIGNS = np.zeros(128, np.uint64)  # the code of each ASCII sign
for _sign in "+-*/=<>^%|!'#@&~_?;.:":
    SIGNS[ord(_sign)] = token_code(_sign)
SIGNS[ord(":")] = token_code("/")  # a ratio
LE, GE, POWER, ARROW, IMPLIES, EQUIVALENT, ELLIPSIS, BAR, BLANK, SCOPE = (
    uint64(token_code(sign))
    for sign in ("≤", "≥", "^", "→", "⇒", "⇔", "…", "|", "__", "::")
)
(EXCLAMATION, AMPERSAND, APOSTROPHE, OPEN, CLOSE, STAR, MINUS, POINT, COLON, SEMICOLON,
 LESS, EQUALS, GREATER, QUESTION, UNDERSCORE, OPEN_BRACE, CLOSE_BRACE, TILDE, BACKSLASH,
 OPEN_SQUARE, CLOSE_SQUARE, DOLLAR, COMMA) = b"!&'()*-.:;<=>?_{}~\\[]$,"  # fmt: skip
CLOSERS = np.zeros(256, np.bool_)  # what a word or a formula ends in
CLOSERS[list(b")]}$\"'%!.")] = True
DRAWN_BEFORE, DRAWN_AFTER = np.zeros((2, 256), np.bool_)
DRAWN_BEFORE[list(b"#@=~+")] = True
DRAWN_AFTER[list(b"#@=~+*|-_/")] = True
SPACED_ELLIPSIS = np.frombuffer(b". . .", np.uint8).copy()
EXISTS = np.frombuffer("∃".encode(), np.uint8).copy()
NEWLINE, CELL_BAR = 10, ord("|")  # | . | is a cell of a board
RUN = 4  # marks that are looked at before and behind one
FORMULA_BYTES = 256  # from a tie to the dollar of its formula
LONGEST_SET = 48  # bytes from its brace to its colon
# What may stand behind the apostrophe of a word: 's, 'm, 'd, 't.
ENDINGS = np.frombuffer(b"smdt", np.uint8).copy()

Lexeme = tuple[uint64, int, int, int]  # code, kind, action, where it ends


@compiled
def read_sign(data: Array, first: int, start: int, end: int) -> Lexeme:
    """The sign at `start` of a text that begins at `first`."""
    byte, position = data[start], start + 1
    before = data[start - 1] if start > first else uint8(0)
    after = byte_at(data, position, end)
    code, stays = SIGNS[byte], True
    if byte == MINUS:
        return _read_minus(data, first, start, end)
    if byte == POINT:
        return _read_points(data, first, start, end)
    if byte == STAR and after == STAR:
        return POWER, SIGN, TOKEN, position + 1
    if byte == AMPERSAND:
        return code, SIGN, CELL, position
    if byte == EXCLAMATION:
        if after == EQUALS:
            return SIGNS[EQUALS], SIGN, NEGATED, position + 1
        stays = _is_factorial(data, first, start, end)
    elif byte in (LESS, GREATER, EQUALS):
        return _read_relation(data, start, end)
    elif byte == COLON:
        code, position = _read_colon(data, first, start, end)
        stays = code != 0
    elif byte == SEMICOLON:  # between the rows of a matrix
        row = is_digit(data, start - 1, end) if start > first else False
        next_ = right_byte(data, position, end)
        stays = row and (48 <= next_ <= 57 or next_ == MINUS)
        stays = stays or (before == CLOSE_SQUARE and next_ == OPEN_SQUARE)
    elif byte == APOSTROPHE:
        stays = _is_prime(data, first, start, end)
    elif byte == QUESTION:
        stays = _is_unknown(data, first, start, end)
    elif byte == UNDERSCORE:
        if after == UNDERSCORE:
            while byte_at(data, position, end) == UNDERSCORE:
                position += 1
            return BLANK, SIGN, TOKEN, position
        stays = not (is_letter(before) and _is_index(data, position, end))
    elif byte == TILDE:
        stays = not _is_tie(data, first, start, end)
    return code, SIGN, TOKEN if stays else SKIP, position


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
def _read_relation(data: Array, start: int, end: int) -> Lexeme:
    byte, after = data[start], byte_at(data, start + 1, end)
    if after == EQUALS and byte != EQUALS:
        if byte == LESS and byte_at(data, start + 2, end) == GREATER:
            return EQUIVALENT, SIGN, TOKEN, start + 3
        return LE if byte == LESS else GE, SIGN, TOKEN, start + 2
    if byte == EQUALS and after == GREATER:
        return IMPLIES, SIGN, TOKEN, start + 2
    return SIGNS[byte], SIGN, TOKEN, start + 1


@compiled
def _read_minus(data: Array, first: int, start: int, end: int) -> Lexeme:
    """A minus, or an arrow; a hyphen and a dash between words leave no trace."""
    before = data[start - 1] if start > first else uint8(0)
    code, position = BASIS, start
    while byte_at(data, position, end) == MINUS:
        code = fnv1a(code, uint8(MINUS))
        position += 1
    after, run = byte_at(data, position, end), position - start
    if after == GREATER:
        return ARROW, SIGN, TOKEN, position + 1
    if run > 2:  # a dash, a rule, or part of a drawing
        words = before <= 32 or is_letter(before)
        words = words and (after <= 32 or is_letter(after))
        return code, SIGN, SKIP if words else TOKEN, position
    left = run == 2 and is_word(data, first, start - 1, end, -1)
    if left and is_word(data, first, position, end, 1):
        return code, SIGN, SKIP, position
    joins = is_hyphen(data, first, start, end) or _is_dash(data, first, start, end)
    return SIGNS[MINUS], SIGN, SKIP if joins else TOKEN, start + 1


@compiled
def is_word(data: Array, first: int, place: int, end: int, step: int) -> bool:
    """Whether three letters or more begin (`step` 1) or end (-1) at `place`."""
    for number in range(3):
        here = place + step * number
        if here < first or here >= end or not is_letter(data[here]):
            return False
    return True


@compiled
def _is_dash(data: Array, first: int, start: int, end: int) -> bool:
    """Whether a minus with spaces around it parts words of a sentence."""
    if (
        start - 2 < first
        or data[start - 1] != 32
        or byte_at(data, start + 1, end) != 32
    ):
        return False
    left = is_word(data, first, start - 2, end, -1)
    right = is_word(data, first, start + 2, end, 1)
    two = start + 3 < end and is_letter(data[start + 2]) and is_letter(data[start + 3])
    pair = start - 3 >= first and is_letter(data[start - 2])
    pair = pair and is_letter(data[start - 3])
    return bool((left and two) or (right and pair))


@compiled
def _read_points(data: Array, first: int, start: int, end: int) -> Lexeme:
    """An ellipsis, a dot of a drawing or of `a.c`; a full stop leaves no trace."""
    before = data[start - 1] if start > first else uint8(0)
    code, position = BASIS, start
    while byte_at(data, position, end) == POINT:
        code = fnv1a(code, uint8(POINT))
        position += 1
    after, run = byte_at(data, position, end), position - start
    drawn = DRAWN_BEFORE[before] or DRAWN_AFTER[after]
    if after == TILDE and _is_tie(data, first, position, end):
        drawn = DRAWN_BEFORE[before]
    if run >= 3 and not drawn:
        return ELLIPSIS, SIGN, TOKEN, position
    if run > 1 or drawn:
        return code, SIGN, TOKEN, position
    if starts_with(data, start, end, SPACED_ELLIPSIS):
        return ELLIPSIS, SIGN, TOKEN, start + 5
    stays = is_letter(before) and 97 <= after <= 122
    stays = stays or left_byte(data, first, start) == CELL_BAR == right_byte(
        data, position, end
    )
    stays = stays or (before <= 32 and is_letter(after))
    if is_single(data, first, start - 1, end) and is_letter(after):
        stays = stays or is_single(data, start, position, end)
    return code, SIGN, TOKEN if stays else SKIP, position


@compiled
def _is_factorial(data: Array, first: int, start: int, end: int) -> bool:
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
def _read_colon(data: Array, first: int, start: int, end: int) -> tuple[uint64, int]:
    """(code, end) of a ratio, of "such that", of a slice; code 0: punctuation."""
    before = data[start - 1] if start > first else uint8(0)
    after = byte_at(data, start + 1, end)
    if after == COLON and before != COLON:
        return SCOPE, start + 2
    if before == OPEN_SQUARE or after == CLOSE_SQUARE:
        return BLANK ^ uint64(1), start + 1
    if _in_set(data, first, start):
        return BAR, start + 1
    # Spaces stand on both sides of a ratio, or on none.
    if (before == 32) != (after == 32):
        return uint64(0), start + 1
    left = start - (2 if before == 32 else 1)
    right = start + (2 if after == 32 else 1)
    is_ratio = _is_term(data, first, left, end) and _is_term(data, first, right, end)
    return SIGNS[COLON] if is_ratio else uint64(0), start + 1


@compiled
def _is_term(data: Array, first: int, place: int, end: int) -> bool:
    if place < first or place >= end:
        return False
    return bool(48 <= data[place] <= 57) or is_single(data, first, place, end)


@compiled
def _in_set(data: Array, first: int, start: int) -> bool:
    r"""Whether an open `{` is near, as in \{x : x > 3\}."""
    place, depth = start - 1, 0
    while place >= first and start - place < LONGEST_SET and data[place] != 10:
        if data[place] == CLOSE_BRACE:
            depth += 1
        elif data[place] == OPEN_BRACE:
            if depth == 0:
                return left_byte(data, first, start) != OPEN_BRACE
            depth -= 1
        place -= 1
    return False


@compiled
def _is_prime(data: Array, first: int, start: int, end: int) -> bool:
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
        return place == first or data[place - 1] not in (APOSTROPHE, 34)
    steps = 0  # \phi'
    while place >= first and steps < 12 and is_letter(data[place]):
        place, steps = place - 1, steps + 1
    return bool(place >= first and data[place] == BACKSLASH)


@compiled
def _is_unknown(data: Array, first: int, start: int, end: int) -> bool:
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
        return bool(glued or after in (EQUALS, STAR, 43))
    right = right_byte(data, place, end)
    left = left_byte(data, first, begin)
    if left == NEWLINE and right == 0:  # the last line of a text
        left = _byte_before_blanks(data, first, begin)
    if not (is_alphanumeric(left) or CLOSERS[left] or left == QUESTION):
        return True
    return bool(right > 32 and not 65 <= right <= 90 and right not in (34, OPEN, 127))


@compiled
def _byte_before_blanks(data: Array, first: int, place: int) -> int:
    place -= 1
    while place >= first and data[place] <= 32:
        place -= 1
    return int(data[place]) if place >= first else 0


@compiled
def _is_index(data: Array, position: int, end: int) -> bool:
    """Whether a whole number stands below a letter: x_1 and x_{12} are x1 and x12."""
    brace = byte_at(data, position, end) == OPEN_BRACE
    position += brace
    digits = 0
    while is_digit(data, position, end) and digits < 6:
        position, digits = position + 1, digits + 1
    return digits > 0 and (not brace or byte_at(data, position, end) == CLOSE_BRACE)


@compiled
def _is_tie(data: Array, first: int, start: int, end: int) -> bool:
    """Whether "~" is the space of LaTeX: 5~miles, x~=~5; in ~5 and X~N it is a sign."""
    if start == first or start + 1 >= end:
        return False
    before, after = data[start - 1], data[start + 1]
    if 48 <= before <= 57 and 48 <= after <= 57:
        return False
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
        elif data[position] == 10:
            opened = False
    if opened:
        for position in range(place, min(end, place + FORMULA_BYTES)):
            if data[position] == DOLLAR:
                return True
    return False
