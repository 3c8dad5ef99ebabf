"""Lists, dicts and sets that tests and program share: each side has a twin of each.

Runs in the sandbox and imports nothing of ours but its neighbours. In one process, a
list that is handed over is the same list: what either side does to it, the other sees,
and it is itself when it comes back. Here every message says how the twins have changed
since the last. A twin that nobody else refers to on one side is forgotten on both, so
that a thousand calls do not carry a thousand lists.
"""

import itertools
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.sandbox.guest.wire import (
    ALONE,
    LETTERS,
    MUTABLES,
    build_mutable,
    decode,
    encode,
    extra_of,
    fill_mutable,
    parts_of,
)


class Twins:
    """What this side shares with the other, by number; encodes and decodes with it.

    `first` is 0 on one side and 1 on the other, so that numbers do not meet. `keep`
    encodes what is neither plain nor shared, and `recall` decodes it.
    """

    def __init__(
        self,
        first: int,
        keep: Callable[[Any], Any],
        recall: Callable[[str, Any], Any],
    ) -> None:
        self.counter = itertools.count(first, 2)
        self.keep, self.recall = keep, recall
        self.twins: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.known: dict[int, list[Any]] = {}
        self.part = partial(encode, other=keep, share=self.share)

    def encode(self, value: Any) -> Any:
        """`value` for the other side."""
        return self.part(value)

    def share(self, value: Any) -> Any:
        """What can change: a number that both sides know, or all of it."""
        if (number := self.numbers.get(id(value))) is not None:
            return {"r": number}
        number = next(self.counter)
        self.add(number, value)
        extra = list(map(self.part, extra_of(value)))
        parts = list(map(self.part, parts_of(value)))
        # Again, for now numbers stand where whole values stood.
        self.known[number] = list(map(self.part, parts_of(value)))
        return {"m": [number, LETTERS[type(value)], extra, parts]}

    def add(self, number: int, value: Any) -> None:
        self.twins[number] = value
        self.numbers[id(value)] = number

    def decode(self, encoded: Any) -> Any:
        """The value that the other side encoded."""
        return decode(encoded, self.decode_shared)

    def decode_shared(self, letter: str, inner: Any) -> Any:
        if letter == "r":
            return self.twins[inner]
        if letter != "m":
            return self.recall(letter, inner)
        number, kind, extra, parts = inner
        if number in self.twins or kind not in MUTABLES:
            raise LookupError(number)
        value = build_mutable(kind, list(map(self.decode, extra)))
        self.add(number, value)
        fill_mutable(value, list(map(self.decode, parts)))
        self.known[number] = list(map(self.part, parts_of(value)))
        return value

    def write_changes(self) -> list[Any]:
        """What has changed on this side since the last message either way."""
        changes = []
        for number, value in list(self.twins.items()):
            parts = list(map(self.part, parts_of(value)))
            if parts != self.known[number]:
                self.known[number] = parts
                changes.append([number, parts])
        return changes

    def read_changes(self, changes: list[Any]) -> None:
        """Have the twins change as they did on the other side."""
        for number, parts in changes:
            value = self.twins[number]
            fill_mutable(value, list(map(self.decode, parts)))
            self.known[number] = list(map(self.part, parts_of(value)))

    def drop(self) -> list[int]:
        """Forget what nobody else refers to on this side: its numbers."""
        dropped = []
        for number in sorted(self.twins):
            if sys.getrefcount(self.twins[number]) <= ALONE:
                dropped.append(number)
                self.forget(number)
        return dropped

    def forget(self, number: int) -> None:
        if number in self.twins:
            del self.numbers[id(self.twins[number])]
            del self.twins[number], self.known[number]
