"""Whether two lines begin or end alike, as `contamination.prefixes` reads them."""

import numpy as np

from pipeline.kernels.shards import Array, compiled

TAB, SPACE, DOLLAR, ZERO, SEMICOLON, AT, BAR = b"\t $0;@|"
OPEN, CLOSE, OPEN_SQUARE, CLOSE_SQUARE = b"()[]"
WORDS, ITEM = 3, 3  # between two marks; bytes of what numbers an item of a list
IS_WORD, IS_MARK, JOINS, NAMES = np.zeros((4, 256), np.bool_)
ENDS_PREFIX, ENDS_ITEM, ENDS_ALONE, ENDS_LINE, IS_POINT = np.zeros((5, 256), np.bool_)
IS_WORD[[*range(48, 58), *range(65, 91), *range(97, 123), 95, *range(128, 256)]] = True
JOINS[list(b"./'@_-")] = True
IS_MARK[list(b"!\"#%'()*+,-./:;<=>?@[]_`{|}~")] = True
ENDS_PREFIX[list(b'"#%),./:;>@]|}~')] = True
IS_POINT[list(b".,")] = True
ENDS_ITEM[list(b".)")] = True  # a), (12)
ENDS_ALONE[list(b"-+*")] = True  # before a blank they begin a list
ENDS_LINE[list(b'"#%([{<*-/:;@|~')] = True
NAMES[list(b":<>[]|")] = True


@compiled
def share_marks(data: Array, left: int, stop: int, right: int, end: int) -> bool:
    """Whether two lines begin or end alike, and are none of a program."""
    alike = _share_prefix(data, left, stop, right, end)
    alike = alike or _share_suffix(data, left, stop, right, end)
    return bool(alike and data[stop - 1] != SEMICOLON)


@compiled
def holds_words(data: Array, place: int, end: int) -> bool:
    """Whether two words of a line have a blank behind them: drawings have none."""
    words, letters = 0, 0
    while place < end and words < 2:
        byte = data[place]
        words += byte == SPACE and letters > 1
        letters = letters + 1 if IS_WORD[byte] and byte > AT else 0
        place += 1
    return words == 2


@compiled
def _share_prefix(data: Array, left: int, stop: int, right: int, end: int) -> bool:
    """Whether two lines begin with the same marks, as `contamination.prefixes` reads.

    Or with a few words each, and a gap behind them.
    """
    named, lettered, first = False, False, _skip_blanks(data, left, stop)
    while True:
        left, right = _skip_blanks(data, left, stop), _skip_blanks(data, right, end)
        begins = left, right
        left, ours, words, digits, letters = _skip_words(data, left, stop)
        right, theirs, others, _, _ = _skip_words(data, right, end)
        if left >= stop or right >= end or max(words, others) > WORDS:
            return False
        named, lettered = named or digits, lettered or letters
        if ours and theirs:  # gaps behind words; before formulas they are layout
            return bool(data[left] != DOLLAR or data[right] != DOLLAR)
        if (left > begins[0]) != (right > begins[1]):
            return False
        byte = data[left]
        if byte != data[right] or not IS_MARK[byte]:
            return False
        named |= NAMES[byte]
        is_listed = ENDS_ITEM[byte] and left - first <= ITEM
        is_listed = is_listed or (IS_POINT[byte] and max(words, others) > 1)
        if ENDS_PREFIX[byte] and (named or not lettered) and not is_listed:
            return bool(byte != BAR or data[stop - 1] != BAR)  # of a table
        behind = _skip_byte(data, left, stop), _skip_byte(data, right, end)
        if ENDS_ALONE[byte] and not lettered and behind[0] < stop:
            return bool(data[behind[0]] > SPACE or behind[0] > left + 1)
        left, right = behind


@compiled
def _skip_words(data: Array, place: int, end: int) -> tuple[int, bool, int, bool, bool]:
    """Behind a few words from `place` on: whether a gap is there, and how many.

    And whether they hold a digit, and a letter. Words with a digit are not counted.
    """
    words, digits, letters = 0, False, False
    while place < end and words <= WORDS and IS_WORD[data[place]]:
        digit = False
        while place < end and (
            IS_WORD[data[place]]
            or (JOINS[data[place]] and place + 1 < end and IS_WORD[data[place + 1]])
        ):
            byte = data[place]
            digit |= ZERO <= byte < ZERO + 10
            letters |= byte > AT
            place += 1
        digits |= digit
        words += not digit
        behind = _skip_blanks(data, place, end)
        if behind < end and (
            behind - place > 2 or (behind > place and data[place] == TAB)
        ):
            return behind, True, words, digits, letters
        place = behind
    return place, False, words, digits, letters


@compiled
def _skip_byte(data: Array, place: int, end: int) -> int:
    """Behind all that equals the byte at `place`."""
    byte = data[place]
    while place < end and data[place] == byte:
        place += 1
    return place


@compiled
def _share_suffix(data: Array, left: int, stop: int, right: int, end: int) -> bool:
    """Whether two lines end with a mark that stands for itself, or with a number."""
    while stop > left and data[stop - 1] <= SPACE:
        stop -= 1
    while end > right and data[end - 1] <= SPACE:
        end -= 1
    if stop < left + 2 or end < right + 2:
        return False
    byte = data[stop - 1]
    if byte in (CLOSE_SQUARE, CLOSE):
        return _ends_numbered(data, left, stop) and _ends_numbered(data, right, end)
    return bool(
        byte == data[end - 1]
        and ENDS_LINE[byte]
        and (data[stop - 2] == SPACE or data[stop - 2] == byte)
        and (data[end - 2] == SPACE or data[end - 2] == byte)
    )


@compiled
def _ends_numbered(data: Array, first: int, stop: int) -> bool:
    """Whether a line ends with a word in brackets, with a gap before: `x = 2   (1)`."""
    place = stop - 2
    while place > first and IS_WORD[data[place]]:
        place -= 1
    is_opened = place < stop - 2 and (data[place] == OPEN_SQUARE or data[place] == OPEN)
    is_apart = place > first + 2 and max(data[place - 1], data[place - 2]) <= SPACE
    return bool(is_opened and is_apart)


@compiled
def _skip_blanks(data: Array, place: int, end: int) -> int:
    while place < end and data[place] in (SPACE, TAB):
        place += 1
    return place
