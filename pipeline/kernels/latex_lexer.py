r"""The lexer of LaTeX: bytes to the codes and kinds of tokens.

What a token is alone is the work of `latex_readers`. What depends on the tokens before
it is read here: fractions, whose numerator and denominator may stand in braces, "twenty
five" and 90^\circ.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hash_table import find_slot, may_hold
from pipeline.kernels.hashing import BASIS
from pipeline.kernels.latex_brackets import bind_brackets
from pipeline.kernels.latex_contractions import leave_out_n
from pipeline.kernels.latex_groups import (
    AFTER_TENS,
    AWAITS,
    DEEPEST,
    DENOMINATOR,
    DEPTH,
    INFIX,
    LAYOUT,
    MATRICES,
    NOTHING,
    NUMERATOR,
    STOP,
    TABLES,
    close_group,
    has_open_brace,
    open_group,
)  # fmt: skip
from pipeline.kernels.latex_lexemes import join_tens, read_word
from pipeline.kernels.latex_plain import LISTED, SILENT, is_name, read_plain
from pipeline.kernels.latex_readers import (
    CLASSES,
    CLOSES_GROUP,
    LOOK_UP,
    MACRO,
    NO_CODE,
    OPEN_BRACE,
    OPENS_GROUP,
    QUIET,
    SPACE,
    read_token,
)
from pipeline.kernels.latex_signs import POWER
from pipeline.kernels.latex_vectors import (
    CROSS_PRODUCT,
    is_over_letter,
    joins_vectors,
)
from pipeline.kernels.latex_vocabulary import (
    ARROW,
    BINOMIAL,
    BRACKET,
    CANNOT,
    CELL,
    CLOSE_MATRIX,
    CLOSE_TABLE,
    CROSS,
    DEGREE,
    FRACTION,
    NAME,
    NEGATED,
    NEGATES,
    NOT,
    NUMBER,
    ONES,
    OPEN_MATRIX,
    OPEN_TABLE,
    PRIME,
    ROW,
    SHORT,
    SIGN,
    SKIP,
    TENS,
    TOKEN,
    WORD,
    Vocabulary,
    token_code,
)
from pipeline.kernels.shards import Array, compiled, inlined

SLASH, CHOOSE, ROOT, BELOW, COMPOSE = (
    uint64(token_code(sign)) for sign in ("/", "choose", "√", "_", "∘")
)
DEGREES, NEGATION = uint64(token_code("degree")), uint64(token_code(NEGATES))
CAN, NO = uint64(token_code("can")), uint64(token_code("not"))
# Steps are inlined and arrays are handed over one by one: to count references to a
# tuple of arrays at every token costs more than to read the token.


@compiled
def fill_latex_tokens(
    data: Array,
    firsts: Array,
    begins: Array,
    ends: Array,
    vocabulary: Vocabulary,
    drawings: bool,
    codes: Array,
    kinds: Array,
    starts: Array,
    stops: Array,
) -> Array:
    """Fill the last four (two may be empty); the ends of each text's; see Tokens."""
    token_ends, used = np.zeros(len(begins) + 1, np.int64), 0
    state, groups = np.zeros(7, np.int64), np.zeros(DEEPEST + 1, uint8)
    (bloom, keys, values), meant, meant_kinds, actions, classes = vocabulary
    for row in range(len(begins)):
        first, position, end, begin = firsts[row], begins[row], ends[row], used
        state[:] = 0
        state[STOP] = -1
        while position < end:
            start, byte_class = position, CLASSES[data[position]]
            position += 1
            if byte_class in (SPACE, QUIET):
                continue
            code, kind_, stop = read_plain(
                data, first, start, end, state[AWAITS] != NOTHING, bloom
            )
            if kind_ < LISTED:
                position = stop
                state[AFTER_TENS] = False
                state[STOP] = position if kind_ in (WORD, NAME) else -1
                here = start - first, position - first
                used = _put(codes, kinds, starts, stops, used, code, kind_, here)
                continue
            if kind_ == SILENT:
                position = stop
                continue
            if kind_ == LISTED:
                position, action = stop, LOOK_UP
                kind_ = NAME if is_name(data, start, stop) else WORD
            elif byte_class == OPENS_GROUP:
                before = codes[used - 1] if used > begin else NO_CODE
                code, action = open_group(data, first, start, before, state, groups)
                kind_ = BRACKET
            elif byte_class == CLOSES_GROUP:
                code, kind_, action = close_group(state, groups)
            else:
                code, kind_, action, position = read_token(
                    data, first, start, end, state[AWAITS] != NOTHING,
                    state[STOP] == start, drawings, classes,
                )  # fmt: skip
            if action == LOOK_UP:
                action, index = TOKEN, -1
                if may_hold(bloom, code):
                    index = values[find_slot(keys, values, code, 0)]
                if index >= 0:
                    code, kind_ = meant[index], meant_kinds[index]
                    action = actions[index]
                elif byte_class == MACRO:  # \deg is deg, and so a degree
                    code, _ = read_word(data, start + 1, position, classes)
                    start += position == start + 2  # \R is the variable R
                    if may_hold(bloom, code):
                        index = values[find_slot(keys, values, code, 0)]
                        if index >= 0:
                            code, kind_ = meant[index], meant_kinds[index]
                            action = actions[index]
            if action == SKIP:  # \left leaves f and ( together
                if byte_class in (MACRO, CLOSES_GROUP) and state[STOP] == start:
                    state[STOP] = skip_spaces(data, position, end, byte_class)
                continue
            here = start - first, position - first
            if action != TOKEN:
                stays, used, start, code, kind_ = _settle(
                    data, codes, kinds, starts, stops, used, begin, first, here,
                    code, kind_, action, state, groups,
                )  # fmt: skip
                if not stays:
                    continue
                here = start, position - first
            state[AFTER_TENS] = action == TENS
            state[STOP] = -1
            if kind_ in (WORD, NAME):
                state[STOP] = skip_spaces(data, position, end, byte_class)
            used = _put(codes, kinds, starts, stops, used, code, kind_, here)
            if state[AWAITS] != NOTHING and kind_ != SIGN and kind_ != BRACKET:
                if state[AWAITS] == NUMERATOR:
                    infix = CHOOSE if state[INFIX] else SLASH
                    used = _put(codes, kinds, starts, stops, used, infix, SIGN, here)
                is_top = state[AWAITS] == NUMERATOR
                state[AWAITS] = DENOMINATOR if is_top else NOTHING
            elif byte_class == CLOSES_GROUP and state[AWAITS] == DENOMINATOR:
                infix = CHOOSE if state[INFIX] else SLASH
                used = _put(codes, kinds, starts, stops, used, infix, SIGN, here)
        token_ends[row + 1] = used
    bind_brackets(codes, kinds, token_ends)
    return token_ends


@inlined
def skip_spaces(data: Array, position: int, end: int, byte_class: int) -> int:
    r"""Where what stands at `position` begins: a command ends behind its spaces.

    `\sin (x)` is `\sin(x)`.
    """
    while byte_class == MACRO and position < end and data[position] == 32:
        position += 1
    return position


@inlined
def _put(
    codes: Array,
    kinds: Array,
    starts: Array,
    stops: Array,
    used: int,
    code: uint64,
    kind: int,
    span: tuple[int, int],
) -> int:
    """Write one token; how many there are then."""
    codes[used], kinds[used] = code, kind
    if len(starts):
        starts[used], stops[used] = span
    return used + 1


@compiled
def _settle(
    data: Array,
    codes: Array,
    kinds: Array,
    starts: Array,
    stops: Array,
    used: int,
    begin: int,
    first: int,
    here: tuple[int, int],
    code: uint64,
    kind: int,
    action: int,
    state: Array,
    groups: Array,
) -> tuple[bool, int, int, uint64, int]:
    """What depends on the tokens before: (it stays, used, start, code, kind)."""
    start = here[0]
    if action in (FRACTION, BINOMIAL):
        state[AWAITS], state[INFIX] = NUMERATOR, action == BINOMIAL
        return False, used, start, code, kind
    if action in (DEGREE, PRIME):  # 90^\circ, f^{\prime}
        group = used > begin + 1 and kinds[used - 1] == BRACKET and state[DEPTH] > 0
        if group and codes[used - 2] == POWER and data[first + start - 1] == OPEN_BRACE:
            groups[state[DEPTH]], used = LAYOUT, used - 1
        raised = used > begin and codes[used - 1] == POWER
        used -= raised
        is_degree = raised or (used > begin and kinds[used - 1] == NUMBER)
        if action == DEGREE and code == COMPOSE and is_degree:
            code, kind = DEGREES, WORD
    elif action == ONES:
        if state[AFTER_TENS] and used > begin:  # twenty-five
            used -= 1
            code = join_tens(codes[used], code)
            start = starts[used] if len(starts) else start
    elif action in (NEGATED, NOT):  # ∉ and \not\in
        if action == NOT:
            code = NEGATION
        else:
            used = _put(codes, kinds, starts, stops, used, NEGATION, SIGN, here)
    elif action == CROSS:  # of vectors and sets; elsewhere a product is a product
        if joins_vectors(codes[begin:used], data, first, first + here[0]):
            code = CROSS_PRODUCT
    elif action == ARROW:  # over one letter it is bold type
        return not is_over_letter(data, first + here[1]), used, start, code, kind
    elif action == SHORT:
        if code == NO and used > begin:
            codes[used - 1] = leave_out_n(data, first, first + here[0])
    elif action == CANNOT:
        used = _put(codes, kinds, starts, stops, used, CAN, WORD, here)
    elif action == CELL:
        return state[TABLES] + state[MATRICES] == 0, used, start, code, kind
    elif action == ROW:
        return state[MATRICES] > 0, used, start, code, kind
    elif (
        action == OPEN_MATRIX
        and code == BASIS
        and has_open_brace(codes, kinds, used, begin)
    ):  # \left\{\begin{array} is \begin{cases}
        state[TABLES] += 1
        return False, used - 1, start, code, kind
    elif action == CLOSE_MATRIX and code == BASIS and state[MATRICES] == 0:
        state[TABLES] = max(0, state[TABLES] - 1)
        return False, used, start, code, kind
    elif action in (OPEN_MATRIX, CLOSE_MATRIX):
        step = 1 if action == OPEN_MATRIX else -1
        state[MATRICES] = max(0, state[MATRICES] + step)
        return code != BASIS, used, start, code, kind
    elif action in (OPEN_TABLE, CLOSE_TABLE):
        step = 1 if action == OPEN_TABLE else -1
        state[TABLES] = max(0, state[TABLES] + step)
        return False, used, start, code, kind
    return True, used, start, code, kind
