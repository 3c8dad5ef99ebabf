"""Lines that name the limits of a program, before or behind its problem."""

from pipeline.kernels.edge_words import CUE, LIMIT, NUMBER, read_word
from pipeline.kernels.layout_lines import end_of_line
from pipeline.kernels.shards import Array, compiled

LONGEST_LIMIT, MOST_LINES = 48, 4
NEWLINE = ord("\n")


@compiled
def skip_limits(data: Array, place: int, end: int, words: Array) -> int:
    """Behind lines that name limits of time and memory: "time limit per test"."""
    out, has_cue, line = place, False, place
    while line < end:
        stop = end_of_line(data, line, min(end, line + LONGEST_LIMIT))
        position = line
        while position < stop:
            after, bits = read_word(data, position, stop, words)
            if after > position and not bits & (LIMIT | NUMBER):
                return out if has_cue else place
            has_cue |= bits & LIMIT != 0 and bits & CUE != 0
            position = max(after, position + 1)
        if stop < end and data[stop] != NEWLINE:
            break
        line = stop + 1
        out = min(line, end)
    return out if has_cue else place


@compiled
def limits_start(data: Array, begin: int, end: int, words: Array) -> int:
    """Where the last lines before `end` begin if they name limits; else `end`."""
    line, out = end, end
    for _ in range(MOST_LINES):
        stop = line
        line -= 1
        while line > begin and end - line < MOST_LINES * LONGEST_LIMIT:
            if data[line - 1] == NEWLINE:
                break
            line -= 1
        if line <= begin or data[line - 1] != NEWLINE:
            break
        if skip_limits(data, line, stop, words) < stop:
            break
        out = line
    return out
