"""What was read or computed and may be asked for again, as long as there is room."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """Values under keys; those that were not asked for longest make room for others.

    Each is made once, whoever asks at the same time; `room` is in bytes.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def get(
        self, key: Hashable, make: Callable[[], T], measure: Callable[[T], int]
    ) -> T:
        """The value under `key`, made by `make` where it is not there."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._values:
                    self._values.move_to_end(key)
                    known: T = self._values[key][0]
                    return known
            value = make()
            with self._lock:
                self._values[key] = (value, measure(value))
                self._make_room()
            return value

    def find(self, key: Hashable) -> Any:
        """The value under `key`; None where it was not made or had to go."""
        with self._lock:
            return self._values.get(key, (None, 0))[0]

    def _make_room(self) -> None:
        while sum(size for _, size in self._values.values()) > self.room:
            if len(self._values) == 1:
                return
            key, _ = self._values.popitem(last=False)
            self._making.pop(key, None)
