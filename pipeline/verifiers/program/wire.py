"""Plain values as JSON, between a program's process and those that judge it.

This file is imported here and pasted into what runs in the sandbox, so it imports
nothing of ours. JSON and not pickle or `repr`: reading it runs nothing, takes time
that grows with its length alone, and keeps infinities. What JSON has no word for
is an object of one letter: {"t": [...]} is a tuple.
"""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

# Above this, decimal digits take quadratic time.
LONG_BITS = 4000
TYPES = (bool, int, float, complex, str, bytes, list, tuple, set, dict, object)


class NotPlain(Exception):
    """A value that cannot be spelled."""


def not_plain(value: Any) -> Any:
    """Refuse what has no spelling; the default of `spell`."""
    raise NotPlain(type(value).__name__)


def spell(value: Any, other: Callable[[Any], Any] = not_plain) -> Any:
    """`value` as JSON has it; `other` spells what is not plain."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        number = int(value)
        return {"i": hex(number)} if number.bit_length() > LONG_BITS else number
    for kind in (float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, list | deque):
        return [spell(item, other) for item in value]
    if isinstance(value, tuple):
        return {"t": [spell(item, other) for item in value]}
    if isinstance(value, set | frozenset):
        return {"s": [spell(item, other) for item in value]}
    if isinstance(value, dict):
        pairs = value.items()
        return {"d": [[spell(key, other), spell(item, other)] for key, item in pairs]}
    if isinstance(value, bytes | bytearray):
        return {"b": value.hex()}
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    if isinstance(value, Fraction):
        return {"q": [spell(value.numerator), spell(value.denominator)]}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, type) and value in TYPES:
        return {"y": value.__name__}
    return other(value)


def read(spelled: Any, other: Callable[[Any], Any] = not_plain) -> Any:
    """The value; a ValueError, TypeError or KeyError where it is none.

    `other` reads what `spell` had `other` spell: a list under the letter "o".
    """
    if isinstance(spelled, list):
        return [read(item, other) for item in spelled]
    if not isinstance(spelled, dict):
        return spelled
    ((kind, inner),) = spelled.items()
    if kind == "o":
        return other(inner)
    if kind == "t":
        return tuple(read(item, other) for item in inner)
    if kind == "s":
        return {read(item, other) for item in inner}
    if kind == "d":
        return {read(key, other): read(item, other) for key, item in inner}
    if kind == "i":
        return int(inner, 16)
    if kind == "b":
        return bytes.fromhex(inner)
    if kind == "c":
        return complex(*inner)
    if kind == "q":
        return Fraction(*(read(part) for part in inner))
    if kind == "n":
        return Decimal(inner)
    if kind == "y":
        return {known.__name__: known for known in TYPES}[inner]
    raise ValueError(kind)
