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

SPACE, BACKSLASH, OPEN, CLOSE, AMPERSAND = b" \\()&"
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
    i, j = _common_prefix(data, left, left, left_end, right, right, right_end)
    while i < left_end or j < right_end:
        opened += _open_brackets(data[since:i])
        k, m = i, j
        if count + 1 < MOST:
            k, m = _resume(data, i, left_end, j, right_end, words[0], words[1])
        if k == i and m == j:
            k, m = _common_suffix(data, i, left_end, j, right_end)
        begin, other = _before(data, left, i, opened), _before(data, right, j, opened)
        still = opened + _open_brackets(data[i:k])
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
        i, j = _common_prefix(data, left, k, left_end, right, m, right_end)
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
    words[count] = _skip_blanks(data, position, end)
    return count + 1


@compiled
def _go_on_alike(data: Array, k: int, left_end: int, m: int, right_end: int) -> bool:
    """Whether the next ALIKE bytes are alike, or all up to both ends."""
    stop = k + ALIKE
    while k < stop and k < left_end and m < right_end:
        if data[k] == data[m]:
            k, m = k + 1, m + 1
        elif data[k] <= SPACE and data[m] <= SPACE:
            k, m = _skip_blanks(data, k, left_end), _skip_blanks(data, m, right_end)
        elif _is_same_letter(data, k, m):
            k, m = k + 1, m + 1
        else:
            return False
    return k >= stop or (k == left_end and m == right_end)


@compiled
def _common_prefix(
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
            i, j = _skip_blanks(data, i, left_end), _skip_blanks(data, j, right_end)
        elif _is_same_word(data, left, left_end, i, right, right_end, j):
            while i < left_end and j < right_end and _is_same_letter(data, i, j):
                i, j = i + 1, j + 1
        else:
            break
    behind, other = _skip_blanks(data, i, left_end), _skip_blanks(data, j, right_end)
    ends_word = i == left_end or data[i] <= SPACE
    if ends_word and (j == right_end or data[j] <= SPACE):
        return behind, other
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
        elif _is_same_word(data, left, left_end, k - 1, right, right_end, m - 1):
            while k > left and m > right and _is_same_letter(data, k - 1, m - 1):
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


@inlined
def _is_same_letter(data: Array, i: int, j: int) -> bool:
    return bool((data[i] | 0x20) == (data[j] | 0x20) and is_letter(data[i]))


@compiled
def _is_same_word(
    data: Array, left: int, left_end: int, i: int, right: int, right_end: int, j: int
) -> bool:
    """Whether letters at `i` and `j` differ in case alone, where case says nothing.

    Then it says nothing in all of the words that they stand in.
    """
    return bool(
        _is_same_letter(data, i, j)
        and _is_plain_word(data, left, left_end, i)
        and _is_plain_word(data, right, right_end, j)
    )


@compiled
def _is_plain_word(data: Array, start: int, end: int, position: int) -> bool:
    """Whether the letter at `position` is not alone, nor in a command of LaTeX."""
    begin = position
    while begin > start and is_letter(data[begin - 1]):
        begin -= 1
    is_last = position + 1 == end or not is_letter(data[position + 1])
    is_command = begin > start and data[begin - 1] == BACKSLASH
    return not (is_command or (begin == position and is_last))


@compiled
def _before(data: Array, begin: int, position: int, inside: int) -> int:
    """Where the word before `position` begins, and the brackets that it is `inside`."""
    has_word, opened = False, 0
    while position > begin and not (has_word and opened == inside):
        while position > begin and data[position - 1] <= SPACE:
            position -= 1
        while position > begin and data[position - 1] > SPACE:
            position -= 1
            has_word |= _is_in_word(data[position])
            opened += _step(data, position)
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
def _open_brackets(text: Array) -> int:
    """How many more brackets open than close in `text` uint8."""
    opened = 0
    before, here = text[:-1], text[1:]
    for place in range(len(here)):
        byte, plain = here[place], before[place] != BACKSLASH
        opened += (byte == OPEN_BRACE) - (byte == CLOSE_BRACE)
        opened += plain & ((byte == OPEN) | (byte == OPEN_SQUARE))
        opened -= plain & ((byte == CLOSE) | (byte == CLOSE_SQUARE))
    return opened + STEPS[text[0]] if len(text) else 0
