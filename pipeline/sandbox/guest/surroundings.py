"""The environment and the working folder, which tests and program share.

Runs in the sandbox and imports nothing of ours. Every message says what its side has
changed. Variables by which Python and pytest are told what to do are each side's own.
"""

import os
from contextlib import suppress
from typing import Any

APART = ("GOLDSIEVE", "LC_", "PYTEST", "PYTHON")


def list_variables() -> dict[Any, Any]:
    """All variables as the system has them: cheap to copy and to compare."""
    return dict(getattr(os.environ, "_data", os.environ))


def read_environment() -> dict[str, str]:
    """The variables that are shared, now."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(APART)
    }


class Surroundings:
    """What the other side knows of this one's environment and folder."""

    def __init__(self) -> None:
        self.note()

    def note(self) -> None:
        """Remember what there is now."""
        self.variables, self.folder = list_variables(), os.getcwd()
        self.known = read_environment()

    def write(self) -> list[Any]:
        """What has changed here since the last message: variables, and the folder."""
        folder = os.getcwd()
        if self.variables == list_variables() and self.folder == folder:
            return []
        before, moved = self.known, folder if folder != self.folder else ""
        self.note()
        changed: dict[str, str | None] = dict.fromkeys(
            before.keys() - self.known.keys()
        )
        changed.update(self.known.items() - before.items())
        return [dict(sorted(changed.items())), moved]

    def read(self, changes: list[Any]) -> None:
        """Have here what has changed there; the folder may be the other sandbox's."""
        if not changes:
            return
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
        self.note()
