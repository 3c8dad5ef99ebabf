"""Which texts may have been pasted with what stood around their lines."""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import bits_between, first_bits, trailing_zeros
from pipeline.kernels.utf8 import byte_at, code_point, is_digit, is_letter

FORM_FEED, NEWLINE, TAB, SPACE, QUOTE, HASH, PERCENT, APOSTROPHE = b"\f\n\t \"#%'"
STAR, PLUS, MINUS, SLASH, ZERO, ONE, THREE, COLON, SEMICOLON = b"*+-/013:;"
LESS, EQUALS, GREATER, AT, CAPITAL_A, CAPITAL_D, SMALL_A = b"<=>@ADa"
OPEN_SQUARE, BACKSLASH, SMALL_N, SMALL_P, SMALL_R, BAR, EXCLAMATION = b"[\\npr|!"
GREEK, CYRILLIC = 0xCE, 0xD4  # first bytes of both scripts, and of those between
MARKED, SHARED = 1, 2  # lines that begin alike are SHARED
LINES, SPARSE = 16, 3  # lines that are looked at; one in so many shares its beginning
BEGINS_FORMULA, BEHIND_NAME = np.zeros((2, 256), np.bool_)
BEGINS_FORMULA[list(b"\n&\\$({}*")] = True
BEHIND_NAME[list(b":<|[]>")] = True
BEYOND = 68  # bytes that are looked at from the first of a block on


@compiled
def mark_pasted(data: Array, offsets: Array, alike: Array) -> Array:
    """What each text may hold of what `pasted` leaves out: MARKED, SHARED, both or 0.

    `alike` (bool) says of each code point below its length whether it is such a mark.
    """
    out = np.zeros(len(offsets) - 1, np.uint8)
    rest = np.zeros(2 * BEYOND, np.uint8)
    for row in range(len(out)):
        first, end = offsets[row], offsets[row + 1]
        found = _begins_listing(data, first, end)
        block = first
        while block < end and not found:
            there = first_bits(end - block)
            if block + BEYOND <= end:
                marks, letters = _find_marks(data, block), _is_greek(data, block)
            else:  # what stands behind the text is another one
                rest[:BEYOND] = 0
                rest[: end - block] = data[block:end]
                marks, letters = _find_marks(rest, 0), _is_greek(rest, 0)
            found = (marks & there) != 0
            letters &= there
            while letters and not found:
                place: Any = block + np.int64(trailing_zeros(letters))
                letters &= letters - uint64(1)
                code = code_point(data, place, end)
                found = code < len(alike) and alike[code]
            block += 64
        out[row] = MARKED * found + SHARED * _share_lines(data, first, end)
    return out


@compiled
def _begins_listing(data: Array, position: int, end: int) -> bool:
    while position < end and data[position] <= SPACE:
        position += 1
    return bool(position < end and data[position] == ONE)


@compiled
def _share_lines(data: Array, first: int, end: int) -> bool:
    """Whether one in so many of the first LINES lines begins as the next one does.

    Numbers may differ. Signs of lists and formulas are no such beginning.
    """
    line, lines, shared = first, 0, 0
    while lines < LINES and line < end:
        behind = line
        while behind < end and data[behind] != NEWLINE:
            behind += 1
        behind += 1
        if behind < end and data[line] != NEWLINE and data[behind] != NEWLINE:
            lines += 1
            shared += _share_prefix(data, line, behind, end)
        line = behind
    return shared > 0 and SPARSE * shared >= lines


@compiled
def _share_prefix(data: Array, left: int, right: int, end: int) -> bool:
    """Whether both lines begin with one sign, one name before a sign, or a number."""
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


@compiled
def _find_marks(data: Array, block: int) -> Any:
    """A bit for each of the 64 bytes from `block` on where a mark may begin."""
    found = _is(data, block, FORM_FEED)
    spaces = _is(data, block + 1, SPACE) & _is(data, block + 2, SPACE)
    if spaces:
        spaces &= _is(data, block + 3, SPACE) & _is(data, block + 4, SPACE)
        found |= spaces & ~bits_between(data, block, 0, 0, SPACE + 1)
    tags = _is(data, block, LESS)
    if tags:
        found |= tags & (
            _is(data, block + 1, SLASH) | _is(data, block + 1, EXCLAMATION)
        )
    found |= _is(data, block, AT) & _is(data, block + 1, AT)
    found |= (
        _is(data, block, EQUALS)
        & _is(data, block + 1, THREE)
        & _is(data, block + 2, CAPITAL_D)
    )
    dashes = _is(data, block, MINUS)
    if dashes:
        behind = _is(data, block + 2, GREATER) | _is(data, block + 2, BAR)
        behind |= _is(data, block + 3, BAR) | _is(data, block + 4, BAR)
        behind &= _is(data, block + 1, MINUS)
        word = _is(data, block + 1, SMALL_P) & _is(data, block + 2, SMALL_R)
        found |= dashes & (behind | (word & _is(data, block + 4, SMALL_N)))
    commands = _is(data, block, BACKSLASH)
    if commands:
        behind = _is(data, block + 1, BAR) | _is(data, block + 1, APOSTROPHE)
        capitals = bits_between(data, block + 1, 0, CAPITAL_A, 26)
        capitals &= bits_between(data, block + 2, 0, CAPITAL_A, 26)
        found |= commands & (behind | capitals)
    quotes = _is(data, block, APOSTROPHE)
    if quotes:
        behind = _is(data, block + 1, APOSTROPHE)
        found |= quotes & behind & bits_between(data, block + 2, 0, SMALL_A, 26)
    quotes |= _is(data, block, QUOTE)
    if quotes:
        behind = _is(data, block + 1, SPACE) & _is(data, block + 2, PLUS)
        found |= quotes & (behind | _is(data, block + 1, NEWLINE))
    lines = _is(data, block, NEWLINE)
    if lines:
        found |= lines & _find_lines(data, block + 1)
    return found


@compiled
def _find_lines(data: Array, block: int) -> Any:
    """Where comments, headings of Org and times may begin."""
    found = _is(data, block, SLASH) & _is(data, block + 1, SLASH)
    found |= _is(data, block, MINUS) & _is(data, block + 1, MINUS)
    found |= _is(data, block, SEMICOLON) & _is(data, block + 1, SEMICOLON)
    found |= _is(data, block, STAR) & _is(data, block + 1, STAR)
    found |= _is(data, block, BAR) & _is(data, block + 1, BAR)
    signs = _is(data, block, HASH) | _is(data, block, PERCENT)
    found |= signs & _is(data, block + 1, SPACE)
    digits = bits_between(data, block, 0, ZERO, 10)
    found |= digits & (_is(data, block + 1, COLON) | _is(data, block + 2, COLON))
    digits = bits_between(data, block + 1, 0, ZERO, 10)
    return found | (_is(data, block, OPEN_SQUARE) & digits)
