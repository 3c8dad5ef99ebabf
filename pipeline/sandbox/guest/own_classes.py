"""Classes of the tests, as the program is told of them.

Runs in the sandbox and imports nothing of ours but its neighbours. Objects of such a
class are twins: both sides have their attributes, and the tests' side its class, which
nothing in the program's process can change. Where set-up or prelude have made the same
class on the program's side (LeetCode's nodes), that is its class there; any other has a
class there whose methods stay with the tests.
"""

import enum
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pipeline.sandbox.guest.arrays import decode_scalar, encode_scalar
from pipeline.sandbox.guest.link import encode_error
from pipeline.sandbox.guest.testing import Undecided
from pipeline.sandbox.guest.trust import NotSendable
from pipeline.sandbox.guest.twins import read_attributes, write_attributes
from pipeline.sandbox.guest.wire import make_encoder

# What every class has, or what says nothing about its objects.
PASSIVE = {
    *("__dict__", "__weakref__", "__module__", "__doc__", "__slots__", "__qualname__"),
    *("__annotations__", "__match_args__", "__abstractmethods__", "_abc_impl"),
    *("__parameters__", "__orig_bases__", "__dataclass_params__", "__replace__"),
    *("__isabstractmethod__", "__firstlineno__", "__static_attributes__", "__hash__"),
}
# With these a class decides more about its objects than attributes say.
DECISIVE = {"__new__", "__getattribute__", "__init_subclass__", "__class_getitem__"}
NEUTRAL = {"ABC", "Generic", "Protocol", "object"}
# What every namedtuple and every enumeration has.
GENERATED = {"_make", "_replace", "_asdict", "_generate_next_value_"}
kinds: list[Any] = []
undescribed: list[type] = []
common: set[type] = set()


def is_own(kind: Any) -> bool:
    """Whether the tests have made this class."""
    return isinstance(kind, type) and kind.__module__ == "__main__"


def is_simple(kind: type) -> bool:
    """Whether attributes are all that objects of the class consist of."""
    return all(
        not DECISIVE & vars(each).keys() if is_own(each) else each.__name__ in NEUTRAL
        for each in kind.__mro__
    )


def is_record(kind: type) -> bool:
    """Whether the class is a namedtuple, of the tests."""
    is_tuple = is_own(kind) and kind.__base__ is tuple and hasattr(kind, "_fields")
    return is_tuple and not has_methods(kind)


def is_error(kind: type) -> bool:
    """Whether the class is one of errors, of the tests."""
    return is_own(kind) and issubclass(kind, Exception)


def is_enumeration(kind: type) -> bool:
    """Whether the class is an enumeration, of the tests."""
    return is_own(kind) and issubclass(kind, enum.Enum) and not has_methods(kind)


def has_methods(kind: type) -> bool:
    """Whether the tests have written methods or properties for the class."""
    return any(
        isinstance(value, FunctionType | classmethod | staticmethod | property)
        for name, value in vars(kind).items()
        if not name.startswith("__") and name not in GENERATED
    )


def number_of_kind(kind: type) -> int:
    """The number by which the program knows a class, which is described once."""
    if kind not in kinds:
        kinds.append(kind)
        undescribed.append(kind)
    return kinds.index(kind)


def mark_common(scope: dict[str, Any], taken: set[str]) -> None:
    """Note the classes that prelude and set-up make on either side.

    Those of the names that the tests take from the program are the program's alone.
    """
    for name, value in scope.items():
        if is_own(value) and name not in taken and is_simple(value):
            common.add(value)
            number_of_kind(value)


def describe_own(keep: Callable[[Any], Any]) -> list[Any]:
    """The classes that the program has not heard of, each with its number.

    What can change in a class is left out: it would have to be one on both sides.
    """
    if not undescribed:
        return []
    part = make_encoder(keep, keep_back)
    described = []
    while undescribed:
        kind = undescribed.pop()
        content = [kinds.index(kind), *describe_kind(kind, part)]
        described.append((len(kind.__mro__), content))
    # Bases have fewer of their own, and are made first.
    return [content for _, content in sorted(described, key=lambda each: each[0])]


def keep_back(value: Any) -> Any:
    """Refuse to encode."""
    raise NotSendable(type(value).__name__)


def describe_kind(kind: Any, part: Callable[[Any], Any]) -> list[Any]:
    """How the program can make a class that stands for this one, and out of what."""
    if not is_own(kind):
        specials = [name for name in dir(kind) if name.startswith("__")]
        return ["lent", kind.__name__, kind.__module__, specials]
    if is_enumeration(kind):
        values = [[each.name, part(each.value)] for each in kind]
        bases = [each.__name__ for each in kind.__mro__ if each.__module__ == "enum"]
        return ["enumeration", kind.__name__, bases[0], values]
    if is_record(kind):
        defaults = [vars(kind)["_field_defaults"].get(name) for name in kind._fields]
        optional = len(vars(kind)["_field_defaults"])
        last = defaults[len(defaults) - optional :]
        return ["record", kind.__name__, list(kind._fields), list(map(part, last))]
    parents = [base for base in kind.__bases__ if base.__name__ not in NEUTRAL]
    members, absent = describe_members(kind, part)
    shape = "common" if kind in common else "class"
    if is_error(kind):
        shape, absent = "error", [*absent, *(name for name, *_ in members)]
    return [shape, kind.__name__, list(map(part, parents)), [members, absent]]


def describe_members(
    kind: type, part: Callable[[Any], Any]
) -> tuple[list[Any], list[str]]:
    """What a class defines that the program can have, and the names of the rest."""
    members, absent = [], []
    for name, value in vars(kind).items():
        if name in PASSIVE or name in getattr(kind, "__slots__", ()):
            continue
        try:
            members.append([name, *describe_member(kind, name, value, part)])
        except NotSendable:
            absent.append(name)
    if vars(kind).get("__hash__"):
        members.append(["__hash__", "value", part(vars(kind)["__hash__"])])
    return members, absent


def describe_member(
    kind: type, name: str, value: Any, part: Callable[[Any], Any]
) -> list[Any]:
    if isinstance(value, property):
        parts = [value.fget, value.fset, value.fdel]
        return ["property", list(map(part, parts))]
    if isinstance(value, staticmethod | classmethod):
        return ["static", part(getattr(kind, name))]
    return ["value", keep_back(value) if isinstance(value, type) else part(value)]


def encode_own(value: Any, twins: Any) -> Any:
    """A value of a class of the tests or of numpy, or a class of theirs; or None."""
    kind = value if isinstance(value, type) else type(value)
    is_plain = is_record(kind) or is_enumeration(kind) or is_error(kind)
    if not is_own(kind) or not (is_plain or is_simple(kind)):
        return encode_scalar(value)
    number = number_of_kind(kind)
    if kind is value:
        return {"own": number}
    if is_record(kind):
        return {"nt": [number, *map(twins.encode, value)]}
    if is_enumeration(kind):
        return {"en": [number, value.name]}
    return twins.share(value)


def encode_raised(error: BaseException, twins: Any) -> Any:
    """An error that was raised: its class, what it was raised with, and what it has."""
    encoded = encode_error(error, twins.encode)
    if not is_error(type(error)):
        return encoded
    state = dict(read_attributes(error))
    return [twins.encode(type(error)), encoded[1], twins.encode(state)]


def decode_own(letter: str, inner: Any, twins: Any) -> Any:
    """What the program means by a class of the tests, or a value of one."""
    if letter == "own":
        return kinds[inner]
    if letter == "ng":
        return decode_scalar(inner)
    number, *content = inner
    if letter == "en":
        return kinds[number][content[0]]
    return kinds[number]._make(map(twins.decode, content))


def take_attributes(value: Any, attributes: dict[str, Any]) -> None:
    """Give an object of the tests what the program says that its attributes are.

    A method or a property of the class is not the program's to replace.
    """
    before = dict(read_attributes(value))
    for name, given in attributes.items():
        if name in before and before[name] is given:
            continue
        defined = getattr(type(value), name, None)
        if callable(defined) or isinstance(defined, property) or name[:2] == "__":
            raise Undecided(f"the program replaces {name} of an object of its tests")
    write_attributes(value, attributes)
