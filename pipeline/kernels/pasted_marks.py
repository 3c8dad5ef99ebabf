r"""Which texts may be values of JSON, or were pasted with what stood around lines."""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.pasted_lines import holds_words, share_marks
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import bits_between, copy_run, first_bits, trailing_zeros
from pipeline.kernels.utf8 import byte_at, code_point

FORM_FEED, NEWLINE, TAB, SPACE, QUOTE, APOSTROPHE = b"\f\n\t \"'"
STAR, PLUS, MINUS, SLASH, ZERO, ONE, THREE, COLON = b"*+-/013:"
LESS, EQUALS, GREATER, AT, CAPITAL_A, CAPITAL_D, SMALL_A = b"<=>@ADa"
OPEN_SQUARE, OPEN_BRACE, OPEN, BACKSLASH, BAR, EXCLAMATION, DOLLAR = b"[{(\\|!$"
CARET, SMALL_C, SMALL_F, SMALL_N, SMALL_P, SMALL_R, SMALL_T = b"^cfnprt"
GREEK, CYRILLIC = 0xCE, 0xD4  # first bytes of both scripts, and of those between
BITS = [1 << bit for bit in range(18)]
# What may be in a text; lines that begin alike are SHARED.
(SHARED, ALIKE, ENCODED, OPENED, PATCHED, TIMED, PAGED, PARTED, DOUBLED, CAPITALS,
 RULED, STARRED, SPOILED, BARRED, PADDED, NUMBERED, ESCAPED, BRACED) = BITS  # fmt: skip
LINES, SPARSE = 16, 3  # lines that are looked at; one in so many shares its beginning
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
        marks, lines, shared, worded = _mark_beginning(data, first, end), 0, 0, False
        begin, stop, line = first, first, first  # the line before, and this one
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
            if block + 64 >= end and line > first:  # the last line ends here
                breaks |= uint64(1) << uint64(end - 1 - block)
            while breaks and lines < LINES:
                place = block + np.int64(trailing_zeros(breaks))
                breaks &= breaks - uint64(1)
                last = place if data[place] == NEWLINE else end
                if last > line:  # what is blank parts nothing
                    lines += stop > begin
                    agree = stop > begin and share_marks(data, begin, stop, line, last)
                    shared += agree
                    worded = worded or (agree and holds_words(data, begin, stop))
                    begin, stop = line, last
                line = place + 1
        # One in so many of the first lines begins or ends as the next one does.
        out[row] = marks | SHARED * (worded and SPARSE * shared >= lines)
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
        marks |= _mark(BRACED, commands & _is(data, block + 1, EQUALS))
        letters = bits_between(data, block + 2, FOLD, SMALL_A, 26)
        letters |= _is(data, block + 2, OPEN) | _is(data, block + 2, DOLLAR)
        letters |= _is(data, block + 2, OPEN_SQUARE)
        behind = letters & _is(data, block + 1, BACKSLASH)  # \\frac, or \"
        marks |= _mark(ESCAPED, commands & (behind | _is(data, block + 1, QUOTE)))
        braces = _is(data, block + 1, BACKSLASH) & _is(data, block + 2, OPEN_BRACE)
        if braces:  # of an argument: ^\{, frac\{, sqrt\{, text\{; not left\{
            ends = bits_between(data, block, 0, CARET, 2) | _is(data, block, SMALL_C)
            marks |= _mark(BRACED, braces & ends & there)
        braces = _is(data, block + 2, BACKSLASH) & _is(data, block + 3, OPEN_BRACE)
        if braces:
            ends = _is(data, block + 1, SMALL_T) & ~_is(data, block, SMALL_F)
            marks |= _mark(BRACED, braces & ends & there)
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
