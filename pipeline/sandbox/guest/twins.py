"""Lists, dicts, sets and objects that tests and program share: each side has a twin.

Runs in the sandbox and imports nothing of ours but its neighbours. In one process, a
list that is handed over is the same list: what either side does to it, the other sees,
and it is itself when it comes back. Here every message says how the twins have changed
since the last. So do objects of classes that both sides have: attributes cross, and
methods are each side's own. A twin that nobody else refers to on one side is forgotten
on both, so that a thousand calls do not carry a thousand lists.
"""

import itertools
import sys
from collections.abc import Callable
from typing import Any

from pipeline.sandbox.guest.wire import (
    ALONE,
    LETTERS,
    build_mutable,
    extra_of,
    fill_mutable,
    make_decoder,
    make_encoder,
    parts_of,
)

OBJECT = "ob"
# What is filled at last, because its members are asked for their hashes.
HASHING = {"d", "s", "dd", "od", "ct"}


class Twins:
    """What this side shares with the other, by number; encodes and decodes with it.

    `first` is 0 on one side and 1 on the other, so that numbers do not meet. `keep`
    encodes what is neither plain nor shared, and `recall` decodes it. `write` gives an
    object of a shared class the attributes that the other side says it has.
    """

    def __init__(
        self,
        first: int,
        keep: Callable[[Any], Any],
        recall: Callable[[str, Any], Any],
        write: Callable[[Any, dict[str, Any]], None],
    ) -> None:
        self.first, self.counter = first, itertools.count(first, 2)
        self.recall, self.write = recall, write
        self.twins: dict[int, Any] = {}
        self.numbers: dict[int, int] = {}
        self.known: dict[int, list[Any]] = {}
        self.unsent: list[int] = []
        self.encode = make_encoder(keep, self.share)
        self.encode_fixed = make_encoder(keep)
        self.decode = make_decoder(self.decode_shared)

    def share(self, value: Any) -> Any:
        """What can change, as a number that both sides are going to know."""
        if (number := self.numbers.get(id(value))) is None:
            number = next(self.counter)
            self.add(number, value)
            self.unsent.append(number)
        return {"r": number}

    def add(self, number: int, value: Any) -> None:
        self.twins[number] = value
        self.numbers[id(value)] = number

    def encode_parts(self, value: Any) -> list[Any]:
        """What a twin consists of, now."""
        if type(value) in LETTERS:
            return list(map(self.encode, parts_of(value)))
        return [[name, self.encode(each)] for name, each in read_attributes(value)]

    def write_new(self) -> list[Any]:
        """What the other side has not heard of, with what else that refers to."""
        new = []
        # One after the other and not each in the next: lists of nodes are deep.
        while self.unsent:
            number = self.unsent.pop(0)
            value = self.twins[number]
            letter = LETTERS.get(type(value), OBJECT)
            extra = [type(value)] if letter == OBJECT else extra_of(value)
            parts = self.known[number] = self.encode_parts(value)
            new.append([number, letter, list(map(self.encode_fixed, extra)), parts])
        return new

    def read_new(self, new: list[Any]) -> None:
        """Have a twin of each that the other side has sent for the first time."""
        for number, letter, extra, _ in new:
            if number in self.twins or number % 2 == self.first:
                raise LookupError(number)
            self.add(number, self.build(letter, list(map(self.decode, extra))))
        for number, _, _, parts in sorted(new, key=lambda each: each[1] in HASHING):
            self.fill(number, parts)

    def build(self, letter: str, extra: list[Any]) -> Any:
        """A twin that is still empty."""
        if letter == OBJECT:
            (kind,) = extra
            return object.__new__(kind)
        return build_mutable(letter, extra)

    def fill(self, number: int, parts: list[Any]) -> None:
        """Have a twin consist of `parts`."""
        value = self.twins[number]
        if type(value) in LETTERS:
            fill_mutable(value, list(map(self.decode, parts)))
        else:
            self.write(value, {name: self.decode(each) for name, each in parts})
        self.known[number] = self.encode_parts(value)

    def decode_shared(self, letter: str, inner: Any) -> Any:
        return self.twins[inner] if letter == "r" else self.recall(letter, inner)

    def write_changes(self) -> list[Any]:
        """What has changed on this side since the last message either way."""
        changes = []
        for number in list(self.known):
            parts = self.encode_parts(self.twins[number])
            if parts != self.known[number]:
                self.known[number] = parts
                changes.append([number, parts])
        return changes

    def read_changes(self, changes: list[Any]) -> None:
        """Have the twins change as they did on the other side."""
        for number, parts in changes:
            self.fill(number, parts)

    def drop(self) -> list[int]:
        """Forget what nobody else refers to on this side: its numbers.

        What one of these alone referred to is next, however nodes are linked.
        """
        dropped, left = [], list(self.known)
        while left:
            number = left.pop()
            is_known = number in self.known
            if is_known and sys.getrefcount(self.twins[number]) <= ALONE:
                left += list_references(self.known[number])
                dropped.append(number)
                self.forget(number)
        return dropped

    def forget(self, number: int) -> None:
        if number in self.known:
            del self.numbers[id(self.twins[number])]
            del self.twins[number], self.known[number]


def list_references(parts: list[Any]) -> list[int]:
    """The numbers of twins that encoded parts refer to, alone or with their names."""
    last = [part[1] if type(part) is list else part for part in parts]
    return [part["r"] for part in last if type(part) is dict and "r" in part]


def read_attributes(value: Any) -> list[tuple[str, Any]]:
    """The attributes that an object has of its own."""
    slots = [name for kind in type(value).__mro__ for name in list_slots(kind)]
    slots = [name for name in slots if not name.endswith("__")]
    state = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    return list((state | getattr(value, "__dict__", {})).items())


def list_slots(kind: type) -> list[str]:
    slots = vars(kind).get("__slots__", ())
    return [slots] if isinstance(slots, str) else list(slots)


def write_attributes(value: Any, attributes: dict[str, Any]) -> None:
    """Give an object these attributes and no others."""
    for name, _ in read_attributes(value):
        if name not in attributes:
            object.__delattr__(value, name)
    for name, each in attributes.items():
        object.__setattr__(value, name, each)
