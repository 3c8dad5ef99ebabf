"""Which texts may hold layout: every byte is looked at once.

`mark_text` says which kinds of layout may be in a text, so that only a text with one
of them pays for a closer look.
"""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.markup_tags import BLOCKS, INLINE, TURNS
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import (
    bits_between,
    first_bits,
    skip_letters,
    trailing_zeros,
)
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter

# What may be in a text, as bits. SURE: an underscore, even if nothing goes beside it.
# DOUBLED: what was escaped as JSON is, and may have been twice. OBJECT: one of JSON.
(STAR, UNDERSCORE, TILDE, LINE, LABEL, ANGLE, SHORT_TAG, ENTITY, SQUARE, ODD, HYPHEN,
 ESCAPE, TAG, SURE, DOUBLED, OBJECT) = (1 << bit for bit in range(16))  # fmt: skip
LONGEST_LABEL = 24  # bytes before its colon
LONGEST_ENTITY = 33  # bytes before its semicolon
NEWLINE, SPACE, BACKSLASH, COLON, FULL_STOP, AMPERSAND, LESS = b"\n \\:.&<"
STAR_BYTE, UNDERSCORE_BYTE, TILDE_BYTE, HASH, GREATER, BAR, MINUS = b"*_~#>|-"
OPEN, CLOSE, OPEN_SQUARE, CLOSE_SQUARE, OPEN_BRACE, CLOSE_BRACE = b"()[]{}"
SMALL_N, SMALL_R, CAPITAL_I, SLASH, EXCLAMATION, SEMICOLON = b"nrI/!;"
SMALL_Q, SMALL_P, SMALL_E, SMALL_A, QUOTE, DOLLAR = b'qpea"$'
# First bytes of characters some of which cannot be seen; spaces are looked at.
RARE = np.zeros(256, np.bool_)
RARE[[0xCD, 0xD8, 0xDB, 0xDC, 0xE0, 0xE1, 0xEF, 0xF0, 0xF3]] = True
# What labels begin with: User, Human, Question, Problem, Frage and so on.
INITIALS = np.zeros(256, np.bool_)
INITIALS[list(b"uhasiqperfdocUHASIQPERFDOC <*_([")] = INITIALS[128:] = True
# The first two letters of tags' names, 5 bits of each.
TAG_NAMES = np.zeros((32, 32), np.bool_)
for _name in (BLOCKS + INLINE + TURNS).split():
    TAG_NAMES[ord(_name[0]) & 31, ord(_name[1]) & 31] = True
# What a line of layout begins with: with anything behind, twice or before a space,
# or a number of an item.
ALONE, REPEATED, NUMBERED = 1, 2, 3
LINE_SIGNS = np.zeros(256, np.uint8)
LINE_SIGNS[list(b">|*_")] = ALONE
LINE_SIGNS[list(b"#-+=`~")] = REPEATED
LINE_SIGNS[list(b"(0123456789")] = NUMBERED
# What may stand before a hyphen and its line end, and behind: letters, or an entity.
JOINED = np.zeros(256, np.bool_)
JOINED[[*range(65, 91), *range(97, 123), *range(128, 256), *b"&;"]] = True
LONGEST_NUMBER, LONGEST_ROMAN = 3, 5  # digits, letters
ROMAN = np.zeros(256, np.bool_)
ROMAN[list(b"ivxIVX")] = True


@compiled
def mark_text(data: Array, first: int, end: int) -> int:
    """Which kinds of layout the text from `first` to `end` may hold: bits."""
    marks, line = _mark_line(data, first, end), first
    for block in range(first, end, 64):
        suspects = _find_suspects(data, first, block, end)
        while suspects:
            position: Any = block + np.int64(trailing_zeros(suspects))
            suspects &= suspects - uint64(1)
            byte = data[position]
            if byte == NEWLINE:
                if line == first:
                    marks |= _mark_label(data, line, position)
                line = position + 1
                marks |= _mark_line(data, line, end)
            elif byte == COLON:
                marks |= _mark_label(data, line, position)
            else:
                marks |= _mark_sign(data, first, position, end)
    if marks & ODD and marks & ESCAPE:  # a line may be broken by an escape
        marks |= HYPHEN
    if not marks & SURE and marks & ~(UNDERSCORE | LINE | LABEL) == 0:
        marks &= ~UNDERSCORE  # nothing is gone before emphasis is looked for
    if first < end and data[first + (data[first] == OPEN_SQUARE)] == OPEN_BRACE:
        marks |= OBJECT
    return marks & ~SURE


@inlined
def _find_suspects(data: Array, first: int, block: int, end: int) -> Any:
    """A bit for each of the 64 bytes from `block` on that calls for a second look.

    These are signs of layout, some of them with what must follow, and all that is not
    ASCII. Of the last bytes of all texts, each is looked at.
    """
    there = first_bits(end - block)
    if block + 65 > len(data):
        return there
    found = bits_between(data, block, 0, TILDE_BYTE, 256 - TILDE_BYTE)
    found |= bits_between(data, block, 0, NEWLINE, 1)
    found |= bits_between(data, block, 0, COLON, LESS + 1 - COLON)
    found |= bits_between(data, block, 0, AMPERSAND, 1)
    found |= bits_between(data, block, 0, OPEN_SQUARE, 1)
    found |= bits_between(data, block, 0, CLOSE_SQUARE, 1)
    emphasis = bits_between(data, block, 0, UNDERSCORE_BYTE, 1)
    emphasis |= bits_between(data, block, 0, STAR_BYTE, 1)
    if emphasis and block > first:  # none opens inside of a word
        inside = bits_between(data, block - 1, 0x20, 97, 26)
        inside |= bits_between(data, block - 1, 0, 48, 10)
        inside |= bits_between(data, block - 1, 0, CLOSE_BRACE, 1)
        emphasis &= ~inside
    found |= emphasis
    blank = bits_between(data, block + 1, 0, 0, SPACE + 1)
    found |= bits_between(data, block, 0, MINUS, 1) & blank
    escape = bits_between(data, block, 0, BACKSLASH, 1)
    if escape:
        behind = bits_between(data, block + 1, 0, SMALL_N, 1)
        behind |= bits_between(data, block + 1, 0, SMALL_R, 1)
        behind |= bits_between(data, block + 1, 0, BACKSLASH, 1)
        behind |= bits_between(data, block + 1, 0, QUOTE, 1)
        found |= escape & behind
    return found & there


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
    byte, after = data[position], byte_at(data, position + 1, end)
    sign = LINE_SIGNS[byte]
    if sign == ALONE or (byte == 0xE2 and after < 0x82):  # a bullet, or unseen
        return LINE | LABEL
    if sign == REPEATED:
        return LINE | LABEL if after == byte or _is_blank(after) else 0
    start = position + (byte in (OPEN, OPEN_SQUARE))
    position = skip_letters(data, start, end)
    letters = position - start
    position = skip_blanks(data, position, end)
    digits = position
    while is_digit(data, position, end):
        position += 1
    digits = position - digits
    if byte == OPEN_SQUARE:
        return LABEL if digits > 0 else 0  # "[5 points]"
    closer = byte_at(data, skip_blanks(data, position, end), end)
    if closer not in (FULL_STOP, CLOSE):  # "Exercise 4.2 (hard)", "(5 points)"
        return LABEL if digits > 0 and (closer == OPEN or byte == OPEN) else 0
    if sign == NUMBERED:
        follows = _is_blank(byte_at(data, position + 1, end))
        return LINE if 0 < digits <= LONGEST_NUMBER and follows else 0
    # "Problem 12.", "Q." and "IV."
    if digits == 0 and 1 < letters <= LONGEST_ROMAN and ROMAN[byte]:
        return LABEL
    initial = byte | 0x20
    if letters == 1 and digits == 0:
        return LABEL if initial == SMALL_Q else 0
    return LABEL if digits > 0 and initial in (SMALL_Q, SMALL_P, SMALL_E) else 0


@inlined
def _is_blank(byte: Any) -> bool:
    """Whether `byte` may be a space, or the first of one."""
    return bool(byte == SPACE or byte > 127)


@inlined
def _mark_sign(data: Array, first: int, position: int, end: int) -> int:
    byte, after = data[position], byte_at(data, position + 1, end)
    if byte == BACKSLASH:
        if after == QUOTE:
            return DOUBLED
        if after == BACKSLASH:
            behind = byte_at(data, position + 2, end)
            opens = is_letter(behind) or behind in (OPEN, OPEN_SQUARE, DOLLAR)
            return DOUBLED if opens else 0
        if after not in (SMALL_N, SMALL_R):
            return 0
        behind = byte_at(data, position + 2, end)
        is_line = after == SMALL_N and not 97 <= behind <= 122
        is_line = is_line or (after == SMALL_R and behind == BACKSLASH)
        return ESCAPE if is_line else 0
    before = data[position - 1] if position > first else np.uint8(SPACE)
    if byte > 127:
        return _mark_unseen(data, position, end)
    if byte in (STAR_BYTE, UNDERSCORE_BYTE):
        closes = before in (CLOSE, CLOSE_BRACE, CLOSE_SQUARE)
        inside = closes or is_letter(before) or 48 <= before <= 57
        if after <= SPACE or inside or before == BACKSLASH:
            return 0
        if byte == STAR_BYTE:
            return STAR
        behind = byte_at(data, position + 2, end) if after == byte else after
        is_sure = is_letter(behind) or behind > 127
        begins_line = position == first or before == NEWLINE
        is_sure = is_sure or (after != byte and begins_line)
        return UNDERSCORE | SURE if is_sure else UNDERSCORE
    if byte == TILDE_BYTE:
        return TILDE if after == TILDE_BYTE else 0
    if byte == LESS:
        opens = is_letter(after) or after in (SLASH, EXCLAMATION, BAR, LESS)
        if not (opens or after > 127):
            return 0
        mark = ANGLE | SHORT_TAG if _ends_short_tag(data, position, end) else ANGLE
        return mark | TAG if _may_be_tag(data, position + 1, end) else mark
    if byte == AMPERSAND:
        return ENTITY if _may_be_entity(data, position + 1, end) else 0
    if byte == OPEN_SQUARE:  # [INST], or [/b] of BBCode
        name = byte_at(data, position + 2, end)
        closes = after == SLASH and is_letter(name) and name != SMALL_A  # no [/asy]
        return SQUARE if closes or after == CAPITAL_I else 0
    if byte == CLOSE_SQUARE:  # a link
        return SQUARE if after == OPEN else 0
    if byte == MINUS and after <= SPACE:
        place = skip_blanks(data, position + 1, end)
        joins = JOINED[before] and byte_at(data, place, end) == NEWLINE
        place = skip_blanks(data, place + 1, end)
        return HYPHEN if joins and JOINED[byte_at(data, place, end)] else 0
    return 0


@compiled
def _may_be_tag(data: Array, position: int, end: int) -> bool:
    """Whether the name of a tag, or a token of a chat, may begin at `position`."""
    byte = byte_at(data, position, end)
    if byte in (EXCLAMATION, BAR) or byte > 127:
        return True
    if byte == LESS:  # <<SYS>>
        after = byte_at(data, position + 1, end)
        return bool(after in (SLASH, 83, 115) or after > 127)
    if byte == SLASH:
        byte, position = byte_at(data, position + 1, end), position + 1
    after = byte_at(data, position + 1, end)
    if not is_letter(byte):
        return bool(byte > 127)
    return bool(not is_letter(after) or TAG_NAMES[byte & 31, after & 31])


@compiled
def _ends_short_tag(data: Array, position: int, end: int) -> bool:
    """Whether `</i>`, `</sub>` or `</sup>` begins at `position`, or the like."""
    if byte_at(data, position + 1, end) != SLASH:
        return False
    last, behind = byte_at(data, position + 3, end), byte_at(data, position + 5, end)
    return bool(last == GREATER or behind == GREATER)


@compiled
def _may_be_entity(data: Array, position: int, end: int) -> bool:
    """Whether a semicolon ends the letters and digits at `position`: &lt; &#x3c;"""
    begin = position
    position += byte_at(data, position, end) == HASH
    while position - begin < LONGEST_ENTITY and is_alphanumeric(data, position, end):
        position += 1
    return position > begin and byte_at(data, position, end) == SEMICOLON


@inlined
def is_alphanumeric(data: Array, position: int, end: int) -> bool:
    return is_letter(byte_at(data, position, end)) or is_digit(data, position, end)


@compiled
def _mark_unseen(data: Array, position: int, end: int) -> int:
    """Whether a character beyond ASCII may be a space, a hyphen, or not be seen."""
    byte, after = data[position], byte_at(data, position + 1, end)
    if byte == 0xC2:
        if after == 0xAD:
            return ODD | HYPHEN
        return ODD if after in (0x85, 0xA0) else 0
    if byte == 0xC3:
        return ODD if after == 0x9F else 0  # ß
    if byte == 0xE2:
        last = byte_at(data, position + 2, end)
        if after == 0x80 and last == 0x90:
            return ODD | HYPHEN
        seen = 0x90 < last < 0xA8 or last > 0xAF
        unseen = (after == 0x80 and not seen) or (after == 0x81 and last >= 0x9F)
        return ODD if unseen else 0
    if byte == 0xE3:
        last = byte_at(data, position + 2, end)
        return ODD if after == 0x80 and last == 0x80 else 0
    return ODD if RARE[byte] else 0


@compiled
def skip_blanks(data: Array, position: int, end: int) -> int:
    while position < end and data[position] <= SPACE and data[position] != NEWLINE:
        position += 1
    return position
