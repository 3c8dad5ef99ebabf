"""What a pair of near copies is: a copy, a copy with another answer, or siblings.

Texts are compared as tokens of `latex_tokens`: what counts is their numbers and signs.
"Tom has 3 apples" and "Tom has three apples" are copies; with 4 apples it is a sibling.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_brackets import CLOSE_BRACE, OPEN_BRACE, is_in
from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.variables import LONGEST_NAME, is_short_name

SIBLING, COPY, OTHER_ANSWER = 0, 1, 2  # what a pair is
KEPT, SAME, DISPUTED = 0, 1, 2  # what becomes of a row
BRACES = np.array([OPEN_BRACE, CLOSE_BRACE], uint64)
SIGN_BIT = uint64(1) << uint64(63)


@compiled
def quantity_hash(
    codes: Array, kinds: Array, ends: Array, words: bool, brackets: bool
) -> Array:
    """A uint64 for the numbers and signs of each row, in order; see Tokens.

    With `words` these count too, and with `brackets` those, but for braces of LaTeX.
    """
    rows = len(ends) - 1
    out = np.zeros(rows, uint64)
    for row in range(rows):
        value = uint64(0)
        for position in range(ends[row], ends[row + 1]):
            kind = kinds[position]
            counts = words or kind in (NUMBER, SIGN)
            if kind == BRACKET:
                counts = brackets and not is_in(codes[position], BRACES)
            if counts:
                value = value * STEP + fmix64(codes[position])
        out[row] = fmix64(value)
    return out


@compiled
def are_plainly_equal(
    data: Array, begins: Array, codes: Array, ends: Array, starts: Array, stops: Array
) -> Array:
    """For text 2 * i and the next: whether their tokens are equal, at a glance (bool).

    The tokens are those of `Tokens`, with spans from `begins` on. False where capitals
    that stand alone may matter: codes do not tell A from a.
    """
    out = np.zeros((len(ends) - 1) // 2, np.bool_)
    for pair in range(len(out)):
        left, middle, right = ends[2 * pair], ends[2 * pair + 1], ends[2 * pair + 2]
        if middle - left != right - middle:
            continue
        step = 0
        while left + step < middle and codes[left + step] == codes[middle + step]:
            step += 1
        out[pair] = left + step == middle and not (
            has_capital(data, begins[2 * pair], left, middle, starts, stops)
            or has_capital(data, begins[2 * pair + 1], middle, right, starts, stops)
        )
    return out


@compiled
def has_capital(
    data: Array, begin: int, token: int, end: int, starts: Array, stops: Array
) -> bool:
    """Whether the case of a token up to `end` may count: A, CO, MeV, Rr."""
    for number in range(token, end):
        start, stop = begin + starts[number], begin + stops[number]
        if stop - start <= 2 and 65 <= data[stop - 1] <= 90:
            return True
        if stop - start <= LONGEST_NAME and is_short_name(data, start, stop):
            return True
    return False


@compiled
def one_contains_other(codes: Array, kinds: Array, ends: Array, wanted: Array) -> Array:
    """For row 2 * i and the next: whether one has all quantities of the other (bool).

    Only where `wanted` (bool) holds. What one has beside must be no sign.
    """
    out = np.zeros((len(ends) - 1) // 2, np.bool_)
    most = int((ends[1:] - ends[:-1]).max()) if len(ends) > 1 else 0
    held = np.empty((2, most), uint64)
    for pair in range(len(out)):
        if wanted[pair]:
            left = _collect(codes, kinds, ends, 2 * pair, held[0])
            right = _collect(codes, kinds, ends, 2 * pair + 1, held[1])
            out[pair] = _is_nested(held[0, :left], held[1, :right])
    return out


@compiled
def _collect(codes: Array, kinds: Array, ends: Array, row: int, out: Array) -> int:
    """Fill `out` with the numbers and signs of a row, sorted; how many there are."""
    count = 0
    for position in range(ends[row], ends[row + 1]):
        kind = kinds[position]
        if kind in (NUMBER, SIGN):
            # Signs get the highest bit, so that they are known again.
            out[count] = codes[position] >> uint64(1)
            if kind == SIGN:
                out[count] |= SIGN_BIT
            count += 1
    out[:count].sort()
    return count


@compiled
def _is_nested(left: Array, right: Array) -> bool:
    """Whether one sorted bag lies in the other, which has no more signs."""
    i, j, only_left, only_right = 0, 0, False, False
    while i < len(left) or j < len(right):
        if j == len(right) or (i < len(left) and left[i] < right[j]):
            rest, only_left = left[i], True
            i += 1
        elif i == len(left) or right[j] < left[i]:
            rest, only_right = right[j], True
            j += 1
        else:
            i += 1
            j += 1
            continue
        if rest & SIGN_BIT:
            return False
    return not (only_left and only_right)


@compiled
def select_survivors(
    rows: int, first: Array, second: Array, score: Array, relation: Array
) -> tuple[Array, Array, Array, Array]:
    """Who stays when rows are taken in order: (verdict, twin, score, family).

    Arrays (rows,) of uint8, int32 (-1: none), float64 and int32 (-1: none). Pairs are
    sorted by `second`. A row is compared with rows that stay only; its twin is the most
    similar. A sibling joins the family of the earliest one.
    """
    verdict = np.zeros(rows, uint8)
    twin = np.full(rows, -1, np.int32)
    best = np.zeros(rows, np.float64)
    family = np.full(rows, -1, np.int32)
    pair = 0
    while pair < len(first):
        row = second[pair]
        earliest, near, near_score = -1, -1, 0.0
        while pair < len(first) and second[pair] == row:
            other, similarity, what = first[pair], score[pair], relation[pair]
            pair += 1
            if verdict[other] != KEPT:
                continue
            if what == SIBLING:
                if earliest < 0 or other < earliest:
                    earliest = other
                if similarity > near_score:
                    near, near_score = other, similarity
                continue
            status = SAME if what == COPY else DISPUTED
            if (
                verdict[row] == KEPT
                or status < verdict[row]
                or (status == verdict[row] and similarity > best[row])
            ):
                verdict[row], twin[row], best[row] = status, other, similarity
        if verdict[row] != KEPT or earliest < 0:
            continue
        if family[earliest] < 0:
            family[earliest] = earliest
        family[row], twin[row], best[row] = family[earliest], near, near_score
    return verdict, twin, best, family
