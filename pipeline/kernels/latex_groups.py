r"""Braces of LaTeX: layout, what a command takes, or those of a set.

The lexer keeps what it knows of the tokens before in `state`, and what each open brace
is in `groups`.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.latex_brackets import GLUED
from pipeline.kernels.latex_readers import BRACKETS, CLOSE_BRACE, OPEN_BRACE
from pipeline.kernels.latex_signs import POWER
from pipeline.kernels.latex_vocabulary import BRACKET, SKIP, TOKEN, token_code
from pipeline.kernels.shards import Array, compiled

ROOT, BELOW = uint64(token_code("√")), uint64(token_code("_"))
# What may stand before the brace of a set; behind a letter it is an argument's.
FREE = np.zeros(256, np.bool_)
FREE[:33] = True
FREE[list(b"$(=,:;|[+-*/<>~\"']_^")] = True
# Behind these it is none: x_{1}, \sqrt[3]{8}.
RAISES = np.zeros(256, np.bool_)
RAISES[list(b"_^]")] = True

# What a fraction waits for, and what it has between its parts.
NOTHING, NUMERATOR, DENOMINATOR = 0, 1, 2
# What braces are: layout, an argument or a set, a numerator, the top of a binomial.
LAYOUT, ARGUMENT, TOP, UPPER = 0, 1, 2, 3
DEEPEST = 255
UP, DOWN = b"^_"
# What is known of the tokens before, by its place in `state`.
AWAITS, INFIX, DEPTH, AFTER_TENS, TABLES, MATRICES, STOP = range(7)


@compiled
def open_group(
    data: Array, first: int, start: int, before: uint64, state: Array, groups: Array
) -> tuple[uint64, int]:
    """Note what the brace at `start` opens: (code, action)."""
    byte = data[start - 1] if start > first else uint8(0)
    group = LAYOUT
    if state[AWAITS] == NUMERATOR:
        group = UPPER if state[INFIX] else TOP
    elif _holds_up(data, start):
        group = LAYOUT
    elif state[AWAITS] == DENOMINATOR or FREE[byte] or before in (POWER, BELOW, ROOT):
        group = ARGUMENT
    state[AWAITS] = NOTHING
    state[DEPTH] = min(state[DEPTH] + 1, DEEPEST)
    groups[state[DEPTH]] = group
    code = BRACKETS[OPEN_BRACE] ^ GLUED if RAISES[byte] else BRACKETS[OPEN_BRACE]
    return code, TOKEN if group != LAYOUT else SKIP


@compiled
def _holds_up(data: Array, start: int) -> bool:
    r"""Whether the brace at `start` holds nothing but a place for an index: {}^{14}."""
    return bool(
        start + 2 < len(data)
        and data[start + 1] == CLOSE_BRACE
        and data[start + 2] in (UP, DOWN)
    )


@compiled
def close_group(state: Array, groups: Array) -> tuple[uint64, int, int]:
    """(code, kind, action) of a closing brace."""
    if state[DEPTH] == 0:
        return BRACKETS[CLOSE_BRACE], BRACKET, TOKEN
    group = groups[state[DEPTH]]
    state[DEPTH] -= 1
    if group >= TOP:
        state[AWAITS], state[INFIX] = DENOMINATOR, group == UPPER
    return BRACKETS[CLOSE_BRACE], BRACKET, TOKEN if group != LAYOUT else SKIP


@compiled
def has_open_brace(codes: Array, kinds: Array, used: int, begin: int) -> bool:
    """Whether a brace that is drawn is the last token."""
    last = used - 1
    is_bracket = last >= begin and kinds[last] == BRACKET
    return is_bracket and codes[last] == BRACKETS[OPEN_BRACE]
