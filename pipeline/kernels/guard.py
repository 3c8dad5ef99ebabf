"""What a pair of near copies is: a copy, a copy with another answer, or siblings."""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.columns import Array, compiled
from pipeline.kernels.shingles import STEP, mixed, ordered
from pipeline.kernels.vocabulary import BRACKET, NUMBER, SIGN

SIBLING, COPY, OTHER_ANSWER = 0, 1, 2
KEPT, SAME, DISPUTED, SURPLUS = 0, 1, 2, 3


@compiled
def orders(
    codes: Array, kinds: Array, ends: Array, words: bool, brackets: bool
) -> Array:
    """A uint64 for the numbers and signs of each row, in order.

    With `words` these count too, and with `brackets` those.
    """
    rows = len(ends) - 1
    out = np.zeros(rows, uint64)
    for row in range(rows):
        value = uint64(0)
        for place in range(ends[row], ends[row + 1]):
            kind = kinds[place]
            if brackets if kind == BRACKET else words or kind in (NUMBER, SIGN):
                value = value * STEP + mixed(codes[place])
        out[row] = mixed(value)
    return out


@compiled
def bags(
    codes: Array, kinds: Array, ends: Array, rows: Array, quantities: bool
) -> tuple[Array, Array]:
    """Sorted codes of each of `rows`: of numbers and signs, or of words."""
    total = 0
    for row in rows:
        total += ends[row + 1] - ends[row]
    out = np.empty(total, uint64)
    stops = np.zeros(len(rows) + 1, np.int64)
    used = 0
    for number in range(len(rows)):
        start = used
        for place in range(ends[rows[number]], ends[rows[number] + 1]):
            kind = kinds[place]
            if kind != BRACKET and (kind in (NUMBER, SIGN)) == quantities:
                out[used] = codes[place]
                used += 1
        ordered(out[start:used])
        stops[number + 1] = used
    return out[:used].copy(), stops


@compiled
def within(
    codes: Array, ends: Array, first: Array, second: Array, signs: Array
) -> Array:
    """For each pair of bags whether one holds all of the other; an empty one no.

    What the larger has beside must not be one of the sorted `signs`.
    """
    out = np.zeros(len(first), np.bool_)
    for pair in range(len(first)):
        i, i_end = ends[first[pair]], ends[first[pair] + 1]
        j, j_end = ends[second[pair]], ends[second[pair] + 1]
        least = min(i_end - i, j_end - j)
        count, beside = 0, False
        while i < i_end or j < j_end:
            if j == j_end or (i < i_end and codes[i] < codes[j]):
                value = codes[i]
                i += 1
            elif i == i_end or codes[j] < codes[i]:
                value = codes[j]
                j += 1
            else:
                count += 1
                i += 1
                j += 1
                continue
            place = np.searchsorted(signs, value)
            if place < len(signs) and signs[place] == value:
                beside = True
                break
        out[pair] = count == least and least > 0 and not beside
    return out


@compiled
def settled(
    rows: int, first: Array, second: Array, score: Array, relation: Array, limit: int
) -> tuple[Array, Array, Array, Array]:
    """Who stays when rows are taken in order: (verdict, twin, score, family).

    Pairs are sorted by `second`. A row is compared with rows that stay only; its
    twin is the most similar. A sibling joins the family of the earliest one; with
    `limit` > 0 only so many of a family stay.
    """
    verdict = np.zeros(rows, uint8)
    twin = np.full(rows, -1, np.int32)
    best = np.zeros(rows, np.float64)
    family = np.full(rows, -1, np.int32)
    members = np.zeros(rows, np.int32)
    pair = 0
    while pair < len(first):
        row = second[pair]
        earliest = -1
        near, near_score = -1, 0.0
        while pair < len(first) and second[pair] == row:
            other = first[pair]
            if verdict[other] == KEPT:
                if relation[pair] == SIBLING:
                    if earliest < 0 or other < earliest:
                        earliest = other
                    if score[pair] > near_score:
                        near, near_score = other, score[pair]
                else:
                    said = SAME if relation[pair] == COPY else DISPUTED
                    if (
                        verdict[row] == KEPT
                        or said < verdict[row]
                        or (said == verdict[row] and score[pair] > best[row])
                    ):
                        verdict[row] = said
                        twin[row] = other
                        best[row] = score[pair]
            pair += 1
        if verdict[row] != KEPT or earliest < 0:
            continue
        if family[earliest] < 0:
            family[earliest] = earliest
            members[earliest] = 1
        head = family[earliest]
        if limit > 0 and members[head] >= limit:
            verdict[row] = SURPLUS
            twin[row] = head
        else:
            family[row] = head
            members[head] += 1
            twin[row] = near
        best[row] = near_score
    return verdict, twin, best, family
