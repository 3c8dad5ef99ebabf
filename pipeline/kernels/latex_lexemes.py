"""Numbers, words and commands where they begin: their code and where they end."""

import numpy as np
from numpy import uint64

from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import BASIS, IDEOGRAPH, LETTER, PRIME, kind, width


@compiled
def find_code(table: tuple[Array, Array, Array, Array], key: uint64) -> np.int64:
    """The slot of `key`, or -1."""
    keys = table[0]
    mask = uint64(len(keys) - 1)
    slot = key & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(slot)
        slot = (slot + uint64(1)) & mask
    return np.int64(-1)


@compiled
def spells(data: Array, place: int, end: int, what: Array) -> bool:
    """Whether `what` stands at `place`."""
    same = place + len(what) <= end
    step = 0
    while same and step < len(what):
        same = data[place + step] == what[step]
        step += 1
    return bool(same)


@compiled
def is_digit(data: Array, place: int, end: int) -> bool:
    """Whether there is a digit at `place`."""
    return bool(place < end and 48 <= data[place] <= 57)


@compiled
def group_after(data: Array, place: int, end: int) -> int:
    """Where the three digits start if a thousands separator is at `place`, or -1."""
    start = -1
    if place + 3 < end and data[place] == 44:  # 1,000 and 1,\\!000
        start = place + 1
        if data[start] == 92 and data[start + 1] == 33:
            start += 2
    elif place + 5 < end and data[place] == 123 and data[place + 1] == 44:
        start = place + 3 if data[place + 2] == 125 else -1  # 1{,}000
    elif place + 4 < end and data[place] == 92 and data[place + 1] in (44, 33):
        start = place + 2  # 1\,000 and 1\!000
        if data[place + 1] == 33 and data[start] == 44:
            start += 1  # 1\!,000
    if start < 0:
        return -1
    for digit in range(3):
        if not is_digit(data, start + digit, end):
            return -1
    return -1 if is_digit(data, start + 3, end) else start


@compiled
def number(data: Array, place: int, end: int, single: bool) -> tuple[uint64, int]:
    r"""(code, end) of the number at `place`; `single` for the 1 of `\frac12`."""
    value = BASIS
    if data[place] == 46:  # .5 is 0.5
        value = (value ^ uint64(48)) * PRIME
    digits = 0
    while place < end:
        byte = data[place]
        if 48 <= byte <= 57:
            value = (value ^ uint64(byte)) * PRIME
            place += 1
            digits += 1
            if single:
                break
            continue
        if byte == 46 and is_digit(data, place + 1, end):
            value = (value ^ uint64(46)) * PRIME
            place += 1
            while is_digit(data, place, end):
                value = (value ^ uint64(data[place])) * PRIME
                place += 1
            break
        start = group_after(data, place, end) if 0 < digits <= 15 else -1
        if start < 0:
            break
        place = start
    return value, place


@compiled
def word(data: Array, place: int, end: int) -> tuple[uint64, int]:
    """(code, end) of the letters at `place`, in lower case."""
    value = BASIS
    while place < end:
        byte = data[place]
        if byte < 0x80:
            lower = byte | 0x20
            if not 97 <= lower <= 122:
                break
            value = (value ^ uint64(lower)) * PRIME
            place += 1
            continue
        found = kind(data, place, end)
        if found != LETTER and not (found == IDEOGRAPH and value == BASIS):
            break
        for _ in range(width(data, place, end)):
            value = (value ^ uint64(data[place])) * PRIME
            place += 1
        if found == IDEOGRAPH:
            break
    return value, place


@compiled
def command(data: Array, place: int, end: int) -> tuple[uint64, int]:
    """(code, end) of a command's name; case counts."""
    value = BASIS
    while place < end and 97 <= (data[place] | 0x20) <= 122:
        value = (value ^ uint64(data[place])) * PRIME
        place += 1
    return value, place


@compiled
def letters(data: Array, place: int, stop: int, step: int) -> int:
    """Up to three letters from `place` on, towards `stop`."""
    count = 0
    while count < 3 and place != stop + (step < 0) * -1:
        if not 97 <= (data[place] | 0x20) <= 122:
            break
        count += 1
        place += step
    return count


@compiled
def ends_sentence(data: Array, place: int, end: int) -> bool:
    """Whether space and a capital letter, or nothing, come next."""
    if data[place] > 32:
        return False
    while place < end and data[place] <= 32:
        place += 1
    return bool(place == end or 65 <= data[place] <= 90)


@compiled
def joined_tens(tens: uint64, ones: uint64) -> uint64:
    """The code of "25" from those of "20" and "5"."""
    for digit in range(10):
        if (BASIS ^ uint64(48 + digit)) * PRIME == ones:
            for first in range(2, 10):
                head = (BASIS ^ uint64(48 + first)) * PRIME
                if (head ^ uint64(48)) * PRIME == tens:
                    return (head ^ uint64(48 + digit)) * PRIME
    return ones
