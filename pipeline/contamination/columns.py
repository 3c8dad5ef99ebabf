"""Pages that were set in two columns, and stand as lines with a gap in the middle."""

import re
from collections import Counter
from itertools import groupby

GAP = re.compile(r"    (?<=\S    ) *(?=\S)")  # what it begins with is found fast
WORD = re.compile(r"[^\W\d_]{2,}")
LEAST = 2  # lines of which both columns are seen
WORDS = 2  # a line of both columns, in the mean: a table has fewer


def part_columns(text: str) -> str:
    r"""`text` with two columns one behind the other; a table stays.

    >>> part_columns("Find the sum    Let us\nof all dogs.    begin.")
    'Find the sum\nof all dogs.\n\nLet us\nbegin.'
    """
    if len(GAP.findall(text)) < LEAST:
        return text
    blocks = groupby(text.split("\n"), key=lambda line: bool(line.strip()))
    return "\n".join(
        _part([*lines]) if is_full else "\n".join(lines) for is_full, lines in blocks
    )


def _part(lines: list[str]) -> str:
    whole = "\n".join(lines)
    starts = Counter(gap.end() for line in lines for gap in GAP.finditer(line))
    if not starts:
        return whole
    place, seen = max(starts.items(), key=lambda start: (start[1], -start[0]))
    if seen < LEAST or not all(_is_parted(line, place) for line in lines):
        return whole
    columns = (
        [line[:place].rstrip() for line in lines],
        [line[place:] for line in lines],
    )
    filled = [[line for line in column if line] for column in columns]
    words = [sum(len(WORD.findall(line)) for line in column) for column in filled]
    if not all(words) or sum(words) < WORDS * sum(map(len, filled)):
        return whole
    return "\n\n".join("\n".join(column) for column in filled)


def _is_parted(line: str, place: int) -> bool:
    """Whether no word of `line` stands across the gap before `place`."""
    return len(line) <= place or line[place - 2 : place].isspace()
