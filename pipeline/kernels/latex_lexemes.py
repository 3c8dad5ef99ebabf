r"""Numbers, words and commands of LaTeX: what stands at a position, and where it ends.

Each reader takes the bytes of a text, `data` uint8, a `position` in it and the `end` of
the text. It gives the code of what it read, a hash of its spelling, and the
position behind it: of `1{,}200 km` the hash of "1200" and the position of the space.
"""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.characters import IDEOGRAPH, LETTER, PLANES
from pipeline.kernels.hashing import BASIS, add_letters, fnv1a
from pipeline.kernels.latex_vocabulary import token_code
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import (
    BITS,
    HIGH,
    ONES,
    at_least,
    first_bytes,
    load_eight,
    trailing_zeros,
)
from pipeline.kernels.utf8 import byte_at, code_point, is_digit, is_letter, width

EXCLAMATION, COMMA, POINT, ZERO, BACKSLASH, OPEN_BRACE, CLOSE_BRACE = b"!,.0\\{}"
SMALL = ONES * uint64(0x20)
NUMBERS = np.array([token_code(str(number)) for number in range(100)], uint64)


@compiled
def thousands_group(data: Array, position: int, end: int) -> int:
    """Where the three digits start if a thousands separator is at `position`, or -1."""
    lead, second = data[position], byte_at(data, position + 1, end)
    third = byte_at(data, position + 2, end)
    start = -1
    if lead == COMMA:  # 1,000 and 1,\!000
        start = position + (3 if second == BACKSLASH and third == EXCLAMATION else 1)
    elif lead == OPEN_BRACE and second == COMMA and third == CLOSE_BRACE:
        start = position + 3  # 1{,}000
    elif lead == BACKSLASH and second == COMMA:
        start = position + 2  # 1\,000
    elif lead == BACKSLASH and second == EXCLAMATION:
        start = position + (3 if third == COMMA else 2)  # 1\!,000 and 1\!000
    if start < 0 or is_digit(data, start + 3, end):
        return -1
    for digit in range(3):
        if not is_digit(data, start + digit, end):
            return -1
    return start


@compiled
def read_number(
    data: Array, position: int, end: int, single: bool
) -> tuple[uint64, int]:
    r"""(code, end) of the number at `position`; `single` for the 1 of `\frac12`."""
    code = BASIS
    if data[position] == POINT:  # .5 is 0.5
        code = fnv1a(code, ZERO)
    digits = 0
    while position < end:
        byte = data[position]
        if is_digit(data, position, end):
            code = fnv1a(code, byte)
            position += 1
            digits += 1
            if single:
                break
            continue
        if byte == POINT and is_digit(data, position + 1, end):
            value = fnv1a(code, POINT)
            position += 1
            while is_digit(data, position, end):
                value = fnv1a(value, data[position])
                if data[position] != ZERO:  # 2.50 is 2.5, and 2.0 is 2
                    code = value
                position += 1
            break
        start = thousands_group(data, position, end) if 0 < digits <= 15 else -1
        if start < 0:
            break
        position = start
    return code, position


@compiled
def character_class(data: Array, position: int, end: int, classes: Array) -> int:
    """The class of the character at `position`, beyond ASCII; see `characters`."""
    code = code_point(data, position, end)
    return int(classes[code]) if code < PLANES else IDEOGRAPH


@compiled
def read_word(
    data: Array, position: int, end: int, classes: Array
) -> tuple[uint64, int]:
    """(code, end) of the letters at `position`, ASCII in lower case; one ideograph."""
    code, start = BASIS, position
    letters, piece, count, is_ascii = BASIS, uint64(0), 0, True
    while position < end:
        byte = data[position]
        if byte < 0x80:
            if is_letter(byte):
                code = fnv1a(code, byte | 0x20)
                piece |= uint64(byte | 0x20) << uint64(8 * (count & 7))
                position, count = position + 1, count + 1
                if count & 7 == 0:
                    letters, piece = add_letters(letters, piece), uint64(0)
            elif byte == POINT and _abbreviates(data, start, position, end):
                position += 1
            else:
                break
            continue
        what = character_class(data, position, end, classes)
        if what != LETTER and not (what == IDEOGRAPH and code == BASIS):
            break
        for _ in range(width(data, position, end)):
            code = fnv1a(code, data[position])
            position += 1
            is_ascii = False
        if what == IDEOGRAPH:
            break
    if not is_ascii:
        return code, position
    return add_letters(letters, piece) if piece else letters, position


@inlined
def read_letters(data: Array, position: int, end: int) -> tuple[uint64, int]:
    """(code, end) of the ASCII letters at `position`, in lower case."""
    code: uint64 = BASIS
    length: Any = 8
    while length == 8:
        low = load_eight(data, position) | SMALL
        ascii = low & BITS
        letter = at_least(ascii, 97) & ~at_least(ascii, 123) & ~low & HIGH
        length = np.int64(trailing_zeros(letter ^ HIGH) >> uint64(3))
        length = min(length, end - position)
        if length:
            code = add_letters(code, low & first_bytes(length))
        position += length
    return code, position


@compiled
def _abbreviates(data: Array, start: int, point: int, end: int) -> bool:
    """Whether the `point` stands between single letters that each have one: "p.m."."""
    is_first = point == start + 1
    if not (is_first or (point > start + 1 and data[point - 2] == POINT)):
        return False
    return is_letter(byte_at(data, point + 1, end)) and (
        byte_at(data, point + 2, end) == POINT
    )


@compiled
def read_command(data: Array, position: int, end: int) -> tuple[uint64, int]:
    """(code, end) of the command at `position`, from its backslash on; case counts."""
    code = fnv1a(BASIS, BACKSLASH)
    position += 1
    while position < end and is_letter(data[position]):
        code = fnv1a(code, data[position])
        position += 1
    return code, position


@compiled
def is_hyphen(data: Array, first: int, position: int, end: int) -> bool:
    """Whether the minus at `position` joins a word (well-known); a-b is a difference.

    `first` is where the text begins: on one side there must be three letters.
    """
    if not (position > first and is_letter(data[position - 1])):
        return False
    if not is_letter(byte_at(data, position + 1, end)):
        return False
    return _three_letters(data, position - 3, first, end) or _three_letters(
        data, position + 1, first, end
    )


@compiled
def _three_letters(data: Array, position: int, first: int, end: int) -> bool:
    if position < first or position + 3 > end:
        return False
    two = is_letter(data[position]) and is_letter(data[position + 1])
    return bool(two and is_letter(data[position + 2]))


@compiled
def ends_sentence(data: Array, position: int, end: int) -> bool:
    """Whether space and a capital letter, or nothing, come next."""
    if data[position] > 32:
        return False
    while position < end and data[position] <= 32:
        position += 1
    return bool(position == end or 65 <= data[position] <= 90)


@compiled
def join_tens(tens: uint64, ones: uint64) -> uint64:
    """The code of "25" from those of "20" and "5"."""
    code = ones
    for number in range(21, 100):
        if NUMBERS[number - number % 10] == tens and NUMBERS[number % 10] == ones:
            code = NUMBERS[number]
    return code
