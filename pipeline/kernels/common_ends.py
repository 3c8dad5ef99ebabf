"""How much two texts share at their beginnings and their ends.

White space of any length is alike, and so are letters of either case, but for those
of commands of LaTeX and those that stand alone.
"""

from typing import Any

import numpy as np

from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import eight_at, trailing_zeros
from pipeline.kernels.utf8 import is_letter
from pipeline.kernels.variables import LONGEST_NAME, is_short_name

SPACE, BACKSLASH = b" \\"


@compiled
def common_prefix(
    data: Array, left: int, i: int, left_end: int, right: int, j: int, right_end: int
) -> tuple[int, int]:
    """How far two texts say the same in whole words, from `i` and `j` on.

    White space of any length is alike, and so are letters of either case.
    """
    while i < left_end and j < right_end:
        if i + 8 <= left_end and j + 8 <= right_end:
            differ = eight_at(data, i) ^ eight_at(data, j)
            same: Any = np.int64(trailing_zeros(differ) >> np.uint64(3))
            i, j = i + same, j + same
            if same == 8:
                continue
        if data[i] == data[j]:
            i, j = i + 1, j + 1
        elif data[i] <= SPACE or data[j] <= SPACE:
            if not (_is_parted(data, left, i) and _is_parted(data, right, j)):
                break
            i, j = skip_space(data, i, left_end), skip_space(data, j, right_end)
        elif _is_same_word(data, left, left_end, i, right, right_end, j):
            while i < left_end and j < right_end and is_same_letter(data, i, j):
                i, j = i + 1, j + 1
        else:
            break
    behind, other = skip_space(data, i, left_end), skip_space(data, j, right_end)
    ends_word = i == left_end or data[i] <= SPACE
    if ends_word and (j == right_end or data[j] <= SPACE):
        return behind, other
    while i > left and data[i - 1] > SPACE:
        i, j = i - 1, j - 1
    return i, j


@compiled
def common_suffix(
    data: Array, left: int, left_end: int, right: int, right_end: int
) -> tuple[int, int]:
    """As `common_prefix`, from the ends of two texts back to `left` and `right`."""
    k, m = left_end, right_end
    while k > left and m > right:
        if (
            k - 8 >= left
            and m - 8 >= right
            and eight_at(data, k - 8) == eight_at(data, m - 8)
        ):
            k, m = k - 8, m - 8
        elif data[k - 1] == data[m - 1]:
            k, m = k - 1, m - 1
        elif data[k - 1] <= SPACE or data[m - 1] <= SPACE:
            here = data[k - 1] <= SPACE or k == left_end or data[k] <= SPACE
            there = data[m - 1] <= SPACE or m == right_end or data[m] <= SPACE
            if not (here and there):
                break
            while k > left and data[k - 1] <= SPACE:
                k -= 1
            while m > right and data[m - 1] <= SPACE:
                m -= 1
        elif _is_same_word(data, left, left_end, k - 1, right, right_end, m - 1):
            while k > left and m > right and is_same_letter(data, k - 1, m - 1):
                k, m = k - 1, m - 1
        else:
            break
    if _is_parted(data, left, k) and _is_parted(data, right, m):
        return k, m
    while k < left_end and data[k] > SPACE:
        k, m = k + 1, m + 1
    return k, m


@inlined
def _is_parted(data: Array, start: int, position: int) -> bool:
    """Whether `position` is not inside a word of the text from `start` on."""
    return bool(
        position == start or data[position - 1] <= SPACE or data[position] <= SPACE
    )


@compiled
def skip_space(data: Array, position: int, end: int) -> int:
    while position < end and data[position] <= SPACE:
        position += 1
    return position


@inlined
def is_same_letter(data: Array, i: int, j: int) -> bool:
    return bool((data[i] | 0x20) == (data[j] | 0x20) and is_letter(data[i]))


@compiled
def _is_same_word(
    data: Array, left: int, left_end: int, i: int, right: int, right_end: int, j: int
) -> bool:
    """Whether letters at `i` and `j` differ in case alone, where case says nothing.

    Then it says nothing in all of the words that they stand in.
    """
    return bool(
        is_same_letter(data, i, j)
        and _is_plain_word(data, left, left_end, i)
        and _is_plain_word(data, right, right_end, j)
    )


@compiled
def _is_plain_word(data: Array, start: int, end: int, position: int) -> bool:
    """Whether the letter at `position` is not alone, nor in a command of LaTeX.

    Nor in a short name whose case counts.
    """
    begin = position
    while begin > start and is_letter(data[begin - 1]):
        begin -= 1
    stop = position + 1
    while stop < end and stop - begin <= LONGEST_NAME and is_letter(data[stop]):
        stop += 1
    is_command = begin > start and data[begin - 1] == BACKSLASH
    is_alone = stop - begin == 1 or is_short_name(data, begin, stop)
    return not (is_command or is_alone)
