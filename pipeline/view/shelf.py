"""The library as it is now: it is looked for again when files have changed.

A pipeline may run while its tables are looked at. Whoever reads gets tables that fit
the files; what was counted is kept as long as they do, and columns as long as there is
room.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from pipeline.view.columns import ROOM, Columns
from pipeline.view.kept import Kept
from pipeline.view.library import Library

T = TypeVar("T")
LOOK_S = 1.0  # files are looked at no more often
REMEMBERED = 256  # counts of queries


class Shelf:
    """`look()` follows the files, `remember` keeps what they gave."""

    def __init__(self, find: Callable[[], Library]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._room = Kept(ROOM)
        self._looked = 0.0
        self._open(find())

    def look(self) -> Columns:
        """The tables of this moment."""
        with self._lock:
            if time.monotonic() - self._looked > LOOK_S:
                library = self._find()
                if library != self._library or library.stamp() != self._stamp:
                    self._open(library)
                self._looked = time.monotonic()
            return self._columns

    def look_again(self) -> None:
        """Look at the files at the next visit: this process has changed one."""
        with self._lock:
            self._looked = -LOOK_S

    def remember(self, key: Hashable, count: Callable[[], T]) -> T:
        """What `count` gives, kept under `key` until a file changes."""
        kept = self._kept
        if key not in kept:
            if len(kept) >= REMEMBERED:
                kept.pop(next(iter(kept)), None)
            kept[key] = count()
        value: T = kept[key]
        return value

    def _open(self, library: Library) -> None:
        self._library, self._stamp = library, library.stamp()
        self._columns = Columns(library, self._room)
        self._columns.read_ahead()
        self._kept: dict[Hashable, Any] = {}
