"""What a pair of near copies is: a copy, a copy with another answer, or siblings.

Texts are compared as tokens of `latex_tokens`: what counts is their numbers and signs.
"Tom has 3 apples" and "Tom has three apples" are copies; with 4 apples it is a sibling.
"""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.hashing import STEP, fmix64
from pipeline.kernels.latex_lexemes import BACKSLASH
from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import is_letter

SIBLING, COPY, OTHER_ANSWER = 0, 1, 2  # what a pair is
KEPT, SAME, DISPUTED = 0, 1, 2  # what becomes of a row
SIGN_BIT = uint64(1) << uint64(63)
BRACKETS = tuple(b"()[]{}")


@compiled
def quantity_hash(
    codes: Array, kinds: Array, ends: Array, words: bool, brackets: bool
) -> Array:
    """A uint64 for the numbers and signs of each row, in order; see Tokens.

    With `words` these count too, and with `brackets` those.
    """
    rows = len(ends) - 1
    out = np.zeros(rows, uint64)
    for row in range(rows):
        value = uint64(0)
        for position in range(ends[row], ends[row + 1]):
            kind = kinds[position]
            if brackets if kind == BRACKET else words or kind in (NUMBER, SIGN):
                value = value * STEP + fmix64(codes[position])
        out[row] = fmix64(value)
    return out


@compiled
def differing_spans(
    data: Array, offsets: Array, first: Array, second: Array
) -> tuple[Array, Array]:
    """Where the texts of each pair differ: (begins, ends) int64 (2 * pairs,).

    What they have in common before and behind is left out, all but one word, unless
    brackets differ: what these do depends on what is around. The first text of pair i
    is span 2 * i, the second span 2 * i + 1.
    """
    begins = np.empty(2 * len(first), np.int64)
    ends = np.empty(2 * len(first), np.int64)
    for pair in range(len(first)):
        left_end, right_end = offsets[first[pair] + 1], offsets[second[pair] + 1]
        left, right = _common_prefix(
            data, offsets[first[pair]], left_end, offsets[second[pair]], right_end
        )
        most = min(left_end - left, right_end - right)
        behind = 0
        while (
            behind < most
            and data[left_end - 1 - behind] == data[right_end - 1 - behind]
        ):
            behind += 1
        while behind > 0 and data[left_end - behind] > 32:
            behind -= 1
        # Signs are read by what is beside them.
        left = _word_before(data, offsets[first[pair]], left)
        right = _word_before(data, offsets[second[pair]], right)
        while behind > 0 and data[left_end - behind] <= 32:
            behind -= 1
        while behind > 0 and data[left_end - behind] > 32:
            behind -= 1
        if _has_bracket(data, left, left_end - behind) or _has_bracket(
            data, right, right_end - behind
        ):
            left, right, behind = offsets[first[pair]], offsets[second[pair]], 0
        begins[2 * pair], ends[2 * pair] = left, left_end - behind
        begins[2 * pair + 1], ends[2 * pair + 1] = right, right_end - behind
    return begins, ends


@compiled
def _word_before(data: Array, begin: int, position: int) -> int:
    """Where the word before `position` begins, in the text that begins at `begin`."""
    while position > begin and data[position - 1] <= 32:
        position -= 1
    while position > begin and data[position - 1] > 32:
        position -= 1
    return position


@compiled
def _has_bracket(data: Array, begin: int, end: int) -> bool:
    position = begin
    while position < end and data[position] not in BRACKETS:
        position += 1
    return bool(position < end)


@compiled
def _common_prefix(
    data: Array, left_start: int, left_end: int, right_start: int, right_end: int
) -> tuple[int, int]:
    """How far two texts say the same in whole words: a position in either.

    White space of any length is alike, and so are letters of either case.
    """
    i, j = i_safe, j_safe = left_start, right_start
    while i < left_end and j < right_end:
        left, right = data[i], data[j]
        if left <= 32 and right <= 32:
            while i < left_end and data[i] <= 32:
                i += 1
            while j < right_end and data[j] <= 32:
                j += 1
            i_safe, j_safe = i, j
            continue
        if left != right:
            if (left | 0x20) != (right | 0x20) or not is_letter(left):
                break
            if _in_command(data, i, left_start) or _in_command(data, j, right_start):
                break
            if _is_alone(data, left_start, left_end, i):  # A is not a
                break
        i += 1
        j += 1
    if i == left_end and j == right_end:
        return i, j
    return i_safe, j_safe


@compiled
def _in_command(data: Array, position: int, start: int) -> bool:
    """Whether the letter at `position` is in the name of a LaTeX command."""
    while position > start and is_letter(data[position]):
        position -= 1
    return bool(data[position] == BACKSLASH)


@compiled
def _is_alone(data: Array, start: int, end: int, position: int) -> bool:
    """Whether no letters are beside that at `position`, in the text given."""
    before = position > start and is_letter(data[position - 1])
    return not (before or (position + 1 < end and is_letter(data[position + 1])))


@compiled
def are_plainly_equal(
    data: Array, begins: Array, stops: Array, codes: Array, ends: Array
) -> Array:
    """For span 2 * i and the next: whether their tokens are equal, at a glance (bool).

    False where capitals that stand alone may matter: tokens do not tell A from a.
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
            _has_variable(data, begins[2 * pair], stops[2 * pair])
            or _has_variable(data, begins[2 * pair + 1], stops[2 * pair + 1])
        )
    return out


@compiled
def _has_variable(data: Array, begin: int, end: int) -> bool:
    for position in range(begin, end):
        if 65 <= data[position] <= 90 and _is_alone(data, begin, end, position):
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
