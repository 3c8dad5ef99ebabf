"""What stands in front of a problem: instructions, sources, limits, titles."""

import numpy as np

from pipeline.kernels.edge_limits import skip_limits
from pipeline.kernels.edge_notes import note_end, skip_signs
from pipeline.kernels.edge_words import (
    CAPITAL,
    CLOSERS,
    CUE,
    HEADING,
    LIMIT,
    LINK,
    LONGEST_SENTENCE,
    NUMBER,
    SAYS,
    SOURCE,
    read_word,
    sign_width,
)
from pipeline.kernels.layout_lines import end_of_line
from pipeline.kernels.shards import Array, compiled
from pipeline.kernels.utf8 import byte_at, is_digit, is_letter

LEAST_TITLED = 40  # bytes that must be left below a title
LONGEST_SOURCE, LONGEST_TITLE = 96, 64
MOST_DIGITS = 3  # of the number of a problem
STAR_LEAD = 0xE2  # the first byte of ★
NEWLINE, SPACE, POINT, EXCLAMATION, COLON = b"\n .!:"
CLOSE, DOLLAR, BACKSLASH, MINUS, COMMA, APOSTROPHE = b")$\\-,'"
PARTS = np.zeros(256, np.bool_)  # between the words of sources
PARTS[list(b" ,;.#'&-/")] = True
NAMED = CAPITAL | NUMBER | LINK | SOURCE


@compiled
def skip_part(data: Array, begin: int, end: int, words: Array) -> int:
    """Where the text goes on behind one part in front; `begin` if there is none."""
    place = skip_signs(data, begin, end)
    stop = note_end(data, place, end, words)
    if stop > place:
        return stop
    after = _skip_wide_number(data, place, end)
    if after > place:
        return after
    stop, bits = read_word(data, place, end, words)
    if bits & LIMIT:
        after = skip_limits(data, place, end, words)
        if after > place:
            return after
    is_titled = bits & CAPITAL or (stop > place and data[stop - 1] > 127)
    if bits & HEADING and is_titled:
        after = _skip_heading(data, stop, end)
        if after > stop:
            return after
    if bits & SAYS:
        after = _skip_instruction(data, place, stop, bits, end, words)
    elif bits & NAMED:
        after = _skip_source(data, place, stop, bits, end, words)
    else:
        after = place
    if after > place:
        return after
    after = _skip_title(data, place, end, words)
    has_star = place - begin > 2 and data[begin] == STAR_LEAD
    return int(after) if after > place or has_star else begin


@compiled
def _skip_wide_number(data: Array, place: int, end: int) -> int:
    """Behind the number of "17.已知" and "3、甲": in Chinese no space follows it."""
    position = place
    while is_digit(data, position, end):
        position += 1
    if not 0 < position - place <= MOST_DIGITS:
        return place
    wide = _wide_point(data, position, end)
    position += wide
    follows = wide > 0 and byte_at(data, position, end) >= 0xE3
    return position if follows else place


@compiled
def _wide_point(data: Array, place: int, end: int) -> int:
    """Bytes of what ends a number at `place`: a full stop, ． or 、; 0 if none does."""
    byte, last = byte_at(data, place, end), byte_at(data, place + 2, end)
    if byte == POINT:
        return 1
    is_comma = byte == 0xE3 and last == 0x81
    return 3 if is_comma or (byte == 0xEF and last == 0x8E) else 0


@compiled
def _skip_heading(data: Array, place: int, end: int) -> int:
    """Behind the number of "Example 11 Let", "Task B-3.14:" and "例3 "."""
    is_wide = place > 0 and data[place - 1] > 127
    position = place + (byte_at(data, place, end) == SPACE)
    if byte_at(data, position + 1, end) == MINUS and is_letter(data[position]):
        position += 2
    if not is_digit(data, position, end) or (position == place and not is_wide):
        return place
    while is_digit(data, position, end) or (
        byte_at(data, position, end) == POINT and is_digit(data, position + 1, end)
    ):
        position += 1
    byte = byte_at(data, position, end)
    if byte in (POINT, COLON, CLOSE) and byte_at(data, position + 1, end) <= SPACE:
        return int(position) + 1
    after = byte_at(data, position + 1, end)
    begins = 65 <= after <= 90 or after in (DOLLAR, BACKSLASH)
    begins = begins or (is_wide and after > 127)
    return int(position) if byte == SPACE and begins else place


@compiled
def _skip_source(
    data: Array, place: int, position: int, bits: int, end: int, words: Array
) -> int:
    """Behind "IMO Shortlist 1998, A3:"; `position` is behind the first word."""
    end = min(end, place + LONGEST_SOURCE)
    has_source, is_headed, is_numbered = bits & SOURCE != 0, False, False
    while position < end:
        byte, after = data[position], byte_at(data, position + 1, end)
        if is_numbered and byte == POINT and after == SPACE:  # OM - III - Task 4.
            return position + 1
        if has_source and byte in (COLON, NEWLINE) and after <= SPACE:
            return position + 1
        is_dash = after == MINUS and byte_at(data, position + 2, end) == SPACE
        if has_source and byte == SPACE and is_dash:
            return position + 2
        if PARTS[byte]:
            position += 1
            continue
        if byte < 128 and not (is_letter(byte) or 48 <= byte <= 57):
            return place
        stop, bits = read_word(data, position, end, words)
        if stop == position or not bits & NAMED:
            return place
        has_source |= bits & SOURCE != 0
        is_numbered = is_headed and bits & NUMBER != 0
        is_headed = bits & HEADING != 0
        position = stop
    return place


@compiled
def _skip_instruction(
    data: Array, place: int, position: int, bits: int, end: int, words: Array
) -> int:
    """Behind the sentences in front that are instructions; as `_skip_source`."""
    out, has_cue = place, bits & CUE != 0
    end = min(end, place + LONGEST_SENTENCE)
    while position < end:
        wide = sign_width(data, position, end)
        if wide == 0:
            position, bits = read_word(data, position, end, words)
            if not bits & SAYS:
                break
            has_cue |= bits & CUE != 0
            continue
        stop = position + wide
        if has_cue and _ends_sentence(data, position, end):
            while stop < end and CLOSERS[data[stop]]:
                stop += 1
            is_sure = wide > 1 or data[position] == NEWLINE
            if is_sure or byte_at(data, stop, end) <= SPACE:
                out, has_cue = stop, False
        position = stop
    return out


@compiled
def _ends_sentence(data: Array, position: int, end: int) -> bool:
    byte = data[position]
    if byte < 128:
        return bool(byte in (POINT, EXCLAMATION, COLON, NEWLINE))
    after, last = byte_at(data, position + 1, end), byte_at(data, position + 2, end)
    if byte == 0xE3:
        return bool(after == 0x80 and last == 0x82)  # 。
    return bool(byte == 0xEF and after == 0xBC and last in (0x81, 0x9A))  # ！：


@compiled
def _skip_title(data: Array, place: int, end: int, words: Array) -> int:
    """Behind a title, a line apart, of which all words come again below it."""
    stop = end_of_line(data, place, min(end, place + LONGEST_TITLE))
    if stop >= end or data[stop] != NEWLINE:
        return place
    below = stop + 1
    while below < end and data[below] <= SPACE and data[below] != NEWLINE:
        below += 1
    if byte_at(data, below, end) != NEWLINE:
        below = skip_limits(data, below, end, words)
        if below == stop + 1:
            return place
    if end - below < LEAST_TITLED:
        return place
    position, long_words = _skip_number(data, place, stop), 0
    while position < stop:
        byte = data[position]
        if byte == SPACE or byte in (COMMA, MINUS, APOSTROPHE):
            position += 1
            continue
        after, bits = read_word(data, position, stop, words)
        if after == position or bits & NUMBER:
            return place
        if not bits & (SAYS | LINK):
            if after - position < 4 or not _comes_again(
                data, position, after, below, end
            ):
                return place
            long_words += 1
        position = after
    return below if long_words else place


@compiled
def _skip_number(data: Array, place: int, stop: int) -> int:
    """Behind "A." or "206." before a title."""
    position = place
    while is_digit(data, position, stop):
        position += 1
    if position == place and is_letter(byte_at(data, place, stop)):
        position += 1
    has_point = position > place and byte_at(data, position, stop) in (POINT, CLOSE)
    return position + 1 if has_point else place


@compiled
def _comes_again(data: Array, start: int, stop: int, below: int, end: int) -> bool:
    """Whether a word of the text from `below` on begins as the one at `start` does."""
    size = max(4, stop - start - 2)
    for place in range(below, end - size + 1):
        if (data[place] | 0x20) != (data[start] | 0x20):
            continue
        if is_letter(data[place - 1]) or data[place - 1] > 127:
            continue
        step = 1
        while step < size and (data[place + step] | 0x20) == (
            data[start + step] | 0x20
        ):
            step += 1
        if step == size:
            return True
    return False
