"""The environment and the working folder, which tests and program share.

Runs in the sandbox and imports nothing of ours. Every message says what its side has
changed. Variables by which Python and pytest are told what to do are each side's own.
"""

import os
from contextlib import suppress
from typing import Any

APART = ("GOLDSIEVE", "LC_", "PYTEST", "PYTHON")


def read_environment() -> dict[str, str]:
    """The variables that are shared, now."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(APART)
    }


class Surroundings:
    """What the other side knows of this one's environment and folder."""

    def __init__(self) -> None:
        self.known, self.folder = read_environment(), os.getcwd()

    def write(self) -> list[Any]:
        """What has changed here since the last message: variables, and the folder."""
        now, folder = read_environment(), os.getcwd()
        gone = self.known.keys() - now.keys()
        changed: dict[str, str | None] = dict.fromkeys(sorted(gone))
        changed.update(now.items() - self.known.items())
        moved = folder if folder != self.folder else ""
        self.known, self.folder = now, folder
        return [changed, moved]

    def read(self, changes: list[Any]) -> None:
        """Have here what has changed there; the folder may be the other sandbox's."""
        changed, moved = changes
        for name, value in changed.items():
            if name.startswith(APART):
                raise LookupError(name)
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        with suppress(OSError):
            os.chdir(moved or ".")
        self.known, self.folder = read_environment(), os.getcwd()
