"""Where two texts differ: what they share before and behind need not be read.

Most near copies share nearly all their bytes, so tokens are read of the rest alone. It
is cut where a reader knows no more of what is before: between words, and outside of
brackets.
"""

from typing import Any

import numpy as np

from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import eight_at, trailing_zeros
from pipeline.kernels.utf8 import is_letter

SPACE, BACKSLASH, OPEN, CLOSE = b" \\()"
OPEN_SQUARE, CLOSE_SQUARE, OPEN_BRACE, CLOSE_BRACE = b"[]{}"
# What is read by what is far away: brackets, cells of tables.
NOTHING, OPENS, CLOSES, CELL = range(4)
BRACKETS = np.zeros(256, np.uint8)
BRACKETS[list(b"([{")], BRACKETS[list(b")]}")], BRACKETS[ord("&")] = OPENS, CLOSES, CELL


@compiled
def differing_spans(
    data: Array, offsets: Array, first: Array, second: Array
) -> tuple[Array, Array]:
    """Where the texts of each pair differ: (begins, ends) int64 (2 * pairs,).

    The first text of pair i is span 2 * i, the second span 2 * i + 1. Both are empty
    where white space and the case of words differ at most. Else a word is on either
    side that both share: signs are read by what is beside them.
    """
    begins = np.empty(2 * len(first), np.int64)
    ends = np.empty(2 * len(first), np.int64)
    for pair in range(len(first)):
        left, right = offsets[first[pair]], offsets[second[pair]]
        left_end, right_end = offsets[first[pair] + 1], offsets[second[pair] + 1]
        i, j = _common_prefix(data, left, left_end, right, right_end)
        k, m = _common_suffix(data, i, left_end, j, right_end)
        if k > i or m > j:
            i, j = _word_before(data, left, i), _word_before(data, right, j)
            k, m = _word_behind(data, k, left_end), _word_behind(data, m, right_end)
            if not (
                _is_closed(data[i:k])
                and _is_closed(data[j:m])
                and _open_brackets(data[left:i]) == 0
            ):
                i, j, k, m = left, right, left_end, right_end
        begins[2 * pair], ends[2 * pair] = i, k
        begins[2 * pair + 1], ends[2 * pair + 1] = j, m
    return begins, ends


@compiled
def _common_prefix(
    data: Array, left: int, left_end: int, right: int, right_end: int
) -> tuple[int, int]:
    """How far two texts say the same in whole words: a position in either.

    White space of any length is alike, and so are letters of either case.
    """
    i, j = left, right
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
            i, j = _skip_blanks(data, i, left_end), _skip_blanks(data, j, right_end)
        elif _is_same_letter(data, left, left_end, i, right, right_end, j):
            i, j = i + 1, j + 1
        else:
            break
    behind, other = _skip_blanks(data, i, left_end), _skip_blanks(data, j, right_end)
    if behind == left_end and other == right_end:
        return left_end, right_end
    while i > left and data[i - 1] > SPACE:
        i, j = i - 1, j - 1
    return i, j


@compiled
def _common_suffix(
    data: Array, left: int, left_end: int, right: int, right_end: int
) -> tuple[int, int]:
    """As `_common_prefix`, from the ends of two texts back to `left` and `right`."""
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
        elif _is_same_letter(data, left, left_end, k - 1, right, right_end, m - 1):
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
def _skip_blanks(data: Array, position: int, end: int) -> int:
    while position < end and data[position] <= SPACE:
        position += 1
    return position


@compiled
def _is_same_letter(
    data: Array, left: int, left_end: int, i: int, right: int, right_end: int, j: int
) -> bool:
    """Whether letters at `i` and `j` differ in case alone, where case says nothing.

    It does in commands of LaTeX, and of a letter that stands alone.
    """
    if (data[i] | 0x20) != (data[j] | 0x20) or not is_letter(data[i]):
        return False
    if _in_command(data, i, left) or _in_command(data, j, right):
        return False
    return not (
        is_alone(data, left, left_end, i) or is_alone(data, right, right_end, j)
    )


@compiled
def _in_command(data: Array, position: int, start: int) -> bool:
    """Whether the letter at `position` is in the name of a LaTeX command."""
    while position > start and is_letter(data[position]):
        position -= 1
    return bool(data[position] == BACKSLASH)


@compiled
def is_alone(data: Array, start: int, end: int, position: int) -> bool:
    """Whether no letters are beside that at `position`, in the text given."""
    before = position > start and is_letter(data[position - 1])
    return not (before or (position + 1 < end and is_letter(data[position + 1])))


@compiled
def _word_before(data: Array, begin: int, position: int) -> int:
    """Where the last word before `position` begins, in the text from `begin` on."""
    has_word = False
    while position > begin and not has_word:
        while position > begin and data[position - 1] <= SPACE:
            position -= 1
        while position > begin and data[position - 1] > SPACE:
            position -= 1
            has_word |= _is_in_word(data[position])
    return position


@compiled
def _word_behind(data: Array, position: int, end: int) -> int:
    """Where the first word from `position` on ends, in the text up to `end`."""
    has_word = False
    while position < end and not has_word:
        while position < end and data[position] <= SPACE:
            position += 1
        while position < end and data[position] > SPACE:
            has_word |= _is_in_word(data[position])
            position += 1
    return position


@compiled
def _is_in_word(byte: Any) -> bool:
    return bool(is_letter(byte) or 48 <= byte <= 57 or byte > 127)


@compiled
def _is_closed(span: Array) -> bool:
    """Whether brackets open and close within `span` uint8, and no table is there."""
    depth = 0
    for byte in span:
        what = BRACKETS[byte]
        if what == NOTHING:
            continue
        if what == CELL or (what == CLOSES and depth == 0):
            return False
        depth += 1 if what == OPENS else -1
    return depth == 0


@compiled
def _open_brackets(text: Array) -> int:
    """How many more brackets open than close in `text` uint8."""
    opened = 0
    for byte in text:
        opened += (byte == OPEN) + (byte == OPEN_SQUARE) + (byte == OPEN_BRACE)
        opened -= (byte == CLOSE) + (byte == CLOSE_SQUARE) + (byte == CLOSE_BRACE)
    return opened
