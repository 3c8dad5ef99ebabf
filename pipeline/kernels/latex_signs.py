r"""Signs of ASCII: what each means beside its neighbours, or that it means nothing.

A full stop, a comma, a quote leave no trace; every other sign is a token unless it
stands as punctuation does: `!` behind a word, `?` at the end of a sentence, `-` in
well-known, `'` in Tom's, `~` between words. So the dots of a maze are read and those of
sentences are not, and `f''(2)`, `5, ?, 15`, `n!`, `0.666...`, `a : b` keep their signs.

Each reader looks at a few bytes around, or over a run once: the whole is linear.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.latex_contractions import read_contraction
from pipeline.kernels.latex_lexemes import is_hyphen, is_in_square
from pipeline.kernels.latex_marks import (
    is_factorial,
    is_prime,
    is_single,
    is_tie,
    is_unknown,
    left_byte,
    right_byte,
)
from pipeline.kernels.latex_vocabulary import (
    CELL,
    NEGATED,
    SHORT,
    SIGN,
    SKIP,
    TOKEN,
    WORD,
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
UP, SPACE = b"^ "
DRAWN_BEFORE, DRAWN_AFTER = np.zeros((2, 256), np.bool_)
DRAWN_BEFORE[list(b"#@=~+")] = True
DRAWN_AFTER[list(b"#@=~+*|-_/")] = True
SPACED_ELLIPSIS = np.frombuffer(b". . .", np.uint8).copy()
CELL_BAR = ord("|")  # | . | is a cell of a board
LONGEST_SET = 48  # bytes from its brace to its colon

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
    if byte in (UNDERSCORE, UP):  # C_{} is C
        stop = _skip_nothing(data, position, end)
        if stop > position:
            return code, SIGN, SKIP, stop
    if byte == AMPERSAND:
        return code, SIGN, CELL, position
    if byte == EXCLAMATION:
        if after == EQUALS:
            return SIGNS[EQUALS], SIGN, NEGATED, position + 1
        stays = is_factorial(data, first, start, end)
    elif byte in (LESS, GREATER, EQUALS):
        return _read_relation(data, start, end)
    elif byte == COLON:
        code, position = _read_colon(data, first, start, end)
        stays = code != 0
    elif byte == SEMICOLON:  # between the rows of a matrix
        row = is_digit(data, start - 1, end) if start > first else False
        next_ = right_byte(data, position, end)
        stays = row and (48 <= next_ <= 57 or next_ == MINUS)
        stays = stays and is_in_square(data, first, start)
        stays = stays or (before == CLOSE_SQUARE and next_ == OPEN_SQUARE)
    elif byte == APOSTROPHE:
        stays = is_prime(data, first, start, end)
        if not stays:
            word, stop = read_contraction(data, first, start, end)
            if stop > start:
                return word, WORD, SHORT, stop
    elif byte == QUESTION:
        stays = is_unknown(data, first, start, end)
    elif byte == UNDERSCORE:
        if after == UNDERSCORE:
            while byte_at(data, position, end) == UNDERSCORE:
                position += 1
            return BLANK, SIGN, TOKEN, position
        before = left_byte(data, first, start)  # α comes as "\alpha "
        named = is_letter(before) or before > 127
        if before == CLOSE_BRACE and start - 2 >= first:  # \mathbf{x}_1
            named = is_letter(data[start - 2])
        stays = not (named and _is_index(data, position, end))
    elif byte == TILDE:
        stays = not is_tie(data, first, start, end)
    return code, SIGN, TOKEN if stays else SKIP, position


@compiled
def _skip_nothing(data: Array, position: int, end: int) -> int:
    """Behind the braces at `position` if nothing is in them; else `position`."""
    if byte_at(data, position, end) != OPEN_BRACE:
        return position
    stop = position + 1
    while byte_at(data, stop, end) == SPACE:
        stop += 1
    return stop + 1 if byte_at(data, stop, end) == CLOSE_BRACE else position


@compiled
def _read_relation(data: Array, start: int, end: int) -> Lexeme:
    byte, after = data[start], byte_at(data, start + 1, end)
    if after == EQUALS and byte != EQUALS:
        if byte == LESS and byte_at(data, start + 2, end) == GREATER:
            return EQUIVALENT, SIGN, TOKEN, start + 3
        return LE if byte == LESS else GE, SIGN, TOKEN, start + 2
    if byte == LESS and after == GREATER:
        return SIGNS[EQUALS], SIGN, NEGATED, start + 2
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
    if run == 2:
        apart = before == 32 == after
        left = is_word(data, first, start - 1 - apart, end, -1)
        right = is_word(data, first, position + apart, end, 1)
        if (left and right) or (apart and (left or right)):
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
    after = byte_at(data, start + 2, end)
    ends = data[start - 2] in (POINT, COLON, SEMICOLON, QUESTION)
    if ends and data[max(start - 3, first)] != POINT:  # a list in one line; no "... - "
        return bool(is_letter(after) or after in (DOLLAR, BACKSLASH))
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
    if after == TILDE and is_tie(data, first, position, end):
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
    if before == EXCLAMATION and data[max(left - 1, first)] == BACKSLASH:  # 4\!:\!3
        left, right = left - 2, right + 2 * (after == BACKSLASH)
    if byte_at(data, right, end) == DOLLAR == data[max(left, first)]:  # $4$ : $3$
        left, right = left - 1, right + 1
        is_ratio = is_digit(data, max(left, first), end) and is_digit(data, right, end)
        return SIGNS[COLON] if is_ratio else uint64(0), start + 1
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
def _is_index(data: Array, position: int, end: int) -> bool:
    """Whether a whole number stands below a letter: x_1 and x_{12} are x1 and x12."""
    brace = byte_at(data, position, end) == OPEN_BRACE
    position += brace
    digits = 0
    while is_digit(data, position, end) and digits < 6:
        position, digits = position + 1, digits + 1
    return digits > 0 and (not brace or byte_at(data, position, end) == CLOSE_BRACE)
