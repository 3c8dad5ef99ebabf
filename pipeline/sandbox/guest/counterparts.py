"""Classes of the program's side that stand for classes of its tests.

Runs in the sandbox and imports nothing of ours but its neighbours. Objects of such a
class have the attributes that they have in the tests' process. Its methods are calls of
the tests' own, except where prelude or set-up have made the class here as well: then
what is here is what the program means by its name.
"""

import builtins
import collections
import enum
import sys
from collections.abc import Callable
from typing import Any

from pipeline.sandbox.guest.arrays import decode_scalar, encode_scalar
from pipeline.sandbox.guest.lending import LENT_SPECIALS, Borrowed

kinds: dict[int, Any] = {}
kind_numbers: dict[int, int] = {}


class StandIn(type):
    """The class of classes that stand for one of the tests'."""

    absent: tuple[str, ...] = ()

    def __getattr__(cls, name: str) -> Any:
        if name in cls.absent:
            Borrowed.ask("lack", None, name)
        raise AttributeError(name)


def build_kinds(described: list[Any], scope: Any, decode: Callable[[Any], Any]) -> None:
    """Have a class for each that the tests have described."""
    for number, shape, *description in described:
        kind = BUILDERS[shape](scope, decode, *description)
        kinds[number] = kind
        kind_numbers.setdefault(id(kind), number)


def find_common(scope: Any, decode: Any, name: str, *description: Any) -> Any:
    """The class that the program has under a name; one that stands for it if none."""
    found = scope.get(name, vars(builtins).get(name))
    is_class = isinstance(found, type) and id(found) not in kind_numbers
    return found if is_class else build_stand_in(scope, decode, name, *description)


def build_stand_in(
    _: Any, decode: Any, name: str, bases: list[Any], content: list[Any]
) -> Any:
    """A class whose methods stay with the tests."""
    members, absent = content
    space = read_members(members, decode)
    space.setdefault("__getattr__", look_up_absent)
    space["absent"] = tuple(absent)
    return StandIn(name, tuple(map(decode, bases)), space)


def look_up_absent(self: Any, name: str) -> Any:
    """Refuse an attribute; undecided where the tests' class has it."""
    return StandIn.__getattr__(type(self), name)  # type: ignore[arg-type]


def read_members(members: list[Any], decode: Any) -> dict[str, Any]:
    """What a class has by name, out of how it was described."""
    space: dict[str, Any] = {}
    for name, how, encoded in members:
        if name == "__next__":  # whose end is no error
            space[name] = LENT_SPECIALS[name]
        elif how == "property":
            space[name] = property(*map(decode, encoded))
        else:
            value = decode(encoded)
            space[name] = staticmethod(value) if how == "static" else value
    return space


def build_error(_: Any, decode: Any, name: str, bases: list[Any], content: Any) -> Any:
    """A class of errors, whose own ways stay with the tests and are not to be had."""
    _, absent = content
    space = {"absent": tuple(absent), "__getattr__": look_up_absent}
    if "__init__" in absent:
        space["__init__"] = lambda self, *_, **__: Borrowed.ask(
            "lack", None, "__init__"
        )
    return StandIn(name, tuple(map(decode, bases)), space)


def build_record(
    _: Any, decode: Any, name: str, fields: list[str], defaults: list[Any]
) -> Any:
    last = list(map(decode, defaults))
    return collections.namedtuple(name, fields, defaults=last)


def build_enumeration(
    _: Any, decode: Any, name: str, base: str, members: list[Any]
) -> Any:
    values = [(each, decode(value)) for each, value in members]
    return getattr(enum, base)(name, values)


def encode_counterpart(value: Any, twins: Any) -> Any:
    """A value of a class of the tests or of numpy, or a class of theirs; or None."""
    if isinstance(value, type) and id(value) in kind_numbers:
        return {"own": kind_numbers[id(value)]}
    if (number := kind_numbers.get(id(type(value)))) is None:
        return encode_scalar(value)
    if isinstance(value, tuple):
        return {"nt": [number, *map(twins.encode, value)]}
    if isinstance(value, enum.Enum):
        return {"en": [number, value.name]}
    if isinstance(value, BaseException):
        return {"x": [{"own": number}, twins.encode(value.args)]}
    return twins.share(value)


def decode_counterpart(letter: str, inner: Any, twins: Any) -> Any:
    """A value of a class that stands for one of the tests', or such a class."""
    if letter == "own":
        return kinds[inner]
    if letter == "ng":
        return decode_scalar(inner)
    number, content, *rest = inner
    if letter == "lent":
        return kinds[content](number)
    if letter == "en":
        return kinds[number][content]
    return kinds[number]._make(map(twins.decode, [content, *rest]))


def build_lent(_: Any, decode: Any, name: str, module: str, specials: list[str]) -> Any:
    """A class for what stays with the tests, of a class of the library."""
    lent = LENT_SPECIALS.keys() & set(specials) - {"__iter__"}
    space: dict[str, Any] = {each: LENT_SPECIALS[each] for each in sorted(lent)}
    space["__setattr__"] = lambda self, name, given: Borrowed.ask(
        "set", self, name, given
    )
    if "__next__" in space:
        space["__iter__"] = lambda self: self
    known = getattr(sys.modules.get(module), name, None)
    if isinstance(known, type):
        space["__class__"] = property(lambda self: known)
    return type(name, (Borrowed,), space)


BUILDERS: dict[str, Callable[..., Any]] = {
    "common": find_common,
    "class": build_stand_in,
    "error": build_error,
    "record": build_record,
    "enumeration": build_enumeration,
    "lent": build_lent,
}
