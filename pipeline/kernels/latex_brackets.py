"""Which brackets bind: those without which a formula is another one.

`2*(3+4)` and `2*3+4` differ; "(3+4)", "f(x)", "(a)/b" and "Ann (who is 6)" are the same
without brackets. So a pair that binds becomes two signs, which count wherever signs do,
and any other stays two brackets, which leave no trace. A bracket without a partner, a
pair around nothing and those of an interval are what the text is about, and are signs
of their own shape.
"""

import numpy as np
from numpy import uint64

from pipeline.kernels.latex_vocabulary import (
    BRACKET,
    NAME,
    NUMBER,
    SIGN,
    WORD,
    token_code,
)
from pipeline.kernels.shards import Array, compiled

OPEN, CLOSE = uint64(token_code("(")), uint64(token_code(")"))
GLUED = uint64(1)  # xor: right behind a letter or a digit, as in f(x + 1)
APART = uint64(2)  # xor: behind the end of a sentence, as in "Find x + 1. (6 points)"
SHAPES = np.array([token_code(sign) for sign in "([{)]}"], np.uint64)
OPEN_SQUARE, CLOSE_SQUARE, OPEN_BRACE, CLOSE_BRACE = SHAPES[[1, 4, 2, 5]]
OPENINGS = np.concatenate([SHAPES[:3], SHAPES[:3] ^ GLUED, SHAPES[:3] ^ APART])
CLOSINGS = SHAPES[3:]
# Signs that join nothing: marks of one operand, and what stands for text.
MARKS = np.array([token_code(sign) for sign in "'%_^!…?.#@£€¥$;√"], np.uint64)
RELATIONS = np.array([token_code(sign) for sign in "=<>≤≥≡≈∈⊂⊆→⇒⇔"], np.uint64)
LOGIC = np.array([token_code(word) for word in ("and", "or", "not", "xor")], np.uint64)
SUMS = np.array([token_code(sign) for sign in "+-±∓"], np.uint64)
SAID_SUMS = np.array([token_code(word) for word in ("plus", "minus")], np.uint64)
OF = uint64(token_code("of"))  # half of (10 plus 6)
PRODUCTS = np.array([token_code(sign) for sign in "*/"], np.uint64)
VALUES = np.array(
    [token_code(x) for x in (*"abcdefghijklmnopqrstuvwxyz", "pi")], np.uint64
)
PLUS, MINUS, TIMES, SLASH, POWER, EMPTY = (
    uint64(token_code(sign)) for sign in "+-*/^∅"
)
# Letters behind a bracket, but for those of "a day" and "Tom (6)'s".
FACTORS = VALUES[[place for place in range(26) if chr(97 + place) not in "adst"]]
TIGHT = np.array([token_code(sign) for sign in "^_√"], np.uint64)
MODULO = uint64(token_code("mod"))
TAKES = np.array([token_code(sign) for sign in (*"^_√/", "choose", "mod")], np.uint64)
RAISED = np.array([token_code(sign) for sign in "^!'"], np.uint64)
# What is counted inside brackets.
TOKENS, ADDED, MULTIPLIED, JOINED, RAISED_INSIDE = range(5)


@compiled
def leave_out_brackets(
    codes: Array, kinds: Array, ends: Array, starts: Array, stops: Array
) -> None:
    """Leave brackets out of the fields of Tokens, of which the last two may be empty.

    What is left stands at the beginning of each: up to the last of `ends`.
    """
    used, begin = 0, 0
    for row in range(len(ends) - 1):
        for place in range(begin, ends[row + 1]):
            codes[used], kinds[used] = codes[place], kinds[place]
            if len(starts):
                starts[used], stops[used] = starts[place], stops[place]
            used += kinds[place] != BRACKET
        begin, ends[row + 1] = ends[row + 1], used


@compiled
def bind_brackets(codes: Array, kinds: Array, ends: Array) -> None:
    """Make signs of the brackets that bind, in place; see Tokens."""
    most = int((ends[1:] - ends[:-1]).max()) if len(ends) > 1 else 0
    # Of each open bracket: where it is, and what was counted before it.
    stack, counts = np.zeros((most + 1, 6), np.int32), np.zeros(5, np.int32)
    for row in range(len(ends) - 1):
        first, end = ends[row], ends[row + 1]
        begin = first
        while begin < end and kinds[begin] != BRACKET:
            begin += 1
        depth = 0
        for place in range(begin, end):
            code = codes[place]
            if kinds[place] != BRACKET:
                if depth > 0:
                    _count(code, kinds[place], counts)
            elif is_in(code, OPENINGS):
                stack[depth, 0] = place - first
                stack[depth, 1:] = counts
                depth += 1
            elif depth > 0:
                depth -= 1
                begin, inside = first + stack[depth, 0], counts - stack[depth, 1:]
                _settle_pair(codes, kinds, first, begin, place, end, inside)
            elif place == first or kinds[place - 1] in (BRACKET, SIGN):
                kinds[place] = SIGN
        for level in range(depth):  # without a partner
            place = first + stack[level, 0]
            codes[place] = _shape(codes[place])
            if place + 1 == end or kinds[place + 1] in (BRACKET, SIGN):
                kinds[place] = SIGN


@compiled
def is_in(code: uint64, codes: Array) -> bool:
    number = 0
    while number < len(codes) and codes[number] != code:
        number += 1
    return number < len(codes)


@compiled
def _shape(code: uint64) -> uint64:
    """The code of an opening bracket wherever it stands."""
    if is_in(code, OPENINGS[3:6]):
        return code ^ GLUED
    return code ^ APART if is_in(code, OPENINGS[6:]) else code


@compiled
def _count(code: uint64, kind: int, counts: Array) -> None:
    """Count a token: as an operand, or as what joins or raises operands."""
    if kind == SIGN:
        if is_in(code, SUMS):
            counts[ADDED] += 1
        elif is_in(code, PRODUCTS):
            counts[MULTIPLIED] += 1
        elif not is_in(code, MARKS):
            counts[JOINED] += 1
        counts[RAISED_INSIDE] += code == POWER
        return
    if kind == WORD and is_in(code, SAID_SUMS):
        counts[ADDED] += 1
        return
    counts[TOKENS] += 1
    counts[JOINED] += kind == WORD and is_in(code, LOGIC)


@compiled
def _settle_pair(
    codes: Array,
    kinds: Array,
    first: int,
    begin: int,
    place: int,
    end: int,
    inside: Array,
) -> None:
    """Say what the brackets at `begin` and `place` are; `inside` has been counted."""
    shown = place == begin + 1 or _is_interval(codes, kinds, begin, place, inside)
    if codes[begin + 1] == MODULO:  # (mod n - 1) is modulo n - 1
        codes[begin], codes[place] = OPEN, CLOSE
        return
    if shown or _is_set(codes, kinds, first, begin, place, end):
        codes[begin] = _shape(codes[begin])
        kinds[begin] = kinds[place] = SIGN
        return
    glued = is_in(codes[begin], OPENINGS[3:6])
    if not glued and _is_member(codes, kinds, first, begin, place, end, inside):
        kinds[begin] = kinds[place] = SIGN
        return
    if is_in(codes[begin], OPENINGS[6:]):  # nothing before it joins
        first = begin
    before = codes[begin - 1] if begin > first else uint64(0)
    behind = codes[place + 1] if place + 1 < end else uint64(0)
    signed = kinds[begin + 1] == SIGN and is_in(codes[begin + 1], SUMS)
    added, multiplied = inside[ADDED] - signed, inside[MULTIPLIED]
    several = inside[TOKENS] - inside[RAISED_INSIDE] > 1
    prefix = codes[begin + 1] == PLUS or is_in(codes[begin + 1], PRODUCTS)
    prefix = prefix and kinds[begin + 1] == SIGN and inside[TOKENS] > 1
    binds = is_in(behind, RAISED) and (several or signed or inside[RAISED_INSIDE] > 0)
    binds = binds or (is_in(before, TIGHT) and several)
    if inside[TOKENS] > 0 and added + multiplied + inside[JOINED] > 0:  # 0^{+}
        binds = binds or glued or before == SLASH or prefix  # (* 2 3)
        if inside[JOINED] > 0:
            binds = binds or _is_operand(codes, kinds, first, begin - 1, end, True)
            binds = binds or _is_operand(codes, kinds, first, place + 1, end, False)
        elif added > 0:
            binds = binds or _is_factor(codes, kinds, first, begin - 1, end, True)
            binds = binds or before == MINUS or is_in(behind, FACTORS)  # (1 + i)z
            binds = binds or (
                before == OF and begin > first + 1 and kinds[begin - 2] == NUMBER
            )
            binds = binds or (
                _is_factor(codes, kinds, first, place + 1, end, False)
                and kinds[place + 1] != NUMBER
            )
    is_brace = _shape(codes[begin]) == OPEN_BRACE
    codes[begin], codes[place] = OPEN, CLOSE
    if binds:
        kinds[begin] = kinds[place] = SIGN
    elif is_brace:  # of an argument, and never what an answer is in
        codes[begin], codes[place] = OPEN_BRACE, CLOSE_BRACE


@compiled
def _is_interval(
    codes: Array, kinds: Array, begin: int, place: int, inside: Array
) -> bool:
    """Whether the brackets are those of [0, 2), (0, 2] or [0, 2], whose shape counts.

    What is in square brackets alone may be a sum, and [a + b]c is (a + b)c; or a note,
    such as [5 points].
    """
    is_square = _shape(codes[begin]) == OPEN_SQUARE
    if is_square != (codes[place] == CLOSE_SQUARE):
        return True
    signed = is_in(codes[begin + 1], SUMS)
    joined = inside[ADDED] + inside[MULTIPLIED] + inside[JOINED]
    if not is_square or inside[TOKENS] < 2 or joined != signed:
        return False
    for token in range(begin + 1, place):
        if kinds[token] in (WORD, NAME) and not is_in(codes[token], VALUES):
            return False
    return True


@compiled
def _is_member(
    codes: Array, kinds: Array, first: int, begin: int, place: int, end: int,
    inside: Array,
) -> bool:  # fmt: skip
    """Whether the brackets are those of a pair in a set: {(1, 2), (2, 1)}."""
    if inside[TOKENS] < 2 or inside[ADDED] + inside[MULTIPLIED] + inside[JOINED] > 0:
        return False
    for token in range(begin + 1, place):
        if kinds[token] != NUMBER and not is_in(codes[token], VALUES):
            return False
    if begin > first and codes[begin - 1] in (OPEN_BRACE, CLOSE):
        return bool(codes[begin - 1] == OPEN_BRACE or kinds[begin - 1] == SIGN)
    return bool(place + 1 < end and codes[place + 1] == CLOSE_BRACE)


@compiled
def _is_set(
    codes: Array, kinds: Array, first: int, begin: int, place: int, end: int
) -> bool:
    r"""Whether braces are those of a set of numbers or letters: {3} is not 3.

    Beside a sign that takes an argument they are its own: \sqrt {3}, {1}/{3}.
    """
    if codes[begin] != OPEN_BRACE or codes[place] != CLOSE_BRACE:
        return False
    if begin > first and is_in(codes[begin - 1], TAKES):
        return False
    if place + 1 < end and is_in(codes[place + 1], TAKES):
        return False
    numbers, letters = 0, 0
    for token in range(begin + 1, place):
        if kinds[token] == NUMBER or codes[token] == EMPTY:
            numbers += 1
        elif kinds[token] in (WORD, NAME) and is_in(codes[token], VALUES):
            letters += 1
        elif not (kinds[token] == SIGN and codes[token] == MINUS):
            return False
    return min(numbers, letters) == 0 and (numbers > 0 or letters > 1)


@compiled
def _is_factor(
    codes: Array, kinds: Array, first: int, place: int, end: int, is_before: bool
) -> bool:
    """Whether the token at `place` multiplies what is beside it: 2(x + 1), (a)(b)."""
    if place < first or place >= end:
        return False
    is_product = codes[place] in (TIMES, SLASH)
    is_bracket = _faces(codes[place], is_before)
    return is_product or is_bracket or kinds[place] == NUMBER


@compiled
def _is_operand(
    codes: Array, kinds: Array, first: int, place: int, end: int, is_before: bool
) -> bool:
    """Whether the token at `place` joins what is beside it to something else."""
    if place < first or place >= end:
        return False
    if kinds[place] == SIGN:
        return not is_in(codes[place], RELATIONS) and not is_in(codes[place], MARKS)
    if kinds[place] == WORD:
        return is_in(codes[place], LOGIC)
    return kinds[place] == NUMBER or _faces(codes[place], is_before)


@compiled
def _faces(code: uint64, is_before: bool) -> bool:
    """Whether it is a bracket of another pair beside this one: `)` before, `(` behind.

    The other way round one pair is around the other, as in ((x)). One that begins a
    sentence faces nothing.
    """
    return is_in(code, CLOSINGS if is_before else OPENINGS[:6])
