"""The layout that stands at the edges of lines.

`blank_lines` overwrites with spaces what is layout by its place in a line: fences,
block quotes, headings, bullets, numbers of items, the borders of tables, rules. A sign
there is layout only if it cannot be part of the text: "- 5" under an unfinished line is
a difference, and `#.#` is a maze.
"""

from typing import Any

import numpy as np

from pipeline.kernels.layout_marks import CLOSE_SQUARE, OPEN_SQUARE, skip_blanks
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import bits_between, trailing_zeros
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter

NEWLINE, SPACE, BACKSLASH, COLON, FULL_STOP, DOLLAR = b"\n \\:.$"
STAR_BYTE, UNDERSCORE_BYTE, HASH, GREATER, BAR, MINUS = b"*_#>|-"
EQUALS, PLUS, TICK, OPEN, CLOSE, TILDE, TAB = b"=+`()~\t"
ENDS_CLAUSE = np.zeros(256, np.bool_)
ENDS_CLAUSE[list(b".:;?!,)]}$\"'*")] = True
BULLET = np.array([0xE2, 0x80, 0xA2], np.uint8)


@compiled
def blank_lines(data: Array, offsets: Array) -> None:
    """Overwrite, in `data` uint8, what is layout at the edges of the lines of texts."""
    for row in range(len(offsets) - 1):
        line, end = offsets[row], offsets[row + 1]
        # Of the line before: whether a new item may follow it, whether it was one,
        # whether it is in a table, and whether it holds anything but signs.
        is_open, is_item, in_table, has_words = True, False, False, True
        while line < end:
            stop = end_of_line(data, line, end)
            begin, last = _trim(data, line, stop)
            if begin == last:
                is_open, is_item, in_table, has_words = True, False, False, True
                line = stop + 1
                continue
            begin = _blank_quote(data, begin, last)
            words = _has_words(data, begin, last)
            if starts_fence(data, begin, last):
                data[begin:last] = SPACE
            elif _is_border(data, begin, last):
                in_table = in_table or _is_separator(data, stop + 1, end)
                in_table = in_table or _is_separator(data, line, end)
                _blank_table(data, begin, last, in_table, words)
                is_open, is_item, has_words = True, False, True
                line = stop + 1
                continue
            elif not words:
                lone = has_words and _next_has_words(data, stop + 1, end)
                if lone and _is_rule(data, begin, last):
                    data[begin:last] = SPACE
                    words = True
                is_item = False
            elif not _blank_heading(data, begin, last):
                is_item = _blank_item(data, begin, last, stop, end, is_open, is_item)
            begin, last = _trim(data, line, stop)
            is_open = begin == last or is_item or ENDS_CLAUSE[data[last - 1]]
            in_table, has_words = False, words
            line = stop + 1


@compiled
def end_of_line(data: Array, position: int, end: int) -> int:
    """Where the line ends that `position` is in."""
    while position < end and position + 64 <= len(data):
        found = bits_between(data, position, 0, NEWLINE, 1)
        if found:
            stop: Any = position + np.int64(trailing_zeros(found))
            return min(int(stop), end)
        position = min(position + 64, end)
    while position < end and data[position] != NEWLINE:
        position += 1
    return position


@compiled
def _trim(data: Array, begin: int, stop: int) -> tuple[int, int]:
    begin = skip_blanks(data, begin, stop)
    while stop > begin and data[stop - 1] <= SPACE:
        stop -= 1
    return begin, stop


@compiled
def _is_word_byte(byte: Any) -> bool:
    return bool(is_letter(byte) or 48 <= byte <= 57 or byte > 127)


@compiled
def _has_words(data: Array, begin: int, stop: int) -> bool:
    while begin < stop and not _is_word_byte(data[begin]):
        begin += 1
    return begin < stop


@compiled
def _next_has_words(data: Array, line: int, end: int) -> bool:
    """Whether the line at `line` is empty or holds more than signs."""
    stop = end_of_line(data, line, end)
    begin, last = _trim(data, line, stop)
    return bool(begin == last or _has_words(data, begin, last))


@compiled
def starts_fence(data: Array, begin: int, stop: int) -> bool:
    """Whether the line opens or ends a block of code: three signs and a language."""
    sign = data[begin]
    if stop - begin < 3 or sign not in (TICK, TILDE):
        return False
    for step in range(3):
        if data[begin + step] != sign:
            return False
    for position in range(begin + 3, stop):
        if data[position] <= SPACE or data[position] == sign:
            return False
    return True


@compiled
def _blank_quote(data: Array, begin: int, stop: int) -> int:
    while begin < stop and data[begin] == GREATER:
        if begin + 1 < stop and data[begin + 1] not in (SPACE, GREATER):
            break
        data[begin] = SPACE
        begin = skip_blanks(data, begin, stop)
    return begin


@compiled
def _is_rule(data: Array, begin: int, stop: int) -> bool:
    byte = data[begin]
    if byte not in (MINUS, EQUALS, STAR_BYTE, UNDERSCORE_BYTE) or stop - begin < 3:
        return False
    while begin < stop and data[begin] == byte:
        begin += 1
    return begin == stop


@compiled
def _is_border(data: Array, begin: int, stop: int) -> bool:
    if stop - begin < 3:
        return False
    return bool(data[begin] == BAR and data[stop - 1] == BAR)


@compiled
def _is_separator(data: Array, line: int, end: int) -> bool:
    """Whether the line at `line` parts the head of a table: |---|:-:|."""
    begin, stop = _trim(data, line, end_of_line(data, line, end))
    if not _is_border(data, begin, stop):
        return False
    dashes = 0
    for position in range(begin, stop):
        byte = data[position]
        dashes += byte == MINUS
        if byte not in (BAR, MINUS, COLON, SPACE):
            return False
    return bool(dashes > 0)


@compiled
def _blank_table(
    data: Array, begin: int, stop: int, in_table: bool, words: bool
) -> None:
    if in_table and _is_separator(data, begin, stop):
        data[begin:stop] = SPACE
    airy = data[begin + 1] == SPACE and data[stop - 2] == SPACE
    if not in_table and not (words and airy):  # no row without a head: | cell |
        return
    for position in range(begin, stop):
        if data[position] != BAR or (position > begin and data[position - 1] == 92):
            continue
        inner = begin < position < stop - 1
        spaced = data[position - 1] == SPACE and data[position + 1] == SPACE
        if not airy or spaced or not inner:  # in airy cells |x| is a value
            data[position] = SPACE


@compiled
def _blank_heading(data: Array, begin: int, stop: int) -> bool:
    position = begin
    while position < stop and data[position] == HASH:
        position += 1
    if not 0 < position - begin <= 6 or byte_at(data, position, stop) != SPACE:
        return False
    for place in range(position, stop - 1):  # two letters, or a digit: no maze
        here, after = _is_word_byte(data[place]), _is_word_byte(data[place + 1])
        if (here and after) or is_digit(data, place, stop):
            data[begin:position] = SPACE
            return True
    return False


@compiled
def _blank_item(
    data: Array,
    begin: int,
    stop: int,
    line_end: int,
    end: int,
    is_open: bool,
    is_item: bool,
) -> bool:
    """Overwrite the bullet or number of an item; whether there is one."""
    size = _marker(data, begin, stop)
    if size == 0 or byte_at(data, begin + size, stop) != SPACE:
        return False
    box = text = skip_blanks(data, begin + size, stop)
    is_task = _is_box(data, box, stop)
    if is_task:
        text = skip_blanks(data, box + 3, stop)
    if text == stop:
        return False
    if size == 1:
        while text < stop - 1 and data[text] in (STAR_BYTE, UNDERSCORE_BYTE, OPEN):
            text += 1
        two = _is_word_byte(data[text]) and _is_word_byte(byte_at(data, text + 1, stop))
        is_prose = is_task or (two and not is_digit(data, text, stop))
        is_prose = is_prose or data[text] in (DOLLAR, 34, TICK)
        is_prose = is_prose or (is_open and data[text] == BACKSLASH)
        # "- 5" and "- x" are items beside another one only.
        if not is_prose and not (
            is_open and (is_item or _repeats(data, begin, line_end, end))
        ):
            return False
    elif not is_open:
        return False
    data[begin : begin + size] = SPACE
    data[box : box + 3 * is_task] = SPACE
    return True


@compiled
def _is_box(data: Array, place: int, stop: int) -> bool:
    """Whether the box of a task list is at `place`: - [ ] to do, - [x] done."""
    if place + 2 >= stop or data[place] != OPEN_SQUARE:
        return False
    return data[place + 2] == CLOSE_SQUARE and data[place + 1] in (SPACE, 88, 120)


@compiled
def _marker(data: Array, begin: int, stop: int) -> int:
    """The length of a bullet, of `12.`, `12)` or `(12)` at `begin`, or 0."""
    byte = data[begin]
    if byte in (MINUS, STAR_BYTE, PLUS):
        return 1
    if byte == 0xE2:
        is_bullet = stop - begin > 3 and (data[begin : begin + 3] == BULLET).all()
        return 3 if is_bullet else 0
    position = begin + (byte == OPEN)
    digits = position
    while is_digit(data, position, stop):
        position += 1
    if not 0 < position - digits <= 3:
        return 0
    closer = byte_at(data, position, stop)
    is_number = closer == CLOSE or (closer == FULL_STOP and byte != OPEN)
    return position + 1 - begin if is_number else 0


@compiled
def _repeats(data: Array, begin: int, line_end: int, end: int) -> bool:
    """Whether the next line starts with the same bullet."""
    position = skip_blanks(data, line_end + 1, end)
    if position >= end or data[position] != data[begin]:
        return False
    return bool(byte_at(data, position + 1, end) == SPACE)
