"""Where two texts differ: what they share before and behind need not be read.

Most near copies share nearly all their bytes, so tokens are read of the rest alone. It
is cut where a reader knows no more of what is before: between words, and outside of
brackets.
"""

from typing import Any

import numpy as np
from numpy import uint64

from pipeline.kernels.common_ends import (
    common_prefix,
    common_suffix,
    is_same_letter,
    skip_space,
)
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.swar import bits_between, count_ones, first_bits
from pipeline.kernels.utf8 import is_letter

SPACE, BACKSLASH, OPEN, CLOSE, AMPERSAND, SMALL_O, SMALL_F = b" \\()&of"
OPEN_SQUARE, CLOSE_SQUARE, OPEN_BRACE, CLOSE_BRACE = b"[]{}"
MOST = 8  # spans of a text
REACH = 12  # words between two that agree again, in both texts together
ALIKE = 20  # bytes that say that they do
STEPS = np.zeros(256, np.int64)  # into brackets, and out of them
STEPS[list(b"([{")], STEPS[list(b")]}")] = 1, -1


@compiled
def differing_spans(
    data: Array, offsets: Array, first: Array, second: Array
) -> tuple[Array, Array, Array]:
    """Where the texts of each pair differ: (begins, ends, parts) int64.

    The spans of the first text of pair i are those from `parts[2 * i]` on, those of
    the second from `parts[2 * i + 1]` on. There are none where white space and the case
    of words differ at most. Beside what differs, each span has a word or more that
    both share: signs are read by what is beside them.
    """
    parts = np.zeros(2 * len(first) + 1, np.int64)
    begins = np.empty(2 * len(first) * MOST, np.int64)
    ends = np.empty(2 * len(first) * MOST, np.int64)
    cuts, words = np.empty((MOST, 4), np.int64), np.empty((2, REACH + 1), np.int64)
    for pair in range(len(first)):
        left, right = offsets[first[pair]], offsets[second[pair]]
        count = _cut(
            data, left, offsets[first[pair] + 1], right, offsets[second[pair] + 1],
            cuts, words,
        )  # fmt: skip
        used = parts[2 * pair]
        for number in range(count):
            begins[used + number], ends[used + number] = cuts[number, :2]
            begins[used + count + number] = cuts[number, 2]
            ends[used + count + number] = cuts[number, 3]
        parts[2 * pair + 1], parts[2 * pair + 2] = used + count, used + 2 * count
    return begins[: parts[-1]].copy(), ends[: parts[-1]].copy(), parts


@compiled
def _cut(
    data: Array, left: int, left_end: int, right: int, right_end: int, cuts: Array,
    words: Array,
) -> int:  # fmt: skip
    """Fill `cuts` with begin and end of each span in either text; how many there are.

    `words` is room for work. One, of all, where a span would begin or end within
    brackets.
    """
    count, since, opened = 0, left, 0
    i, j = common_prefix(data, left, left, left_end, right, right, right_end)
    while i < left_end or j < right_end:
        opened += _open_brackets(data, since, i)
        k, m = i, j
        if count + 1 < MOST:
            k, m = _resume(data, i, left_end, j, right_end, words[0], words[1])
        if k == i and m == j:
            k, m = common_suffix(data, i, left_end, j, right_end)
        is_open = (i < left_end and data[i] == OPEN) or (
            j < right_end and data[j] == OPEN
        )
        begin = _before(data, left, i, opened, is_open)
        other = _before(data, right, j, opened, is_open)
        still = opened + _open_brackets(data, i, k)
        end = _behind(data, k, left_end, still)
        other_end = _behind(data, m, right_end, still)
        if count > 0 and (begin <= cuts[count - 1, 1] or other <= cuts[count - 1, 3]):
            count -= 1
            begin, other = cuts[count, 0], cuts[count, 2]
        if not (_is_closed(data[begin:end]) and _is_closed(data[other:other_end])):
            cuts[0] = left, left_end, right, right_end
            return 1
        cuts[count] = begin, end, other, other_end
        count, since = count + 1, i
        i, j = common_prefix(data, left, k, left_end, right, m, right_end)
    return count


@compiled
def _resume(
    data: Array, i: int, left_end: int, j: int, right_end: int, words: Array,
    others: Array,
) -> tuple[int, int]:  # fmt: skip
    """Where two texts go on alike, a few words behind `i` and `j`; these if nowhere."""
    words[0], others[0] = i, j
    count, other_count = 1, 1
    for away in range(1, REACH + 1):
        count = _add_word(data, left_end, words, count)
        other_count = _add_word(data, right_end, others, other_count)
        for step in range(max(0, away - other_count + 1), min(away + 1, count)):
            k, m = words[step], others[away - step]
            if _go_on_alike(data, k, left_end, m, right_end):
                return k, m
    return i, j


@compiled
def _add_word(data: Array, end: int, words: Array, count: int) -> int:
    """Put where the next word begins behind `count` others; how many there are then."""
    position = words[count - 1]
    if position == end:
        return count
    while position < end and data[position] > SPACE:
        position += 1
    words[count] = skip_space(data, position, end)
    return count + 1


@compiled
def _go_on_alike(data: Array, k: int, left_end: int, m: int, right_end: int) -> bool:
    """Whether the next ALIKE bytes are alike, or all up to both ends."""
    stop = k + ALIKE
    while k < stop and k < left_end and m < right_end:
        if data[k] == data[m]:
            k, m = k + 1, m + 1
        elif data[k] <= SPACE and data[m] <= SPACE:
            k, m = skip_space(data, k, left_end), skip_space(data, m, right_end)
        elif is_same_letter(data, k, m):
            k, m = k + 1, m + 1
        else:
            return False
    return k >= stop or (k == left_end and m == right_end)


@compiled
def _before(data: Array, begin: int, position: int, inside: int, is_open: bool) -> int:
    """Where the word before `position` begins, and the brackets that it is `inside`.

    If a bracket `is_open` there, that is "half" of "half of": half of (10 plus 6).
    """
    has_word, opened = False, 0
    while position > begin and not (has_word and opened == inside):
        while position > begin and data[position - 1] <= SPACE:
            position -= 1
        while position > begin and data[position - 1] > SPACE:
            position -= 1
            has_word |= _is_in_word(data[position])
            opened += _step(data, position)
        if is_open and position + 2 < len(data) and data[position] == SMALL_O:
            has_word &= data[position + 1] != SMALL_F or data[position + 2] > SPACE
    return position


@compiled
def _behind(data: Array, position: int, end: int, inside: int) -> int:
    """Where the word from `position` on ends, and the brackets that it is `inside`."""
    has_word, opened = False, inside
    while position < end and not (has_word and opened == 0):
        while position < end and data[position] <= SPACE:
            position += 1
        while position < end and data[position] > SPACE:
            has_word |= _is_in_word(data[position])
            opened += _step(data, position)
            position += 1
    return position


@compiled
def _is_in_word(byte: Any) -> bool:
    return bool(is_letter(byte) or 48 <= byte <= 57 or byte > 127)


@compiled
def _is_closed(span: Array) -> bool:
    """Whether brackets open and close within `span` uint8, and no table is there."""
    depth = 0
    for place in range(len(span)):
        depth += _step(span, place)
        if depth < 0 or span[place] == AMPERSAND:
            return False
    return depth == 0


@inlined
def _step(text: Array, place: int) -> int:
    r"""1 for a bracket that opens, -1 for one that closes, 0 elsewhere.

    What `\(` and `\[` open is a formula, which binds nothing.
    """
    step = STEPS[text[place]]
    if step == 0 or place == 0 or text[place - 1] != BACKSLASH:
        return int(step)
    return int(step) if text[place] > CLOSE_SQUARE else 0


@compiled
def _open_brackets(data: Array, begin: int, end: int) -> int:
    """How many more brackets open than close from `begin` to `end`."""
    opened, behind = 0, uint64(0)
    for block in range(begin, end, 64):
        if block + 64 > len(data):
            return opened + _sum_steps(data, begin, block, end)
        there = first_bits(end - block)
        escape = bits_between(data, block, 0, BACKSLASH, 1)
        plain = there & ~(escape << uint64(1) | behind)
        behind = escape >> uint64(63)
        opens = plain & bits_between(data, block, 0, OPEN, 1)
        closes = plain & bits_between(data, block, 0, CLOSE, 1)
        opens |= plain & bits_between(data, block, 0, OPEN_SQUARE, 1)
        closes |= plain & bits_between(data, block, 0, CLOSE_SQUARE, 1)
        opens |= there & bits_between(data, block, 0, OPEN_BRACE, 1)
        closes |= there & bits_between(data, block, 0, CLOSE_BRACE, 1)
        opened += count_ones(opens) - count_ones(closes)
    return opened


@compiled
def _sum_steps(data: Array, begin: int, place: int, end: int) -> int:
    """As `_open_brackets`, from `place` on; what is before `begin` is not read."""
    depth = 0
    for position in range(place, end):
        depth += _step(data[begin:end], position - begin)
    return depth
