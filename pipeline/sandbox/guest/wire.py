"""Plain values as JSON, between a program's process and those that judge it.

Imported outside, and part of what runs in the sandbox, so it imports nothing of ours.
JSON and not pickle or `repr`: decoding it runs nothing, takes time that grows with its
length alone, and keeps infinities. What JSON has no word for is an object with one
letter: {"t": [1, 2]} is the tuple (1, 2).

A value keeps its kind, exactly: what is of a class of its own, if only derived from a
plain one, is left to `other`. What is read may be hostile: sets and dicts whose members
share a hash would take quadratic time, and fractions and decimals of many digits more,
so none is built.
"""

import sys
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from types import SimpleNamespace
from typing import Any

# Above this, decimal digits take quadratic time.
LONG_BITS = 4000
LONGEST_NUMBER = 20_000  # of digits, in a fraction or a decimal
# Equal values aside, so many members of a set may share a hash.
MOST_COLLISIONS = 32
TYPES = {
    kind.__name__: kind
    for kind in (
        bool, int, float, complex, str, bytes, list, tuple, set, dict, object,
        frozenset, bytearray, type(None), deque, defaultdict, Counter, OrderedDict,
    )
}  # fmt: skip
# A value without what its class adds, by the class that it is derived from.
PLAIN: dict[type, Callable[[Any], Any]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    complex: complex.__complex__,
    **{kind: kind for kind in (bytes, tuple, frozenset)},
}
CONSTANTS = {"NotImplemented": NotImplemented, "Ellipsis": ...}
# Values of the library, by the name of their class: what builds an equal one.
VALUES: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "builtins.range": lambda r: (r.start, r.stop, r.step),
    "builtins.slice": lambda s: (s.start, s.stop, s.step),
    "datetime.date": lambda d: (d.year, d.month, d.day),
    "datetime.datetime": lambda d: (
        *(d.year, d.month, d.day, d.hour, d.minute, d.second, d.microsecond),
        d.tzinfo,
    ),
    "datetime.time": lambda t: (
        *(t.hour, t.minute, t.second, t.microsecond),
        t.tzinfo,
    ),
    "datetime.timedelta": lambda d: (d.days, d.seconds, d.microseconds),
    "datetime.timezone": lambda z: (z.utcoffset(None),),
    "pathlib.PosixPath": lambda path: (str(path),),
    "pathlib.PurePosixPath": lambda path: (str(path),),
    "uuid.UUID": lambda number: (str(number),),
}
# Where a class is kept since Python 3.13, and where it was before.
VALUES["pathlib._local.PosixPath"] = VALUES["pathlib.PosixPath"]
VALUES["pathlib._local.PurePosixPath"] = VALUES["pathlib.PurePosixPath"]


Part = Callable[[Any], Any]


class NotPlain(ValueError):
    """A value that cannot be encoded, or that is none."""


def refuse(value: Any) -> Any:
    """Refuse what is not plain; what `encode` does unless told otherwise."""
    raise NotPlain(type(value).__name__)


def fill_dict(target: Any, pairs: list[Any]) -> None:
    bound_collisions(key for key, _ in pairs)
    target.clear()
    # A Counter's `update` would add.
    for key, value in pairs:
        target[key] = value


def fill_set(target: Any, items: list[Any]) -> None:
    bound_collisions(items)
    target.clear()
    target.update(items)


def fill_list(target: Any, items: list[Any]) -> None:
    target.clear()
    target.extend(items)


# What can change, by the letter in JSON: its class, the parts that it consists of, what
# else builds it, and how it gets other parts.
Mutable = tuple[
    type,
    Callable[[Any], list[Any]],
    Callable[[Any], list[Any]],
    Callable[[Any, Any], None],
]
PAIRS: Callable[[Any], list[Any]] = lambda items: list(items.items())  # noqa: E731
NOTHING: Callable[[Any], list[Any]] = lambda _: []  # noqa: E731
MUTABLES: dict[str, Mutable] = {
    "l": (list, list, NOTHING, fill_list),
    "d": (dict, PAIRS, NOTHING, fill_dict),
    "s": (set, list, NOTHING, fill_set),
    "ba": (bytearray, list, NOTHING, fill_list),
    "dq": (deque, list, lambda queue: [[], queue.maxlen], fill_list),
    "dd": (defaultdict, PAIRS, lambda items: [items.default_factory], fill_dict),
    "od": (OrderedDict, PAIRS, NOTHING, fill_dict),
    "ct": (Counter, PAIRS, NOTHING, fill_dict),
    "ns": (
        SimpleNamespace,
        lambda space: PAIRS(vars(space)),
        NOTHING,
        lambda space, pairs: fill_dict(vars(space), pairs),
    ),
}
LETTERS = {row[0]: letter for letter, row in MUTABLES.items()}


def encode(value: Any) -> Any:
    """`value` as JSON has it. NotPlain where it, or a part of it, is not plain."""
    return ENCODE(value)


def make_encoder(other: Part = refuse, share: Part | None = None) -> Part:
    """What encodes values; `other` encodes what is not plain.

    With `share`, that encodes what can change.
    """

    def part(value: Any) -> Any:
        kind = type(value)
        if kind in AS_THEY_ARE:
            return value
        if kind is int:
            return {"i": hex(value)} if value.bit_length() > LONG_BITS else value
        if kind in LETTERS:
            return share(value) if share else encode_mutable(value, part)
        if kind in ENCODERS:
            return ENCODERS[kind](value, part)
        return encode_rare(value, part, other)

    return part


AS_THEY_ARE = {type(None), bool, float, str}
ENCODERS: dict[type, Callable[[Any, Part], Any]] = {
    tuple: lambda items, part: {"t": list(map(part, items))},
    frozenset: lambda items, part: {"z": list(map(part, items))},
    bytes: lambda data, _: {"b": data.hex()},
    complex: lambda number, _: {"c": [number.real, number.imag]},
    Fraction: lambda q, part: {"q": [part(q.numerator), part(q.denominator)]},
    Decimal: lambda number, _: {"n": str(number)},
}
ENCODE = make_encoder()


def encode_rare(value: Any, part: Part, other: Part) -> Any:
    """Types, constants and values of the library."""
    kind = type(value)
    if kind is type and value in TYPES.values():
        return {"y": value.__name__}
    if value is NotImplemented or value is ...:
        return {"k": "Ellipsis" if value is ... else "NotImplemented"}
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name in VALUES and kind is find_class(name):
        return {"v": [name, *map(part, VALUES[name](value))]}
    return other(value)


def encode_mutable(value: Any, part: Part) -> Any:
    """A value that can change, as it is now."""
    if type(value) is list:
        return list(map(part, value))
    letter = LETTERS[type(value)]
    return {letter: [*map(part, extra_of(value)), list(map(part, parts_of(value)))]}


def parts_of(value: Any) -> list[Any]:
    """What a value that can change consists of, now."""
    return MUTABLES[LETTERS[type(value)]][1](value)


def extra_of(value: Any) -> list[Any]:
    """What else builds it."""
    return MUTABLES[LETTERS[type(value)]][2](value)


def find_class(name: str) -> Any:
    """A class of the library; None where its module has lost it."""
    module, _, kind = name.rpartition(".")
    return getattr(import_module(module), kind, None)


def bound_collisions(items: Iterable[Any]) -> None:
    """NotPlain where so many share a hash that building a set takes long."""
    hashes = sorted(map(hash, items))
    steps = MOST_COLLISIONS
    for first, last in zip(hashes, hashes[steps:], strict=False):
        if first == last:
            raise NotPlain("values that share a hash")


def decode_decimal(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise NotPlain("a decimal of many digits")
    return Decimal(text)


def decode_fraction(numbers: list[Any]) -> Fraction:
    top, bottom = map(decode, numbers)
    if max(top.bit_length(), bottom.bit_length()) > LONGEST_NUMBER * 3:
        raise NotPlain("a fraction of many digits")
    return Fraction(top, bottom)


def decode_value(inner: list[Any], part: Part) -> Any:
    name, *arguments = inner
    if name not in VALUES:
        raise NotPlain(name)
    return find_class(name)(*map(part, arguments))


def decode_frozen(items: list[Any], part: Part) -> frozenset[Any]:
    members = list(map(part, items))
    bound_collisions(members)
    return frozenset(members)


# By letter: how to decode what stands under it, and the parts of that.
DECODERS: dict[str, Callable[[Any, Part], Any]] = {
    "t": lambda items, part: tuple(map(part, items)),
    "z": decode_frozen,
    "b": lambda text, _: bytes.fromhex(text),
    "c": lambda parts, _: complex(*parts),
    "i": lambda text, _: int(text, 16),
    "n": lambda text, _: decode_decimal(text),
    "q": lambda numbers, _: decode_fraction(numbers),
    "y": lambda name, _: TYPES[name],
    "k": lambda name, _: CONSTANTS[name],
    "v": decode_value,
}


def decode(encoded: Any) -> Any:
    """The value; a ValueError, TypeError or LookupError where it is none."""
    return DECODE(encoded)


def refuse_letter(letter: str, _: Any) -> Any:
    raise NotPlain(letter)


def make_decoder(other: Callable[[str, Any], Any] = refuse_letter) -> Part:
    """What decodes values; `other` decodes what is under a letter unknown here."""

    def part(encoded: Any) -> Any:
        if type(encoded) is list:
            return list(map(part, encoded))
        if type(encoded) is not dict:
            return encoded
        ((letter, inner),) = encoded.items()
        if letter in DECODERS:
            return DECODERS[letter](inner, part)
        if letter not in MUTABLES:
            return other(letter, inner)
        *extra, parts = inner
        value = build_mutable(letter, list(map(part, extra)))
        fill_mutable(value, list(map(part, parts)))
        return value

    return part


DECODE = make_decoder()


def build_mutable(letter: str, extra: list[Any]) -> Any:
    """An empty value of the kind of `letter`."""
    return MUTABLES[letter][0](*extra)


def fill_mutable(value: Any, parts: list[Any]) -> None:
    """Have a value that can change consist of `parts`."""
    MUTABLES[LETTERS[type(value)]][3](value, parts)


# How often a value is referred to that one dict alone holds.
ALONE = (lambda held: sys.getrefcount(held[0]))({0: []})
