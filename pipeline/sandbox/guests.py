"""The text of our own programs that run inside the sandbox, from `guest/`.

They are files, so that they are linted and typed, and they are sent as text, because
nothing of ours is installed where they run. What one of them imports from another
stands in its place.
"""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("guest")
IMPORT = re.compile(
    r"^from pipeline\.sandbox\.guest\.(\w+) import (?:\([^)]*\)|.*)\n", re.M
)


@lru_cache
def guest_source(name: str) -> str:
    """The program `name` as one text that stands alone."""
    return _inline(name, set())


def _inline(name: str, seen: set[str]) -> str:
    """The text of `name`, with what it imports, once each, and not what is `seen`."""
    if name in seen:
        return ""
    seen.add(name)
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return IMPORT.sub(lambda match: _inline(match[1], seen), text)


def guest_call(name: str, job: dict[str, Any]) -> str:
    """The program `name`, followed by a call of its `main` with `job`.

    For programs whose standard input is not theirs to read a job from.
    """
    return f"{guest_source(name)}\nmain({job!r})\n"
