"""Notes at the edges of problems: points, sources and authors, most in brackets."""

import numpy as np

from pipeline.kernels.edge_words import (
    CAPITAL,
    CREDIT,
    CUE,
    LABEL,
    LINK,
    NUMBER,
    POINTS,
    SAYS,
    SOURCE,
    read_word,
)  # fmt: skip
from pipeline.kernels.layout_lines import end_of_line
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.swar import eight_at, equal_bytes
from pipeline.kernels.utf8 import (
    IDEOGRAPH,
    are_capitals,
    byte_at,
    kind,
    starts_with,
    width,
)

BY = np.frombuffer(b" by ", np.uint8).copy()
LONGEST_NOTE = 96  # bytes in brackets, and of a line that names an author
LEAST_NAME = 3  # letters
NEWLINE, SPACE, POINT, COLON, STAR, SLASH, BACKSLASH = b"\n .:*/\\"
OPEN, CLOSE, OPEN_SQUARE, CLOSE_SQUARE, SMALL_B, SMALL_Y, SMALL_H = b"()[]byh"
SIGNS = np.zeros(256, np.bool_)  # in notes
SIGNS[list(b" \t,;.:#'\"&-/*")] = True
BRACKETS = np.zeros(128, np.int8)
BRACKETS[list(b"([)]")] = 1, 2, -1, -2
# What ends a sentence, before a note behind it; a byte beyond ASCII may.
ENDS = np.zeros(256, np.bool_)
ENDS[list(b".?!$\n)*_")] = ENDS[128:] = True


@compiled
def skip_signs(data: Array, place: int, end: int) -> int:
    """Behind spaces, and signs of headings, of emphasis and of difficulty: ★★."""
    while place < end:
        if data[place] <= SPACE or data[place] in (STAR, 35, 62):
            place += 1
        elif data[place] == 0xE2 and _is_star(data, place, end):
            place += 3
        else:
            break
    return place


@compiled
def _is_star(data: Array, place: int, end: int) -> bool:
    """Whether ★, ☆ or ⭐ is at `place`."""
    after, last = byte_at(data, place + 1, end), byte_at(data, place + 2, end)
    is_plain = after == 0x98 and last in (0x85, 0x86)
    return bool(is_plain or (after == 0xAD and last == 0x90))


@compiled
def _bracket(data: Array, place: int, end: int) -> int:
    """What opens at `place`: 1 for ( and （, 2 for [, 3 for 【; below 0 if it ends."""
    byte = byte_at(data, place, end)
    if byte < 128:
        return int(BRACKETS[byte])
    if byte == 0xEF and byte_at(data, place + 1, end) == 0xBC:
        last = byte_at(data, place + 2, end)
        return int(last == 0x88) - int(last == 0x89)
    if byte == 0xE3 and byte_at(data, place + 1, end) == 0x80:
        last = byte_at(data, place + 2, end)
        return 3 * (int(last == 0x90) - int(last == 0x91))
    return 0


@compiled
def note_end(data: Array, place: int, end: int, words: Array) -> int:
    """Behind the note in brackets at `place`; `place` if there is none."""
    opener = _bracket(data, place, end)
    if opener <= 0:
        return place
    begin = place + width(data, place, end)
    stop, limit = begin, min(end, begin + LONGEST_NOTE)
    while stop < limit and _bracket(data, stop, end) == 0:
        stop += 1
    if stop == limit or _bracket(data, stop, end) != -opener:
        return place
    if opener != 3 and not _is_note(data, begin, stop, opener, words):
        return place
    stop += width(data, stop, end)
    while byte_at(data, stop, end) in (POINT, COLON, STAR):
        stop += 1
    return stop


@compiled
def is_end_of_note(data: Array, begin: int, stop: int) -> bool:
    """Whether a bracket closes right before `stop`, or before a full stop there."""
    byte = data[stop - 1]
    if byte == POINT and stop - 1 > begin:
        byte = data[stop - 2]
    return bool(byte in (CLOSE, CLOSE_SQUARE, 0x89, 0x91))


@compiled
def note_start(data: Array, begin: int, end: int, words: Array) -> int:
    """Where the note begins that ends at `end`; `end` if there is none."""
    stop = end - (data[end - 1] == POINT)
    stop -= 1 if data[stop - 1] < 128 else 3
    closer = _bracket(data, stop, end)
    if closer >= 0:
        return end
    place, least = stop - 1, max(begin, stop - LONGEST_NOTE)
    while place > least and _bracket(data, place, end) == 0:
        place -= 1
    if _bracket(data, place, end) != -closer or place == begin:
        return end
    before = place
    while before > begin and data[before - 1] == SPACE:
        before -= 1
    if before == begin or not ENDS[data[before - 1]]:
        return end
    inside = place + width(data, place, end)
    return before if _is_note(data, inside, stop, -closer, words) else end


@compiled
def _is_note(data: Array, place: int, end: int, opener: int, words: Array) -> bool:
    """Whether what is in brackets is points, a source, an author or an instruction."""
    every, some, first, dated = SAYS | POINTS | SOURCE, 0, 0, False
    has_ideographs, acronyms, has_acronym = False, True, False
    while place < end:
        if data[place] < 128 and SIGNS[data[place]]:
            place += 1
            continue
        after = byte_at(data, place + 1, end)
        is_sign = data[place] == 0xE2 and after in (0x80, 0x84, 0x85)
        if is_sign or (data[place] == 0xC2 and after == 0xB7):  # a dash, №, ·
            place += width(data, place, end)
            continue
        stop, bits = read_word(data, place, end, words)
        if stop == place:
            return False
        has_ideographs |= kind(data, place, end) == IDEOGRAPH
        dated |= bits & NUMBER != 0 and stop - place == 4 and data[place] in (49, 50)
        if first == 0:
            first = bits | 1 << 15
        is_spelt = stop - place >= LEAST_NAME and are_capitals(data, place, stop)
        acronyms &= bits & (NUMBER | LINK) != 0 or is_spelt
        has_acronym |= is_spelt
        is_named = bits & (CAPITAL | NUMBER | LINK | SOURCE) != 0
        is_counted = bits & (POINTS | NUMBER) != 0
        fits = (bits & SAYS) | (POINTS * is_counted) | (SOURCE * is_named)
        every &= fits
        some |= bits
        place = stop
    if every & POINTS and some & POINTS and some & NUMBER:
        return True
    if every & SOURCE and (some & SOURCE or (opener == 2 and dated and some & CAPITAL)):
        return True
    if has_ideographs and some & SOURCE:
        return True
    if dated and acronyms and has_acronym:  # (ENEM 2018)
        return True
    return bool(first & CREDIT or (every & SAYS and some & CUE))


@compiled
def credit_line(data: Array, begin: int, end: int, words: Array) -> int:
    """Where the last line begins if it names a source or an author, else `end`."""
    place, least = end - 8, max(begin, end - LONGEST_NOTE)
    if end_of_line(data, least, end) == end:
        return end
    while place >= least and not equal_bytes(eight_at(data, place), NEWLINE):
        place -= 8
    place = min(place + 7, end - 1)
    while place >= least and data[place] != NEWLINE:
        place -= 1
    if place < least:
        return end
    line = place
    place += 1
    while place < end and (data[place] <= SPACE or data[place] in (STAR, 95)):
        place += 1
    if byte_at(data, place, end) == OPEN_SQUARE and byte_at(data, place + 2, end) == 93:
        place += 3  # [i]
    stop, bits = read_word(data, place, end, words)
    if bits & CREDIT and byte_at(data, stop, end) == SPACE:
        is_by = byte_at(data, stop + 1, end) == SMALL_B
        return line if is_by and byte_at(data, stop + 2, end) == SMALL_Y else end
    if not bits & LABEL:
        return end
    if byte_at(data, stop, end) != COLON and byte_at(data, stop, end) != 0xEF:
        return end
    while stop < end:  # a name, or an address
        after, bits = read_word(data, stop, end, words)
        is_long = after - stop >= LEAST_NAME
        if is_long and (bits & CAPITAL or byte_at(data, stop, end) in (SMALL_H, 0xE3)):
            return line
        stop = max(after, stop + 1)
    return end


@compiled
def is_credit(data: Array, place: int, end: int, words: Array) -> bool:
    """Whether a sentence names who proposed the problem, and nothing else."""
    while place < end and (data[place] <= SPACE or data[place] in (STAR, 95)):
        place += 1
    stop, bits = read_word(data, place, end, words)
    if not (bits & CREDIT and starts_with(data, stop, end, BY)):
        return False
    place = stop + len(BY)
    while place < end:
        if data[place] < 128 and SIGNS[data[place]]:
            place += 1
            continue
        stop, bits = read_word(data, place, end, words)
        if stop == place or not bits & (CAPITAL | LINK | NUMBER):
            return False
        place = stop
    return True
