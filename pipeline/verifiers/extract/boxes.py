"""Boxes: what the last ones of a text hold.

All scans are linear, because the text may be a megabyte of braces.
"""

import re
from collections.abc import Iterator

TAIL = 10_000
LONGEST_BOX = 4_000
MOST_BOXES = 60
BOX = re.compile(r"\\(?:boxed|fbox)\s*\{")
BRACE = re.compile(r"\\.|[{}]", re.S)
BARE_BOX = re.compile(r"\\boxed\s*([^\s{}$\\][^\s{}$]*)")


def last_box(text: str) -> str | None:
    """What the last complete box holds, or None where there is none."""
    for _, _, inside in complete(text, 1):
        return inside
    bare = unbraced(text) if "\\boxed" in text else []
    return bare[-1] if bare else None


def unbraced(text: str) -> list[str]:
    r"""What stands behind boxes without braces, such as \boxed 7, in order."""
    return [held.rstrip(".,;") for held in BARE_BOX.findall(text[-TAIL:])]


def complete(text: str, most: int) -> Iterator[tuple[int, int, str]]:
    """Complete boxes from the last to the first: start, end, what they hold.

    At most 4,000 characters are read for a box and at most 600 openings are tried,
    so that a megabyte of openings costs no more than a page of them.
    """
    found, tried, before = 0, 0, len(text)
    while found < most and tried < 600:
        start = max(text.rfind("\\boxed", 0, before), text.rfind("\\fbox", 0, before))
        if start < 0:
            return
        tried, before = tried + 1, start
        opening = BOX.match(text, start)
        end = _closing(text, opening.end()) if opening else -1
        if opening and end >= 0 and (inside := text[opening.end() : end].strip()):
            found += 1
            yield start, end + 1, inside


def _closing(text: str, start: int) -> int:
    depth = 1
    for part in BRACE.finditer(text, start, start + LONGEST_BOX):
        depth += (part[0] == "{") - (part[0] == "}")
        if depth == 0:
            return part.start()
    return -1
