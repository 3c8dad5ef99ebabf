"""What the lexer reads at a glance: words, whole numbers and signs of prose.

Most tokens are read alike whatever is around them. Here they are found without a look
at neighbours, at the tokens before or at the vocabulary; all others are left to
`latex_readers`, which reads these alike, only slower.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hash_table import may_hold
from pipeline.kernels.hashing import BASIS, fnv1a
from pipeline.kernels.latex_lexemes import read_letters
from pipeline.kernels.latex_signs import SIGNS
from pipeline.kernels.latex_vocabulary import NAME, NUMBER, SIGN, WORD
from pipeline.kernels.shards import Array, inlined
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter

# Kinds: left to other readers, without a trace, a word to be looked up.
OTHER, SILENT, LISTED = 255, 254, 253
POINT, COMMA, BACKSLASH, OPEN_BRACE, UNDERSCORE, UP = b".,\\{_^"
# Signs that are themselves unless one of JOINING is behind them.
ALONE, JOINING, EMPTY = np.zeros((3, 256), np.bool_)
ALONE[list(b"+/^%|#@=<>*")] = True
JOINING[list(b"*=>")] = True
EMPTY[list(b"} ")] = True  # behind the brace of what is raised


@inlined
def is_name(data: Array, start: int, stop: int) -> bool:
    """Whether the word from `start` to `stop` has a capital and a small letter."""
    return bool(data[start] <= 90 and stop > start + 1 and data[start + 1] >= 97)


@inlined
def read_plain(
    data: Array, first: int, start: int, end: int, waits: bool, vocabulary: Array
) -> tuple[uint64, int, int]:
    r"""(code, kind, end) of what begins at `start`; OTHER where more must be known.

    `waits` is behind `\frac`; `vocabulary` are the Bloom bits of its table.
    """
    byte, position, code = data[start], start, BASIS
    if is_letter(byte) and not waits:
        code, position = read_letters(data, start, end)
        after = byte_at(data, position, end)
        if after > 127 or (after == POINT and position == start + 1):  # p.m.
            return code, OTHER, start
        if may_hold(vocabulary, code):
            return code, LISTED, position
        return code, NAME if is_name(data, start, position) else WORD, position
    before = data[start - 1] if start > first else uint8(0)
    if 48 <= byte <= 57 and not waits and before != UNDERSCORE:
        while is_digit(data, position, end):
            code = fnv1a(code, data[position])
            position += 1
        after = byte_at(data, position, end)
        grouped = after in (BACKSLASH, OPEN_BRACE)
        if after in (POINT, COMMA):
            behind = byte_at(data, position + 1, end)
            grouped = 48 <= behind <= 57 or behind == BACKSLASH
        return code, OTHER if grouped else NUMBER, position
    if ALONE[byte]:
        after = byte_at(data, start + 1, end)
        other = JOINING[after]
        if byte == UP and after == OPEN_BRACE:  # x^{} is x
            other = EMPTY[byte_at(data, start + 2, end)]
        return SIGNS[byte], OTHER if other else SIGN, start + 1
    # A full stop between a word and white space, and no ". . .".
    stops = byte == POINT and (is_letter(before) or 48 <= before <= 57)
    stops = stops and byte_at(data, start + 1, end) <= 32
    stops = stops and byte_at(data, start + 2, end) != POINT
    return code, SILENT if stops else OTHER, start + 1
