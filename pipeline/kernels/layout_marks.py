"""Which texts may hold layout: every byte is looked at once.

`find_marks` says which kinds of layout may be in a text, so that only a text with one
of them pays for a closer look.
"""

import numpy as np

from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter

# What may be in a text, as bits.
(STAR, UNDERSCORE, TILDE, LINE, LABEL, ANGLE, SHORT_TAG, ENTITY, SQUARE, ODD, HYPHEN,
 ESCAPE) = (1 << bit for bit in range(12))  # fmt: skip
LONGEST_LABEL = 24  # bytes before its colon


NEWLINE, SPACE, BACKSLASH, COLON, FULL_STOP, AMPERSAND, LESS = b"\n \\:.&<"
STAR_BYTE, UNDERSCORE_BYTE, TILDE_BYTE, HASH, GREATER, BAR, MINUS = b"*_~#>|-"
OPEN, CLOSE, OPEN_SQUARE, CLOSE_SQUARE, CLOSE_BRACE = b"()[]}"
SMALL_N, SMALL_R, CAPITAL_I, SLASH, EXCLAMATION = b"nrI/!"
# What calls for a second look: signs of layout, and all that is not ASCII.
SUSPECT = np.zeros(256, np.bool_)
SUSPECT[128:] = True
SUSPECT[list(b"\n\\*_~<&[]-:")] = True
# First bytes of characters some of which cannot be seen; spaces are looked at.
RARE = np.zeros(256, np.bool_)
RARE[[0xCD, 0xD8, 0xDB, 0xDC, 0xE0, 0xE1, 0xEF, 0xF0, 0xF3]] = True
# What labels begin with: User, Human, Question, Problem, Frage and so on.
INITIALS = np.zeros(256, np.bool_)
INITIALS[list(b"uhasiqperfdUHASIQPERFD <*_([")] = INITIALS[128:] = True
LINE_SIGNS = np.zeros(256, np.bool_)
LINE_SIGNS[list(b"#>|-*+=_`(0123456789")] = True
LINE_SIGNS[0xE2] = True


@compiled
def find_marks(data: Array, offsets: Array) -> Array:
    """Which kinds of layout each text may hold: bits, uint16 (rows,)."""
    out = np.zeros(len(offsets) - 1, np.uint16)
    for row in range(len(out)):
        first, end = offsets[row], offsets[row + 1]
        marks, line = _mark_line(data, first, end), first
        for position in range(first, end):
            byte = data[position]
            if not SUSPECT[byte]:
                continue
            if byte == NEWLINE:
                if line == first:
                    marks |= _mark_label(data, line, position)
                line = position + 1
                marks |= _mark_line(data, line, end)
            elif byte == COLON:
                marks |= _mark_label(data, line, position)
            else:
                marks |= _mark_sign(data, first, position, end)
        out[row] = marks
    return out


@inlined
def _mark_label(data: Array, line: int, position: int) -> int:
    """Whether what stands from `line` to `position` may be a label."""
    is_short = 0 < position - line <= LONGEST_LABEL
    return LABEL if is_short and INITIALS[data[line]] else 0


@compiled
def _mark_line(data: Array, position: int, end: int) -> int:
    position = skip_blanks(data, position, end)
    if position == end:
        return 0
    if LINE_SIGNS[data[position]]:  # behind which there may be a label
        return LINE if is_digit(data, position, end) else LINE | LABEL
    # "Problem 12." and "Q."
    start = position
    while position < end and is_letter(data[position]):
        position += 1
    letters = position - start
    position = skip_blanks(data, position, end)
    digits = position
    while is_digit(data, position, end):
        position += 1
    is_label = letters == 1 if position == digits else letters > 0
    closer = byte_at(data, position, end)
    return LABEL if is_label and closer in (FULL_STOP, CLOSE) else 0


@compiled
def _mark_sign(data: Array, first: int, position: int, end: int) -> int:
    byte, after = data[position], byte_at(data, position + 1, end)
    before = data[position - 1] if position > first else np.uint8(SPACE)
    if byte > 127:
        return ODD if _may_be_unseen(data, position, end) else 0
    if byte in (STAR_BYTE, UNDERSCORE_BYTE):
        closes = before in (CLOSE, CLOSE_BRACE, CLOSE_SQUARE)
        inside = closes or is_letter(before) or 48 <= before <= 57
        opens = after > SPACE and not inside and before != BACKSLASH
        return (STAR if byte == STAR_BYTE else UNDERSCORE) if opens else 0
    if byte == TILDE_BYTE:
        return TILDE if after == TILDE_BYTE else 0
    if byte == LESS:
        opens = is_letter(after) or after in (SLASH, EXCLAMATION, BAR, LESS)
        if not (opens or after > 127):
            return 0
        return ANGLE | SHORT_TAG if _ends_short_tag(data, position, end) else ANGLE
    if byte == AMPERSAND:
        return ENTITY if is_letter(after) or after == HASH else 0
    if byte == OPEN_SQUARE:
        return SQUARE if after in (CAPITAL_I, SLASH) else 0
    if byte == CLOSE_SQUARE:  # a link
        return SQUARE if after == OPEN else 0
    if byte == MINUS:
        if after > SPACE:
            return 0
        place = skip_blanks(data, position + 1, end)
        return HYPHEN if byte_at(data, place, end) == NEWLINE else 0
    if byte != BACKSLASH or after not in (SMALL_N, SMALL_R):
        return 0
    behind = byte_at(data, position + 2, end)
    is_line = after == SMALL_N and not 97 <= behind <= 122
    return ESCAPE if is_line or (after == SMALL_R and behind == BACKSLASH) else 0


@compiled
def _ends_short_tag(data: Array, position: int, end: int) -> bool:
    """Whether `</i>`, `</sub>` or `</sup>` begins at `position`, or the like."""
    if byte_at(data, position + 1, end) != SLASH:
        return False
    last, behind = byte_at(data, position + 3, end), byte_at(data, position + 5, end)
    return bool(last == GREATER or behind == GREATER)


@compiled
def _may_be_unseen(data: Array, position: int, end: int) -> bool:
    """Whether a character beyond ASCII may be a space, a hyphen, or not be seen."""
    byte, after = data[position], byte_at(data, position + 1, end)
    if byte == 0xC2:
        return after in (0x85, 0xA0, 0xAD)
    if byte == 0xE2:
        last = byte_at(data, position + 2, end)
        seen = 0x90 < last < 0xA8 or last > 0xAF
        return (after == 0x80 and not seen) or (after == 0x81 and last >= 0x9F)
    if byte == 0xE3:
        return bool(after == 0x80 and byte_at(data, position + 2, end) == 0x80)
    return bool(RARE[byte])


@compiled
def skip_blanks(data: Array, position: int, end: int) -> int:
    while position < end and data[position] <= SPACE and data[position] != NEWLINE:
        position += 1
    return position
