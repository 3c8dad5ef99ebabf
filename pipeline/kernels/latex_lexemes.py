r"""Numbers, words and commands of LaTeX: what stands at a position, and where it ends.

Each reader takes the bytes of a text, `data` uint8, a `position` in it and the `end` of
the text. It gives the code of what it read, a hash of its spelling, and the
position behind it: of `1{,}200 km` the hash of "1200" and the position of the space.
"""

from typing import Any

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.characters import IDEOGRAPH, LETTER, PLANES
from pipeline.kernels.hashing import BASIS, add_letters, fnv1a
from pipeline.kernels.latex_brackets import is_in
from pipeline.kernels.latex_vocabulary import split, token_code
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
OPEN, CLOSE, SEMICOLON, OPEN_SQUARE, CLOSE_SQUARE, DOLLAR, SPACE = b"();[]$ "
# Words behind a minus that are no part of a word with a hyphen: 5-sin x.
FUNCTIONS = np.array(
    [
        token_code(word)
        for word in split(
            "sin cos tan cot sec csc sinh cosh tanh arcsin arccos arctan log exp lim "
            "max min sup inf det gcd lcm abs mod sqrt floor ceil sum prod int alpha "
            "beta gamma delta theta lambda sigma omega phi infinity"
        )
    ],
    np.uint64,
)
LONGEST_ROW = 256  # bytes from the bracket of a matrix to a semicolon in it
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
    data: Array, first: int, position: int, end: int, single: bool
) -> tuple[uint64, int]:
    r"""(code, end) of the number at `position`; `single` for the 1 of `\frac12`.

    The text begins at `first`.
    """
    code, begin = BASIS, position
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
        if is_digit(data, position + 1, end) and (
            byte == POINT
            or (byte == COMMA and _is_decimal(data, first, begin, position, end))
        ):
            value = fnv1a(code, POINT)
            position += 1
            while is_digit(data, position, end):
                value = fnv1a(value, data[position])
                if data[position] != ZERO:  # 2.50 is 2.5, and 2.0 is 2
                    code = value
                position += 1
            break
        start = thousands_group(data, position, end) if 0 < digits <= 15 else -1
        if start < 0 or (byte == COMMA and _parts_values(data, first, begin, digits)):
            break
        position = start
    return code, position


@compiled
def _is_decimal(data: Array, first: int, begin: int, comma: int, end: int) -> bool:
    """Whether the `comma` of the number from `begin` on is a decimal one.

    It is in a list that semicolons part: 1,2; 3,4. A matrix has commas within its
    rows: [1,2;3,4].
    """
    stop = comma + 1
    while is_digit(data, stop, end):
        stop += 1
    if byte_at(data, stop, end) == COMMA or thousands_group(data, comma, end) >= 0:
        return False
    while stop < end and data[stop] <= 32:
        stop += 1
    before = begin - 1
    while before >= first and data[before] <= 32:
        before -= 1
    parted = byte_at(data, stop, end) == SEMICOLON
    parted = parted or (before >= first and data[before] == SEMICOLON)
    return parted and not is_in_square(data, first, begin)


@compiled
def _parts_values(data: Array, first: int, begin: int, digits: int) -> bool:
    """Whether the comma of a number parts two, as in [0,100] and gcd(84,126)."""
    if digits == 1 and data[begin] == ZERO:
        return True
    if begin - 2 < first or data[begin - 1] != OPEN:
        return False
    return bool(is_letter(data[begin - 2]) or data[begin - 2] == CLOSE_BRACE)


@compiled
def is_in_square(data: Array, first: int, position: int) -> bool:
    """Whether an open `[` is near before `position`, as in a matrix."""
    depth, least = 0, max(first, position - LONGEST_ROW)
    while position > least and depth <= 0:
        position -= 1
        depth += (data[position] == OPEN_SQUARE) - (data[position] == CLOSE_SQUARE)
    return depth > 0


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

    `first` is where the text begins: on one side there must be three letters. 5-litre
    is 5 litre, and $n$ -gon n-gon; 5-sin x is a difference.
    """
    before = data[position - 1] if position > first else uint8(0)
    if 48 <= before <= 57 or _closes_formula(data, first, position):
        code, stop = read_letters(data, position + 1, end)
        return bool(stop - position > 3) and not is_in(code, FUNCTIONS)
    if not is_letter(before):
        return False
    if not is_letter(byte_at(data, position + 1, end)):
        return False
    return _three_letters(data, position - 3, first, end) or _three_letters(
        data, position + 1, first, end
    )


@compiled
def _closes_formula(data: Array, first: int, position: int) -> bool:
    r"""Whether a formula ends before `position`, or one space before: $n$, \(n\)."""
    place = position - 1
    if place > first and data[place] == SPACE:
        place -= 1
    if place > first and data[place] == CLOSE and data[place - 1] == BACKSLASH:
        return True
    if place <= first or data[place] != DOLLAR:
        return False
    inside = data[place - 1]
    closes = inside in (CLOSE_BRACE, CLOSE)
    return bool(closes or is_letter(inside) or 48 <= inside <= 57)


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
