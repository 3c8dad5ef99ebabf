"""Warnings and logs of a program, as tests in another process hear them.

Runs in the sandbox and imports nothing of ours. What the program warns of goes with its
next message, and is warned of on the tests' side, whose filters decide. A log record
goes at once, where either side's levels take it, and the tests' handlers have it.
"""

import sys
from collections.abc import Callable
from typing import Any

MOST_WARNINGS = 1000
# What a log record has of its process alone.
OF_PROCESS = {"exc_info", "process", "processName", "thread", "threadName", "taskName"}


def collect_warnings() -> Callable[[], tuple[Any, ...]]:
    """Note what the program warns of; returns what gives that, and forgets it."""
    import warnings

    noted: list[tuple[Any, ...]] = []

    def note(message: Any, *about: Any, **_: Any) -> None:
        if len(noted) < MOST_WARNINGS:
            noted.append((message, *about[1:3]))

    def take() -> tuple[Any, ...]:
        taken = tuple(noted)
        noted.clear()
        return taken

    warnings.simplefilter("always")
    warnings.showwarning = note
    return take


def warn_again(noted: tuple[Any, ...]) -> None:
    """Warn of what the program has warned of; nothing is printed."""
    for message, file, line in noted:
        sys.modules["warnings"].warn_explicit(message, type(message), file, line)


def hush_warnings() -> None:
    """Have warnings that nobody catches printed nowhere, as pytest has."""
    import warnings

    warnings.showwarning = lambda *_, **__: None


def forward_logs(ask: Callable[..., Any]) -> None:
    """Have the tests' handlers take what the program logs."""
    import logging

    logging.lastResort = logging.NullHandler()
    is_enabled_here = logging.Logger.isEnabledFor

    def is_enabled(self: Any, level: int) -> bool:
        return is_enabled_here(self, level) or bool(ask("heed", self.name, level))

    def handle(self: Any, record: Any) -> None:
        if self.disabled or not self.filter(record):
            return
        if is_enabled_here(self, record.levelno):
            self.callHandlers(record)
        fields = {k: v for k, v in vars(record).items() if k not in OF_PROCESS}
        error = record.exc_info[1] if record.exc_info else None
        ask("log", self.name, fields, error)

    logging.Logger.isEnabledFor = is_enabled  # type: ignore[method-assign]
    logging.Logger.handle = handle  # type: ignore[method-assign]


def heed(name: str, level: int) -> bool:
    """Whether the tests' logger of this name takes records of this level."""
    import logging

    return logging.getLogger(name).isEnabledFor(level)


def log_again(name: str, fields: dict[str, Any], error: Any) -> None:
    """Hand a record of the program to the tests' handlers."""
    import logging

    logging.lastResort = logging.NullHandler()
    record = logging.makeLogRecord(fields)
    record.exc_info = (type(error), error, None) if error is not None else None
    logger = logging.getLogger(name)
    if logger.manager.disable < record.levelno:
        logger.handle(record)
