r"""Mathematics to tokens in one spelling: words, numbers, signs, brackets.

The layout of LaTeX, case, punctuation, quotes and thousands separators leave no
trace; numbers, operators and relation signs keep their order. `\frac{a}{b}` and
`(a)/b` give the same tokens, brackets aside: `a`, `/`, `b`.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy import uint8, uint64

from pipeline.kernels.latex_lexemes import (
    command,
    ends_sentence,
    find_code,
    is_digit,
    joined_tens,
    letters,
    number,
    spells,
    word,
)
from pipeline.kernels.latex_vocabulary import (
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
    commands,
    plain_text,
    token_code,
    words,
)
from pipeline.kernels.shards import (
    Array,
    compiled,
    map_threads,
    split_shards,
    text_bytes,
)
from pipeline.kernels.utf8 import kind, width


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


def tokenise(text: pl.Series, *, spans: bool = False, drawings: bool = True) -> Tokens:
    """The tokens of every text, in order; without `drawings`, less Asymptote code."""
    parts = map_threads(
        lambda part: tokenise_shard(part, spans=spans, drawings=drawings),
        split_shards(text),
    )
    return concatenate(list(parts))


def tokenise_shard(
    text: pl.Series, *, spans: bool = False, drawings: bool = True
) -> Tokens:
    """The tokens of one shard."""
    data, offsets = text_bytes(plain_text(text))
    return tokenise_ranges(
        data, offsets[:-1], offsets[1:], spans=spans, drawings=drawings
    )


def tokenise_ranges(
    data: Array,
    begins: Array,
    ends: Array,
    *,
    spans: bool = False,
    drawings: bool = True,
) -> Tokens:
    """The tokens of runs of `data` uint8, from `begins[i]` to `ends[i]` (int64)."""
    tables = words(), commands(), SIGNS
    return Tokens(*_tokenise(data, (begins, ends), *tables, spans, drawings))


def concatenate(parts: list[Tokens]) -> Tokens:
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
    SIGNS[ord(_sign)] = token_code(_sign)
SIGNS[ord(":")] = token_code("/")  # a ratio
LE, GE, NE, POWER = (uint64(token_code(sign)) for sign in "≤≥≠^")
SLASH, MINUS = uint64(token_code("/")), uint64(token_code("-"))
OPEN, CLOSE = uint64(token_code("(")), uint64(token_code(")"))
ASY = np.frombuffer(b"[asy]", np.uint8).copy()
END_ASY = np.frombuffer(b"[/asy]", np.uint8).copy()


@compiled
def _tokenise(
    data: Array,
    ranges: tuple[Array, Array],
    vocabulary: tuple[Array, Array, Array, Array],
    latex: tuple[Array, Array, Array, Array],
    signs: Array,
    spans: bool,
    drawings: bool,
) -> tuple[Array, Array, Array, Array, Array]:
    """(codes, kinds, ends, starts, stops) of runs of `data`; see Tokens."""
    rows = len(ranges[0])
    room = int((ranges[1] - ranges[0]).sum()) + 2 * rows + 2
    codes, kinds = np.empty(room, uint64), np.empty(room, uint8)
    starts = np.empty(room if spans else 0, np.int32)
    stops = np.empty(room if spans else 0, np.int32)
    ends = np.zeros(rows + 1, np.int64)
    depths = np.zeros(64, np.int32)  # where a numerator was opened
    used = 0
    for row in range(rows):
        first, end = ranges[0][row], ranges[1][row]
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
                    slot = find_code(latex, value)
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
                if byte == 45:  # a hyphen in words joins them; a-b is a difference
                    long = max(
                        letters(data, start - 1, first, -1),
                        letters(data, place, end, 1),
                    )
                    kept = not (
                        97 <= (before | 0x20) <= 122
                        and 97 <= (after | 0x20) <= 122
                        and long >= 3
                    )
                    while place < end and data[place] == 45:
                        place += 1
                elif byte == 42 and after == 42:
                    value = POWER
                    place += 1
                elif after == 61 and byte in (60, 62, 33):
                    value = LE if byte == 60 else (GE if byte == 62 else NE)
                    place += 1
                elif byte == 33:  # "5! =" is a factorial, "Take 5! How" is not
                    kept = bool(48 <= before <= 57 or before == 41)
                    kept = kept and place < end and not ends_sentence(data, place, end)
                elif byte == 58:
                    kept = bool(is_digit(data, place, end) and 48 <= before <= 57)
                elif byte == 39:
                    kept = bool(after == 40)
                if not kept:
                    continue
            elif byte == 91 and not drawings and spells(data, place, end, ASY):
                while place < end and not spells(data, place, end, END_ASY):
                    place += 1
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
                slot = find_code(vocabulary, value)
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
                        start = starts[used] + first if spans else start
            else:
                place += width(data, place, end)
                continue
            tens = was_tens
            codes[used], kinds[used] = value, found
            if spans:
                starts[used], stops[used] = start - first, place - first
            used += 1
            if wanted == 1 and found != SIGN:
                codes[used], kinds[used] = SLASH, SIGN
                if spans:
                    starts[used], stops[used] = start - first, place - first
                used += 1
                wanted = 2
            elif wanted == 2 and found != SIGN:
                wanted = 0
        ends[row + 1] = used
    if spans:
        return (
            codes[:used].copy(),
            kinds[:used].copy(),
            ends,
            starts[:used].copy(),
            stops[:used].copy(),
        )
    return codes[:used].copy(), kinds[:used].copy(), ends, starts, stops
