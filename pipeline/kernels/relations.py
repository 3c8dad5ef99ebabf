"""What a pair of near copies is: a copy, a copy with another answer, or siblings."""

import numpy as np
from numpy import uint8, uint64

from pipeline.kernels.latex_vocabulary import BRACKET, NUMBER, SIGN
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.shingles import sort_short
from pipeline.kernels.utf8 import STEP, fmix64

SIBLING, COPY, OTHER_ANSWER = 0, 1, 2
KEPT, SAME, DISPUTED, SURPLUS = 0, 1, 2, 3


@compiled
def quantity_hash(
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
                value = value * STEP + fmix64(codes[place])
        out[row] = fmix64(value)
    return out


@compiled
def in_command(data: Array, place: int, start: int) -> bool:
    """Whether the letter at `place` is in the name of a LaTeX command."""
    while place > start and 97 <= (data[place] | 0x20) <= 122:
        place -= 1
    return bool(data[place] == 92)


@compiled
def common_prefix(
    data: Array, one: int, one_end: int, other: int, other_end: int
) -> tuple[int, int]:
    """How far two texts say the same in whole words: a place in either.

    White space of any length is alike, and so are letters of either case.
    """
    i, j, i_safe, j_safe = one, other, one, other
    while i < one_end and j < other_end:
        left, right = data[i], data[j]
        if left <= 32 and right <= 32:
            while i < one_end and data[i] <= 32:
                i += 1
            while j < other_end and data[j] <= 32:
                j += 1
            i_safe, j_safe = i, j
            continue
        if left != right:
            lower = left | 0x20
            if lower != (right | 0x20) or not 97 <= lower <= 122:
                break
            if in_command(data, i, one) or in_command(data, j, other):
                break
        i += 1
        j += 1
    if i == one_end and j == other_end:
        return i, j
    return i_safe, j_safe


@compiled
def differing_spans(
    data: Array, offsets: Array, first: Array, second: Array
) -> tuple[Array, Array]:
    """Where the texts of each pair differ: (begins, ends) int64 (2 * pairs,).

    What they have in common before and behind is left out, in whole words. The
    first text of pair i is run 2 * i, the second run 2 * i + 1.
    """
    begins = np.empty(2 * len(first), np.int64)
    ends = np.empty(2 * len(first), np.int64)
    for pair in range(len(first)):
        one_end, other_end = offsets[first[pair] + 1], offsets[second[pair] + 1]
        one, other = common_prefix(
            data, offsets[first[pair]], one_end, offsets[second[pair]], other_end
        )
        most = min(one_end - one, other_end - other)
        behind = 0
        while (
            behind < most and data[one_end - 1 - behind] == data[other_end - 1 - behind]
        ):
            behind += 1
        while behind > 0 and data[one_end - behind] > 32:
            behind -= 1
        begins[2 * pair], ends[2 * pair] = one, one_end - behind
        begins[2 * pair + 1], ends[2 * pair + 1] = other, other_end - behind
    return begins, ends


@compiled
def one_contains_other(
    codes: Array, kinds: Array, ends: Array, asked: Array, quantities: bool
) -> Array:
    """For run 2 * i and the next: whether one has all that the other has (bool).

    Only where `asked` (bool) holds. What counts is numbers and signs, or words; what
    one has beside must be no sign.
    """
    out = np.zeros((len(ends) - 1) // 2, np.bool_)
    most = int((ends[1:] - ends[:-1]).max()) if len(ends) > 1 else 0
    held = np.empty((2, most), uint64)
    sizes = np.zeros(2, np.int64)
    for pair in range(len(out)):
        if not asked[pair]:
            continue
        beside = False
        for side in range(2):
            sizes[side] = 0
            run = 2 * pair + side
            for place in range(ends[run], ends[run + 1]):
                kind = kinds[place]
                if kind != BRACKET and (kind in (NUMBER, SIGN)) == quantities:
                    # Signs get the highest bit, so that they are known again.
                    code = codes[place] >> uint64(1)
                    if kind == SIGN:
                        code |= uint64(1) << uint64(63)
                    held[side, sizes[side]] = code
                    sizes[side] += 1
            sort_short(held[side, : sizes[side]])
        i, j, ours, theirs = 0, 0, 0, 0
        while i < sizes[0] or j < sizes[1]:
            if j == sizes[1] or (i < sizes[0] and held[0, i] < held[1, j]):
                beside |= bool(held[0, i] >> uint64(63))
                ours += 1
                i += 1
            elif i == sizes[0] or held[1, j] < held[0, i]:
                beside |= bool(held[1, j] >> uint64(63))
                theirs += 1
                j += 1
            else:
                i += 1
                j += 1
        out[pair] = (ours == 0 or theirs == 0) and not beside
    return out


@compiled
def select_survivors(
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
