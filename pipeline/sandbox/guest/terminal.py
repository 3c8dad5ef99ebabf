"""The terminal of a program whose tests run elsewhere.

Runs in the sandbox and imports nothing of ours. What the program prints goes to its
tests, and what it reads comes from them, so that tests that patch `input` or catch what
is printed, on either output, find what they would in one process.
"""

import builtins
import io
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

LONGEST_PRINT = 1 << 20
Ask = Callable[..., Any]
# What the tests' side does where the program reads.
TERMINAL: dict[str, Callable[..., Any]] = {
    "input": lambda *prompt: input(*prompt),
    "readline": lambda: sys.stdin.readline(),
    "read": lambda: sys.stdin.read(),
}


class Screen(io.RawIOBase):
    """Keeps the first megabyte that is written."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if len(self.kept) < LONGEST_PRINT:
            self.kept += data
        return len(data)


class Keyboard(io.TextIOBase):
    """Asks the tests for each line."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1) -> str:  # type: ignore[override]
        return str(self.ask("readline"))

    def read(self, size: int | None = -1) -> str:
        return str(self.ask("read"))


def attach(ask: Ask) -> Callable[[], tuple[str, str]]:
    """Take the place of the terminal; returns what gives all that was printed since,
    and all that went to standard errors.
    """
    (sys.stdout, take), (sys.stderr, take_errors) = open_screen(), open_screen()
    sys.stdin = Keyboard(ask)
    builtins.input = lambda *prompt: ask("input", *map(str, prompt))
    return lambda: (take(), take_errors())


def open_screen() -> tuple[io.TextIOWrapper, Callable[[], str]]:
    """A file for texts, and what gives what was written to it and forgets that."""
    screen = Screen()
    file = io.TextIOWrapper(io.BufferedWriter(screen), "utf-8", "backslashreplace")

    def take() -> str:
        with suppress(ValueError):  # closed by the program
            file.flush()
        text = bytes(screen.kept).decode(errors="replace")
        screen.kept.clear()
        return text

    return file, take
