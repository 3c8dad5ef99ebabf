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
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    return IMPORT.sub(lambda match: guest_source(match[1]), text)


def guest_call(name: str, job: dict[str, Any]) -> str:
    """The program `name`, followed by a call of its `main` with `job`.

    For programs whose standard input is not theirs to read a job from.
    """
    return f"{guest_source(name)}\nmain({job!r})\n"
