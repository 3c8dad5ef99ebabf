r"""Boxes and brackets: what the last `\boxed{…}` and `\fbox{…}` of a text hold.

All scans are linear, because the text may be a megabyte of braces.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

TAIL = 10_000
LONGEST_BOX = 4_000
MOST_BOXES = 60
MOST_OPENINGS = 200
BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
BRACE = re.compile(r"\\.|[{}]", re.S)
BARE_BOX = re.compile(r"\\boxed\s*([^\s{}$\\][^\s{}$]*)")


class Box(NamedTuple):
    """Where a box starts and ends in its text, and what it holds."""

    start: int
    end: int
    content: str


def last_box(text: str) -> str | None:
    """What the last complete box holds, or None where there is none."""
    for box in complete_boxes(text, 1):
        return box.content
    bare = bare_boxes(text) if "\\boxed" in text else []
    return bare[-1] if bare else None


def bare_boxes(text: str) -> list[str]:
    r"""What stands behind boxes without braces, such as \boxed 7, in order."""
    return [content.rstrip(".,;") for content in BARE_BOX.findall(text[-TAIL:])]


def complete_boxes(text: str, most: int) -> Iterator[Box]:
    """The last `most` boxes that are closed, from the last to the first.

    At most 4,000 characters are read for a box and at most 200 openings are tried,
    so that a megabyte of openings costs no more than a page of them.
    """
    start, count, tried = len(text), 0, 0
    while count < most and tried < MOST_OPENINGS:
        start = max(text.rfind("\\boxed", 0, start), text.rfind("\\fbox", 0, start))
        if start < 0:
            return
        tried += 1
        opening = BOX.match(text, start)
        end = _closing_brace(text, opening.end()) if opening else -1
        if opening and end >= 0 and (content := text[opening.end() : end].strip()):
            count += 1
            yield Box(start, end + 1, content)


def find_closing(text: str, start: int) -> int:
    """Where the bracket at `start` closes, all kinds of brackets being one; or -1."""
    depth = 0
    for end in range(start, len(text)):
        depth += (text[end] in "([{") - (text[end] in ")]}")
        if depth == 0:
            return end
    return -1


def _closing_brace(text: str, start: int) -> int:
    depth = 1
    for brace in BRACE.finditer(text, start, start + LONGEST_BOX):
        depth += (brace[0] == "{") - (brace[0] == "}")
        if depth == 0:
            return brace.start()
    return -1
