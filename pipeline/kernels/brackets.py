r"""The brackets that a formula needs: `2*(3+4)` has some, `(x)` and `\frac{a}{b}` none.

A pair of brackets counts where it holds an operator that binds no tighter than one
beside it, where it has no partner, or where it holds nothing or brackets alone, as in
puzzles. Braces of LaTeX are brackets too, so that `\frac{a+b}{c}` is `(a+b)/c` and
`2^{n+1}` is `2^(n+1)`.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN, token_code
from pipeline.kernels.sentences import is_variable
from pipeline.kernels.shards import Array, compiled

# How tight an operator binds; 0 is none.
NO_OPERATOR, LOGIC, RELATION, ADDITION, MULTIPLICATION, POWER = range(6)
PLUS, MINUS, TIMES, DIVIDE, RAISED, ROOT, FACTORIAL = (
    uint64(token_code(sign)) for sign in "+-*/^√!"
)
AND, OR, NOT = (uint64(token_code(word)) for word in ("and", "or", "not"))
OPENING, CLOSING = (uint64(token_code(bracket)) for bracket in "()")
# In place of the codes of words, which are not compared.
WORD_CODE, LETTER_CODE, MACRO_CODE = uint64(0), uint64(1), uint64(2)
OPEN, CLOSE = b"()"
OPEN_BRACE, CLOSE_BRACE, BACKSLASH = b"{}\\"


@compiled
def structure_hash(
    data: Array,
    begins: Array,
    finishes: Array,
    codes: Array,
    kinds: Array,
    ends: Array,
    starts: Array,
    stops: Array,
    letters: bool,
) -> Array:
    """A uint64 for the numbers, signs and needed brackets of each text, in order.

    The tokens are those of `Tokens`, with spans; text i is in `data` from
    `begins[i]` to `finishes[i]`. With `letters`, variables count too, in their case,
    if not all is in capitals; words count only as what stands beside a bracket.
    """
    texts = len(ends) - 1
    out = np.zeros(texts, uint64)
    room = 2 * int((ends[1:] - ends[:-1]).max()) + 64 if texts else 0
    # Marks: OPEN, CLOSE or 0 for a token; partner of a bracket; how tight, what code.
    mark, tight = np.zeros(room, uint8), np.zeros(room, uint8)
    partner, code = np.empty(room, np.int64), np.empty(room, uint64)
    for text in range(texts):
        count = _read_marks(
            data, begins[text], finishes[text], codes, kinds, ends[text],
            ends[text + 1], starts, stops, letters, mark, tight, code,
        )  # fmt: skip
        _match(mark, partner, count)
        value = uint64(0)
        for place in range(count):
            if mark[place] == 0:
                if code[place] > MACRO_CODE:
                    value = value * STEP + fmix64(code[place])
            elif _is_needed(mark, tight, partner, place, count):
                value = value * STEP + fmix64(uint64(mark[place]))
        out[text] = fmix64(value)
    return out


@compiled
def _read_marks(
    data: Array, begin: int, finish: int, codes: Array, kinds: Array, token: int,
    end: int, starts: Array, stops: Array, letters: bool, mark: Array, tight: Array,
    code: Array,
) -> int:  # fmt: skip
    """Fill the last three with the brackets and tokens of one text; how many.

    `mark` is OPEN, CLOSE or 0. `tight` of a token is how tight it binds, and of a
    bracket how tight what stands before it (OPEN) or behind it (CLOSE) does.
    """
    count, position = 0, begin
    case = uint64(0 if _has_small_words(data, begin, starts, stops, token, end) else 32)
    for number in range(token, end):
        start, stop = begin + starts[number], begin + stops[number]
        is_slash = codes[number] == DIVIDE and data[start] == CLOSE_BRACE
        while position < start + is_slash:
            byte = data[position]
            if byte == OPEN_BRACE and count < len(mark):
                count = _open(data, begin, position, mark, tight, code, count)
            elif byte == CLOSE_BRACE and count < len(mark):
                mark[count], tight[count], count = CLOSE, 0, count + 1
            position += 1
        if count == len(mark):
            return count
        is_glued = position == start + is_slash and data[max(begin, start - 1)] > 32
        if kinds[number] == BRACKET and codes[number] == OPENING:
            _bind_last(mark, tight, count, MULTIPLICATION if is_glued else NO_OPERATOR)
            count = _open(data, begin, start, mark, tight, code, count)
        elif kinds[number] == BRACKET and codes[number] == CLOSING:
            mark[count], tight[count], count = CLOSE, 0, count + 1
        else:
            size = stop - start
            how = _tightness(codes[number], kinds[number])
            mark[count], tight[count], code[count] = 0, how, codes[number]
            if kinds[number] not in (NUMBER, SIGN, BRACKET):
                code[count] = WORD_CODE if size > 1 else LETTER_CODE
                if letters and size == 1 and is_variable(data, begin, finish, start):
                    code[count] = STEP * (uint64(data[start]) | case)
                if data[start] == BACKSLASH:
                    code[count] = MACRO_CODE
            is_factor = how == NO_OPERATOR and is_glued and size == 1
            is_factor |= how == NO_OPERATOR and is_glued and kinds[number] == NUMBER
            _bind_last(mark, tight, count, MULTIPLICATION if is_factor else how)
            count += 1
        position = max(position, stop)
    return count


@compiled
def _has_small_words(
    data: Array, begin: int, starts: Array, stops: Array, token: int, end: int
) -> bool:
    """Whether a word of some letters ends in a small letter."""
    for number in range(token, end):
        last = begin + stops[number] - 1
        if stops[number] - starts[number] > 1 and data[last] >= 97:
            return True
    return False


@compiled
def _bind_last(mark: Array, tight: Array, count: int, how: int) -> None:
    """Say how tight what comes now binds the brackets that were closed just before."""
    place = count - 1
    while place >= 0 and mark[place] == CLOSE:
        tight[place] = max(tight[place], uint8(how))
        place -= 1


@compiled
def _open(
    data: Array, begin: int, position: int, mark: Array, tight: Array, code: Array,
    count: int,
) -> int:  # fmt: skip
    """Add an opening bracket that stands at `position`; how many marks there are."""
    how = NO_OPERATOR
    before = data[position - 1] if position > begin else uint8(32)
    if before == ord("^") or before == ord("_"):
        how = POWER
    elif count > 0 and mark[count - 1] == 0:
        how = tight[count - 1]
        if how == ADDITION and code[count - 1] == PLUS:
            how = RELATION
        elif how == NO_OPERATOR and (code[count - 1] != WORD_CODE or before > 32):
            how = MULTIPLICATION
    elif count > 0 and mark[count - 1] == CLOSE:
        how = MULTIPLICATION
    elif count > 0 and before > 32:
        how = tight[count - 1]
    mark[count], tight[count] = OPEN, how
    return count + 1


@compiled
def _tightness(code: uint64, kind: int) -> int:
    if kind == SIGN:
        if code in (PLUS, MINUS):
            return ADDITION
        if code in (TIMES, DIVIDE):
            return MULTIPLICATION
        if code in (RAISED, ROOT, FACTORIAL):
            return POWER
        return RELATION
    return LOGIC if code in (AND, OR, NOT) else NO_OPERATOR


@compiled
def _match(mark: Array, partner: Array, count: int) -> None:
    """Fill `partner` with that of each bracket, -1 where it has none."""
    top = -1  # of a stack that `partner` itself holds
    for place in range(count):
        if mark[place] == OPEN:
            partner[place] = top
            top = place
        elif mark[place] == CLOSE:
            if top < 0:
                partner[place] = -1
                continue
            below = partner[top]
            partner[top], partner[place] = place, top
            top = below
    while top >= 0:
        below = partner[top]
        partner[top] = -1
        top = below


@compiled
def _is_needed(
    mark: Array, tight: Array, partner: Array, place: int, count: int
) -> bool:
    """Whether the bracket at `place` says something."""
    if partner[place] < 0:
        return True
    begin, end = min(place, partner[place]), max(place, partner[place])
    weakest, tokens, inside = np.int64(255), 0, begin + 1
    while inside < end:
        if mark[inside] == OPEN:
            inside = partner[inside] + 1
            continue
        tokens += 1
        if tight[inside] != NO_OPERATOR:
            weakest = min(weakest, np.int64(tight[inside]))
        inside += 1
    if tokens == 0:
        return _holds_no_token(mark, begin, end)
    return bool(weakest <= tight[begin] or weakest < tight[end])


@compiled
def _holds_no_token(mark: Array, begin: int, end: int) -> bool:
    place = begin + 1
    while place < end and mark[place] != 0:
        place += 1
    return bool(place == end)
