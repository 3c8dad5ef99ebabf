r"""Which texts may be values of JSON, or were pasted with what stood around lines."""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import bits_between, copy_run, first_bits, trailing_zeros
from pipeline.kernels.utf8 import byte_at, code_point, is_digit, is_letter

FORM_FEED, NEWLINE, TAB, SPACE, QUOTE, APOSTROPHE = b"\f\n\t \"'"
STAR, PLUS, MINUS, SLASH, ZERO, ONE, THREE, COLON = b"*+-/013:"
LESS, EQUALS, GREATER, AT, CAPITAL_A, CAPITAL_D, SMALL_A = b"<=>@ADa"
OPEN_SQUARE, OPEN_BRACE, OPEN, BACKSLASH, BAR, EXCLAMATION, DOLLAR = b"[{(\\|!$"
SMALL_N, SMALL_P, SMALL_R = b"npr"
GREEK, CYRILLIC = 0xCE, 0xD4  # first bytes of both scripts, and of those between
BITS = [1 << bit for bit in range(17)]
# What may be in a text; lines that begin alike are SHARED.
(SHARED, ALIKE, ENCODED, OPENED, PATCHED, TIMED, PAGED, PARTED, DOUBLED, CAPITALS,
 RULED, STARRED, SPOILED, BARRED, PADDED, NUMBERED, ESCAPED) = BITS  # fmt: skip
LINES, SPARSE = 16, 3  # lines that are looked at; one in so many shares its beginning
BEGINS_FORMULA, BEHIND_NAME = np.zeros((2, 256), np.bool_)
BEGINS_FORMULA[list(b"\n&\\$({}*")] = True
BEHIND_NAME[list(b":<|[]>")] = True
FOLD = 0x20  # makes small letters of capitals
BEYOND = 68  # bytes that are looked at from the first of a block on


@compiled
def mark_pasted(data: Array, offsets: Array, alike: Array) -> Array:
    """What each text may hold of what `pasted` leaves out: bits, uint32.

    `alike` (bool) says of each code point below its length whether it is such a mark.
    """
    out = np.zeros(len(offsets) - 1, np.uint32)
    rest = np.zeros(2 * BEYOND, np.uint8)
    for row in range(len(out)):
        first, end = offsets[row], offsets[row + 1]
        marks, line, lines, shared = _mark_beginning(data, first, end), first, 0, 0
        for block in range(first, end, 64):
            there = first_bits(end - block)
            if block + BEYOND <= end:
                marks |= _find_marks(data, block, there)
                letters, breaks = _is_greek(data, block), _is(data, block, NEWLINE)
            else:  # what stands behind the text is another one
                rest[:BEYOND] = 0
                copy_run(rest, 0, data, block, end - block)
                marks |= _find_marks(rest, 0, there)
                letters, breaks = _is_greek(rest, 0), _is(rest, 0, NEWLINE)
            letters &= there
            while letters and not marks & ALIKE:
                place: Any = block + np.int64(trailing_zeros(letters))
                letters &= letters - uint64(1)
                code = code_point(data, place, end)
                marks |= ALIKE * (code < len(alike) and alike[code])
            breaks &= there
            while breaks and lines < LINES:
                behind: Any = block + np.int64(trailing_zeros(breaks)) + 1
                breaks &= breaks - uint64(1)
                if behind < end and data[line] != NEWLINE and data[behind] != NEWLINE:
                    lines += 1
                    shared += _share_prefix(data, line, behind, end)
                line = behind
        # One in so many of the first lines begins as the next one does.
        out[row] = marks | SHARED * (shared > 0 and SPARSE * shared >= lines)
    return out


@compiled
def _mark_beginning(data: Array, position: int, end: int) -> int:
    """Whether a number, or a quote or a bracket as a record has it, stand first."""
    position = _skip_controls(data, position, end)
    byte = byte_at(data, position, end)
    behind = byte_at(data, _skip_controls(data, position + 1, end), end)
    opens = byte == QUOTE or byte > 127
    if byte == OPEN_BRACE:
        opens = behind == QUOTE or behind > 127
    elif byte == OPEN_SQUARE:
        opens = behind in (QUOTE, OPEN_BRACE) or behind > 127
    return ESCAPED if opens else NUMBERED if byte == ONE else 0


@compiled
def _skip_controls(data: Array, position: int, end: int) -> int:
    while position < end and data[position] <= SPACE:
        position += 1
    return position


@compiled
def _share_prefix(data: Array, left: int, right: int, end: int) -> bool:
    """Whether both lines begin with one sign, one name before a sign, or a number.

    Numbers may differ. Signs of lists and formulas are no such beginning.
    """
    stop = right - 1
    left, right = _skip_blanks(data, left, stop), _skip_blanks(data, right, end)
    if left >= stop or right >= end:
        return False
    byte = data[left]
    if byte == data[right] and not (is_letter(byte) or 48 <= byte <= 57):
        if byte == OPEN_SQUARE:
            left, right = left + 1, right + 1
        elif byte in (MINUS, PLUS):
            return bool(byte_at(data, left + 1, stop) > SPACE)
        else:
            return bool(byte < 128 and not BEGINS_FORMULA[byte])
    begin = left
    while left < stop and right < end and is_letter(data[left]):
        if data[left] != data[right]:
            return False
        left, right = left + 1, right + 1
    if left == begin:
        while is_digit(data, left, stop):
            left += 1
        while is_digit(data, right, end):
            right += 1
    if left == begin or left >= stop or right >= end or data[left] != data[right]:
        return False
    return bool(BEHIND_NAME[data[left]])


@compiled
def _skip_blanks(data: Array, place: int, end: int) -> int:
    while place < end and data[place] in (SPACE, TAB):
        place += 1
    return place


@inlined
def _is(data: Array, place: int, byte: int) -> Any:
    return bits_between(data, place, 0, byte, 1)


@inlined
def _is_greek(data: Array, block: int) -> Any:
    """A bit for each byte that may begin a Greek or Cyrillic letter."""
    return bits_between(data, block, 0, GREEK, CYRILLIC + 1 - GREEK)


@inlined
def _mark(bit: int, found: Any) -> int:
    return bit if found else 0


@compiled
def _find_marks(data: Array, block: int, there: Any) -> int:
    """What may begin at one of the bytes `there` of the 64 from `block` on: bits."""
    marks = _mark(PAGED, _is(data, block, FORM_FEED) & there)
    spaces = _is(data, block + 1, SPACE) & _is(data, block + 2, SPACE) & there
    if spaces:
        spaces &= _is(data, block + 3, SPACE) & _is(data, block + 4, SPACE)
        spaces &= ~bits_between(data, block, 0, 0, SPACE + 1)
        marks |= _mark(PADDED, spaces)
    tags = _is(data, block, LESS) & there
    if tags:
        tags &= _is(data, block + 1, SLASH) | _is(data, block + 1, EXCLAMATION)
        marks |= _mark(OPENED, tags)
    marks |= _mark(PATCHED, _is(data, block, AT) & _is(data, block + 1, AT) & there)
    equals = _is(data, block, EQUALS) & _is(data, block + 1, THREE) & there
    marks |= _mark(ENCODED, equals & _is(data, block + 2, CAPITAL_D))
    dashes = _is(data, block, MINUS) & there
    if dashes:
        behind = _is(data, block + 2, BAR) | _is(data, block + 3, BAR)
        behind |= _is(data, block + 4, BAR)
        arrows = dashes & _is(data, block + 1, MINUS)
        marks |= _mark(RULED, arrows & behind)
        marks |= _mark(TIMED, arrows & _is(data, block + 2, GREATER))
        word = bits_between(data, block + 1, FOLD, SMALL_P, 1)
        word &= bits_between(data, block + 2, FOLD, SMALL_R, 1)
        word &= bits_between(data, block + 4, FOLD, SMALL_N, 1)
        marks |= _mark(ENCODED, dashes & word)
    commands = _is(data, block, BACKSLASH) & there
    if commands:
        marks |= _mark(BARRED, commands & _is(data, block + 1, BAR))
        marks |= _mark(DOUBLED, commands & _is(data, block + 1, APOSTROPHE))
        capitals = bits_between(data, block + 1, 0, CAPITAL_A, 26)
        capitals &= bits_between(data, block + 2, 0, CAPITAL_A, 26)
        marks |= _mark(CAPITALS, commands & capitals)
        letters = bits_between(data, block + 2, FOLD, SMALL_A, 26)
        letters |= _is(data, block + 2, OPEN) | _is(data, block + 2, DOLLAR)
        letters |= _is(data, block + 2, OPEN_SQUARE)
        behind = letters & _is(data, block + 1, BACKSLASH)  # \\frac, or \"
        marks |= _mark(ESCAPED, commands & (behind | _is(data, block + 1, QUOTE)))
    quotes = _is(data, block, APOSTROPHE) & there
    if quotes:
        behind = _is(data, block + 1, APOSTROPHE)
        behind &= bits_between(data, block + 2, 0, SMALL_A, 26)
        marks |= _mark(DOUBLED, quotes & behind)
    quotes |= _is(data, block, QUOTE) & there
    if quotes:
        behind = _is(data, block + 1, SPACE) & _is(data, block + 2, PLUS)
        behind |= _is(data, block + 1, NEWLINE)
        marks |= _mark(PARTED, quotes & behind)
    lines = _is(data, block, NEWLINE) & there
    if lines:
        marks |= _mark_lines(data, block + 1, lines)
    return marks


@compiled
def _mark_lines(data: Array, block: int, lines: Any) -> int:
    """Whether headings of Org, spoilers and times may begin at `lines`: bits."""
    stars = _is(data, block, STAR) & _is(data, block + 1, STAR)
    bars = _is(data, block, BAR) & _is(data, block + 1, BAR)
    marks = _mark(STARRED, lines & stars) | _mark(SPOILED, lines & bars)
    times = _is(data, block + 1, COLON) | _is(data, block + 2, COLON)
    times &= bits_between(data, block, 0, ZERO, 10)
    brackets = _is(data, block, OPEN_SQUARE)
    times |= brackets & bits_between(data, block + 1, 0, ZERO, 10)
    return marks | _mark(TIMED, lines & times)
