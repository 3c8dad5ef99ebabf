"""The text of our own programs that run inside the sandbox, from `guest/`.

They are files, so that they are linted and typed, and they are sent as text, because
nothing of ours is installed where they run; the larger ones compiled. What one of them
imports from another stands in its place.
"""

import marshal
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("guest")
IMPORT = re.compile(
    r"^from pipeline\.sandbox\.guest\.(\w+) import (?:\([^)]*\)|.*)\n", re.M
)


TESTLIB = re.compile(r"""^[ \t]*#[ \t]*include[ \t]*["<]testlib\.h[">]""", re.M)


def with_testlib(program: str) -> str:
    """A checker in C++ with our testlib.h in the place of its first include of that."""
    header = (FOLDER / "testlib.h").read_text(encoding="utf-8")
    return TESTLIB.sub("", TESTLIB.sub(lambda _: header, program, count=1))


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


def guest_code(name: str, job: dict[str, Any] | None = None) -> bytes:
    """The program `name`, compiled, as `run_python` takes it.

    With a `job`, for programs whose standard input is not theirs to read one from, its
    `main` is called with that.
    """
    return marshal.dumps({"JOB": job}) + _compile(name, calls_main=job is not None)


@lru_cache
def _compile(name: str, *, calls_main: bool) -> bytes:
    """Compiled once, and not for each program; a sandbox's Python is of our version."""
    source = guest_source(name) + "\nmain(JOB)\n" * calls_main
    return marshal.dumps(compile(source, f"{name}.py", "exec", dont_inherit=True))
