"""What stands behind a problem: instructions, notes, sources and authors."""

import numpy as np

from pipeline.kernels.edge_limits import limits_start
from pipeline.kernels.edge_notes import (
    SIGNS,
    credit_line,
    is_credit,
    is_end_of_note,
    note_start,
)
from pipeline.kernels.edge_words import (
    BESIDE,
    CLOSERS,
    CLOSES,
    CUE,
    FORM,
    LIMIT,
    LONGEST_SENTENCE,
    OPENS,
    SAYS,
    ends_as,
    read_word,
    sign_width,
)
from pipeline.kernels.shards import Array, compiled, inlined
from pipeline.kernels.utf8 import byte_at, is_letter, starts_with

WORDS_BEFORE = 3  # that are looked at before the sentence is
NEWLINE, SPACE, POINT, QUESTION, EXCLAMATION, QUOTE = b'\n .?!"'
OPENING, CLOSING = (np.frombuffer(sign.encode(), np.uint8).copy() for sign in "“”")
STOPS = POINT, EXCLAMATION
THINK, NO_THINK, DOTS = (
    np.frombuffer(sign, np.uint8).copy() for sign in (b"/think", b"/no_think", b"...")
)
SMALL_K, SMALL_N = b"kn"


@compiled
def drop_part(data: Array, begin: int, end: int, words: Array, endings: Array) -> int:
    """Where the text ends before one part behind; `end` if there is none."""
    stop = end
    while stop > begin and data[stop - 1] <= SPACE:
        stop -= 1
    if stop == begin or data[stop - 1] == QUESTION:
        return end
    byte, before = data[stop - 1], data[max(begin, stop - 2)]
    if (byte == POINT and before == POINT) or (byte == SMALL_K and before == SMALL_N):
        start = _start_of_signs(data, begin, stop)
        if start < stop:
            return start
    if is_end_of_note(data, begin, stop):
        start = note_start(data, begin, stop, words)
        if start < stop:
            return start
    if _may_instruct(data, begin, stop, words, endings):
        start = _start_of_sentence(data, begin, stop)
        if start > begin and _is_instruction(data, start, stop, words):
            return _skip_closers(data, start, stop)
    start = credit_line(data, begin, stop, words)
    if start == stop:
        start = _unusual_start(data, begin, stop, words, endings)
    return start if start < stop else end


@compiled
def _start_of_signs(data: Array, begin: int, stop: int) -> int:
    """Where ... on a line of its own, or /think begins; `stop` if neither is there.

    A line above the dots must be empty: those of a maze go on.
    """
    for sign in (THINK, NO_THINK):
        place = stop - len(sign)
        is_apart = place > begin and data[place - 1] <= SPACE
        if is_apart and starts_with(data, place, stop, sign):
            return place
    place = stop - len(DOTS)
    if place <= begin or not starts_with(data, place, stop, DOTS):
        return stop
    lines = 0
    while place > begin and data[place - 1] <= SPACE:
        place -= 1
        lines += data[place] == NEWLINE
    return place if lines > 1 else stop


@compiled
def _unusual_start(
    data: Array, begin: int, stop: int, words: Array, endings: Array
) -> int:
    """Where a sentence on authors, or lines of limits, begin; `stop` if none do."""
    last, may_credit = stop, True
    while last > begin and (CLOSERS[data[last - 1]] or data[last - 1] in STOPS):
        last -= 1
        may_credit &= SIGNS[data[last]]
    limits = ends_as(data, begin, last, endings, LIMIT)
    if last == begin or not is_letter(data[last - 1]) or not (limits or may_credit):
        return stop
    place = last
    while place > begin and is_letter(data[place - 1]):
        place -= 1
    if data[place] <= 90 and may_credit and _may_be_named(data, begin, place):
        start = _start_of_sentence(data, begin, stop)
        if start > begin and is_credit(data, start, stop, words):
            return _skip_closers(data, start, stop)
    if limits and read_word(data, place, last, words)[1] & LIMIT:
        return limits_start(data, begin, stop, words)
    return stop


@inlined
def _may_be_named(data: Array, begin: int, place: int) -> bool:
    """Whether what is before `place` may stand before the name of an author."""
    before = byte_at(data, place - 1, place) if place > begin else SPACE
    return bool(before > 127 or SIGNS[before] or 48 <= before <= 57)


@compiled
def _may_instruct(
    data: Array, begin: int, stop: int, words: Array, endings: Array
) -> bool:
    """Whether the last words may be those of an instruction."""
    place = stop
    if data[stop - 1] == QUOTE or starts_with(data, stop - 3, stop, CLOSING):
        return True
    for number in range(WORDS_BEFORE):
        while place > begin and data[place - 1] < 128 and BESIDE[data[place - 1]]:
            if number > 0 and data[place - 1] in (POINT, EXCLAMATION, NEWLINE):
                return True
            place -= 1
        if number > 0 and place > begin and data[place - 1] == QUESTION:
            return True
        if place == begin or data[place - 1] > 127:
            return place > begin
        if not is_letter(data[place - 1]) or not ends_as(
            data, begin, place, endings, SAYS
        ):
            return False
        start = place
        while start > begin and is_letter(data[start - 1]):
            start -= 1
        if start > begin and data[start - 1] > 127:
            return True
        _, bits = read_word(data, start, place, words)
        if start == place or not bits & (SAYS | OPENS | CLOSES):
            return False
        place = start
    return True


@compiled
def _start_of_sentence(data: Array, begin: int, stop: int) -> int:
    """Where the last sentence before `stop` begins; `begin` if it is too long."""
    place = stop - 1
    while place > begin and (CLOSERS[data[place]] or data[place] in STOPS):
        place -= 1
    if data[place] == 0x82 and place - begin > 2:  # 。 ends it
        place -= 3
    least = max(begin, stop - LONGEST_SENTENCE)
    while place > least:
        byte = data[place]
        if byte == NEWLINE:
            return place + 1
        if byte in (POINT, QUESTION, EXCLAMATION):
            after = place + 1
            while after < stop and CLOSERS[data[after]]:
                after += 1
            first = after
            while first < stop and data[first] <= SPACE:
                first += 1
            # A small letter goes on: "5! without", "approx. two".
            is_part = first > after and not 97 <= byte_at(data, first, stop) <= 122
            if is_part or byte_at(data, after, stop) >= 0xE3:
                return after
        elif byte > 127 and place >= least + 2:
            before, middle = data[place - 2], data[place - 1]
            if before == 0xE3 and middle == 0x80 and byte == 0x82:  # 。
                return place + 1
            if before == 0xEF and middle == 0xBC and byte in (0x81, 0x9F):  # ！？
                return place + 1
        place -= 1
    return begin


@compiled
def _is_instruction(data: Array, place: int, end: int, words: Array) -> bool:
    seen = 0
    while place < end:
        wide = sign_width(data, place, end)
        if wide:
            has_form = seen & FORM and seen & CUE
            place = _skip_quoted(data, place, end) if has_form else place
            place += wide
            continue
        stop, bits = read_word(data, place, end, words)
        if stop == place or not bits & SAYS:
            return False
        seen |= bits
        place = stop
    return seen & CUE != 0


@compiled
def _skip_quoted(data: Array, place: int, end: int) -> int:
    """Where what is in the quotes that open at `place` ends; `place` if none do."""
    stop = place + 1
    if data[place] == QUOTE:
        while stop < end and data[stop] != QUOTE:
            stop += 1
    elif starts_with(data, place, end, OPENING):
        while stop < end and not starts_with(data, stop, end, CLOSING):
            stop += 1
    else:
        return place
    return stop if stop < end else place


@compiled
def _skip_closers(data: Array, place: int, stop: int) -> int:
    """Behind signs of the sentence before, and spaces."""
    out = place
    while place < stop and sign_width(data, place, stop):
        place += sign_width(data, place, stop)
        if data[place - 1] <= SPACE:
            out = place
    return out
