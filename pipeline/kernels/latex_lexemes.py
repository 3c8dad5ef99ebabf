r"""Numbers, words and commands of LaTeX: what stands at a place, and where it ends.

Each reader takes the bytes of a text, `data` uint8, a `place` in it and the `end` of
the text. It gives the code of what it read, the FNV-1a hash of its spelling, and the
place behind it: of `1{,}200 km` the hash of "1200" and the place of the space.
"""

from numpy import uint8, uint64

from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import IDEOGRAPH, LETTER, is_letter, kind, width

EXCLAMATION, COMMA, POINT, ZERO, BACKSLASH, OPEN_BRACE, CLOSE_BRACE = b"!,.0\\{}"


@compiled
def byte_at(data: Array, place: int, end: int) -> uint8:
    """The byte at `place`, or 0 behind the text."""
    return data[place] if place < end else uint8(0)


@compiled
def is_digit(data: Array, place: int, end: int) -> bool:
    """Whether there is a digit at `place`."""
    return bool(48 <= byte_at(data, place, end) <= 57)


@compiled
def starts_with(data: Array, place: int, end: int, prefix: Array) -> bool:
    """Whether the values of `prefix` stand at `place`."""
    step = 0
    if place + len(prefix) <= end:
        while step < len(prefix) and data[place + step] == prefix[step]:
            step += 1
    return bool(step == len(prefix))


@compiled
def thousands_group(data: Array, place: int, end: int) -> int:
    """Where the three digits start if a thousands separator is at `place`, or -1."""
    lead, second = data[place], byte_at(data, place + 1, end)
    third = byte_at(data, place + 2, end)
    start = -1
    if lead == COMMA:  # 1,000 and 1,\!000
        start = place + (3 if second == BACKSLASH and third == EXCLAMATION else 1)
    elif lead == OPEN_BRACE and second == COMMA and third == CLOSE_BRACE:
        start = place + 3  # 1{,}000
    elif lead == BACKSLASH and second == COMMA:
        start = place + 2  # 1\,000
    elif lead == BACKSLASH and second == EXCLAMATION:
        start = place + (3 if third == COMMA else 2)  # 1\!,000 and 1\!000
    if start < 0 or is_digit(data, start + 3, end):
        return -1
    for digit in range(3):
        if not is_digit(data, start + digit, end):
            return -1
    return start


@compiled
def read_number(data: Array, place: int, end: int, single: bool) -> tuple[uint64, int]:
    r"""(code, end) of the number at `place`; `single` for the 1 of `\frac12`."""
    code = BASIS
    if data[place] == POINT:  # .5 is 0.5
        code = fnv1a(code, ZERO)
    digits = 0
    while place < end:
        byte = data[place]
        if is_digit(data, place, end):
            code = fnv1a(code, byte)
            place += 1
            digits += 1
            if single:
                break
            continue
        if byte == POINT and is_digit(data, place + 1, end):
            code = fnv1a(code, POINT)
            place += 1
            while is_digit(data, place, end):
                code = fnv1a(code, data[place])
                place += 1
            break
        start = thousands_group(data, place, end) if 0 < digits <= 15 else -1
        if start < 0:
            break
        place = start
    return code, place


@compiled
def read_word(data: Array, place: int, end: int) -> tuple[uint64, int]:
    """(code, end) of the letters at `place`, ASCII in lower case; one ideograph."""
    code = BASIS
    while place < end:
        byte = data[place]
        if byte < 0x80:
            if not is_letter(byte):
                break
            code = fnv1a(code, byte | 0x20)
            place += 1
            continue
        what = kind(data, place, end)
        if what != LETTER and not (what == IDEOGRAPH and code == BASIS):
            break
        for _ in range(width(data, place, end)):
            code = fnv1a(code, data[place])
            place += 1
        if what == IDEOGRAPH:
            break
    return code, place


@compiled
def read_command(data: Array, place: int, end: int) -> tuple[uint64, int]:
    """(code, end) of the command at `place`, from its backslash on; case counts."""
    code = fnv1a(BASIS, BACKSLASH)
    place += 1
    while place < end and is_letter(data[place]):
        code = fnv1a(code, data[place])
        place += 1
    return code, place


@compiled
def is_hyphen(data: Array, first: int, place: int, end: int) -> bool:
    """Whether the minus at `place` joins a word, as in well-known; a-b is a difference.

    `first` is where the text begins: on one side there must be three letters.
    """
    if not (place > first and is_letter(data[place - 1])):
        return False
    if not is_letter(byte_at(data, place + 1, end)):
        return False
    return _three_letters(data, place - 3, first, end) or _three_letters(
        data, place + 1, first, end
    )


@compiled
def _three_letters(data: Array, place: int, first: int, end: int) -> bool:
    if place < first or place + 3 > end:
        return False
    two = is_letter(data[place]) and is_letter(data[place + 1])
    return bool(two and is_letter(data[place + 2]))


@compiled
def ends_sentence(data: Array, place: int, end: int) -> bool:
    """Whether space and a capital letter, or nothing, come next."""
    if data[place] > 32:
        return False
    while place < end and data[place] <= 32:
        place += 1
    return bool(place == end or 65 <= data[place] <= 90)


@compiled
def join_tens(tens: uint64, ones: uint64) -> uint64:
    """The code of "25" from those of "20" and "5"."""
    for one in range(10):
        if fnv1a(BASIS, ZERO + one) == ones:
            for ten in range(2, 10):
                digit = fnv1a(BASIS, ZERO + ten)
                if fnv1a(digit, ZERO) == tens:
                    return fnv1a(digit, ZERO + one)
    return ones
