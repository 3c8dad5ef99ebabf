r"""Mathematics to tokens in one spelling: words, numbers, signs, brackets.

The layout of LaTeX, case, punctuation, quotes and thousands separators leave no
trace; numbers, operators and relation signs keep their order. `\frac{a}{b}` and
`(a)/b` give the same tokens, brackets aside: `a`, `/`, `b`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy import uint8, uint64

from pipeline.kernels.columns import Array, compiled, slices, threaded, utf8
from pipeline.kernels.shingles import (
    BASIS,
    IDEOGRAPH,
    LETTER,
    PRIME,
    kind,
    width,
)
from pipeline.kernels.vocabulary import (
    BRACKET,
    DEGREE,
    FRACTION,
    NAME,
    NUMBER,
    ONES,
    SIGN,
    SKIP,
    TENS,
    WORD,
    code,
    commands,
    plain,
    words,
)


@dataclass(frozen=True)
class Tokens:
    """Tokens of many texts: row i has `codes[ends[i]:ends[i + 1]]`.

    `codes` uint64 name what a token says, `kinds` uint8 what it is; `starts` and
    `stops` int32 are its bytes in the plain text, if they were asked for.
    """

    codes: Array
    kinds: Array
    ends: Array
    starts: Array
    stops: Array

    def __len__(self) -> int:
        return len(self.ends) - 1


def scan(text: pl.Series, *, places: bool = False) -> Tokens:
    """The tokens of every text, in order."""
    parts = threaded(lambda part: scanned(part, places=places), slices(text))
    return joined(list(parts))


def scanned(text: pl.Series, *, places: bool = False) -> Tokens:
    """The tokens of one shard."""
    data, offsets = utf8(plain(text))
    return Tokens(*tokenised(data, offsets, words(), commands(), SIGNS, places))


def joined(parts: list[Tokens]) -> Tokens:
    """Tokens of shards as those of one table."""
    if len(parts) == 1:
        return parts[0]
    empty = np.zeros(0, np.int32)
    if not parts:
        none = np.zeros(0, np.uint64)
        return Tokens(none, none.astype(np.uint8), np.zeros(1, np.int64), empty, empty)
    lengths = np.concatenate([np.diff(part.ends) for part in parts])
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    columns = ("codes", "kinds", "starts", "stops")
    codes, kinds, starts, stops = (
        np.concatenate([getattr(part, name) for part in parts]) for name in columns
    )
    return Tokens(codes, kinds, ends, starts, stops)


SIGNS = np.zeros(128, np.uint64)
for _sign in "+-*/=<>^%|!'":
    SIGNS[ord(_sign)] = code(_sign)
SIGNS[ord(":")] = code("/")  # a ratio
LE, GE, NE, POWER = (uint64(code(sign)) for sign in "≤≥≠^")
SLASH, MINUS = uint64(code("/")), uint64(code("-"))
OPEN, CLOSE = uint64(code("(")), uint64(code(")"))
TEN = uint64(10)


@compiled
def looked_up(table: tuple[Array, Array, Array, Array], key: uint64) -> np.int64:
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
def tokenised(
    data: Array,
    offsets: Array,
    vocabulary: tuple[Array, Array, Array, Array],
    latex: tuple[Array, Array, Array, Array],
    signs: Array,
    places: bool,
) -> tuple[Array, Array, Array, Array, Array]:
    """(codes, kinds, ends, starts, stops) of a shard; see Tokens."""
    rows = len(offsets) - 1
    room = int(offsets[-1] - offsets[0]) + 2 * rows + 2
    codes, kinds = np.empty(room, uint64), np.empty(room, uint8)
    starts = np.empty(room if places else 0, np.int32)
    stops = np.empty(room if places else 0, np.int32)
    ends = np.zeros(rows + 1, np.int64)
    depths = np.zeros(64, np.int32)  # where a numerator was opened
    used = 0
    for row in range(rows):
        first, end = offsets[row], offsets[row + 1]
        begin, place = used, first
        # A fraction wants its numerator (1), or its denominator (2).
        wanted, depth, open_, tens = 0, 0, 0, uint64(0)
        while place < end:
            byte = data[place]
            start = place
            found, kept, value, was_tens = WORD, False, uint64(0), uint64(0)
            if byte <= 32:
                place += 1
                continue
            elif 48 <= byte <= 57 or (
                byte == 46
                and is_digit(data, place + 1, end)
                and not (place > first and is_digit(data, place - 1, end))
            ):
                below = start > first and data[start - 1] == 95  # \\log_264
                value, place = number(data, place, end, wanted > 0 or below)
                found, kept = NUMBER, True
            elif byte == 92:  # a backslash
                place += 1
                if place < end and 97 <= (data[place] | 0x20) <= 122:
                    value, place = command(data, place, end)
                    slot = looked_up(latex, value)
                    kept = True
                    if slot < 0:
                        value, _ = word(data, start + 1, place)
                    else:
                        value, found = latex[1][slot], latex[2][slot]
                        action = latex[3][slot]
                        if action == SKIP:
                            continue
                        if action == FRACTION:
                            wanted = 1
                            continue
                        raised = used > begin and codes[used - 1] == POWER
                        if action == DEGREE and raised:
                            used -= 1
                elif place < end and data[place] in (123, 125):
                    value = OPEN if data[place] == 123 else CLOSE
                    found, kept = BRACKET, True
                    place += 1
                elif place < end and data[place] == 37:
                    value, found, kept = signs[37], SIGN, True
                    place += 1
                else:
                    place += 1
                    continue
            elif byte == 123:
                depth += 1
                if wanted == 1 and open_ < 64:
                    depths[open_] = depth
                    open_ += 1
                wanted = 0
                place += 1
                continue
            elif byte == 125:
                place += 1
                depth -= 1
                if open_ > 0 and depths[open_ - 1] == depth + 1:
                    open_ -= 1
                    wanted = 2
                    value, found, kept = SLASH, SIGN, True
                else:
                    continue
            elif byte < 128 and signs[byte] != 0:
                place += 1
                value, found, kept = signs[byte], SIGN, True
                after = data[place] if place < end else uint8(0)
                before = data[start - 1] if start > first else uint8(0)
                if byte == 45:  # a hyphen between letters joins them
                    kept = not (
                        97 <= (before | 0x20) <= 122 and 97 <= (after | 0x20) <= 122
                    )
                    while place < end and data[place] == 45:
                        place += 1
                elif byte == 42 and after == 42:
                    value = POWER
                    place += 1
                elif after == 61 and byte in (60, 62, 33):
                    value = LE if byte == 60 else (GE if byte == 62 else NE)
                    place += 1
                elif byte == 33:  # 5! is a factorial, "Find it!" is not
                    kept = bool(48 <= before <= 57 or before == 41)
                elif byte == 58:
                    kept = bool(is_digit(data, place, end) and 48 <= before <= 57)
                elif byte == 39:
                    kept = bool(after == 40)
                if not kept:
                    continue
            elif byte in (40, 91):
                value, found, kept = OPEN, BRACKET, True
                place += 1
            elif byte in (41, 93):
                value, found, kept = CLOSE, BRACKET, True
                place += 1
            elif kind(data, place, end) != 0:
                value, place = word(data, place, end)
                if 65 <= byte <= 90 and place > start + 1 and data[start + 1] >= 97:
                    found = NAME
                if wanted > 0:  # \frac ab
                    place = start + width(data, start, end)
                    value, place = word(data, start, place)
                kept = True
                slot = looked_up(vocabulary, value)
                if slot >= 0:
                    value, found = vocabulary[1][slot], vocabulary[2][slot]
                    action = vocabulary[3][slot]
                    if action == SKIP:
                        continue
                    if action == TENS:
                        was_tens = uint64(1)
                    elif action == ONES and tens == 1 and used > begin:
                        # Twenty-five: the code of "2" is that of "20" less a digit.
                        value = joined_tens(codes[used - 1], value)
                        used -= 1
                        start = starts[used] + first if places else start
            else:
                place += width(data, place, end)
                continue
            tens = was_tens
            codes[used], kinds[used] = value, found
            if places:
                starts[used], stops[used] = start - first, place - first
            used += 1
            if wanted == 1 and found != SIGN:
                codes[used], kinds[used] = SLASH, SIGN
                if places:
                    starts[used], stops[used] = start - first, place - first
                used += 1
                wanted = 2
            elif wanted == 2 and found != SIGN:
                wanted = 0
        ends[row + 1] = used
    if places:
        return (
            codes[:used].copy(),
            kinds[:used].copy(),
            ends,
            starts[:used].copy(),
            stops[:used].copy(),
        )
    return codes[:used].copy(), kinds[:used].copy(), ends, starts, stops


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
