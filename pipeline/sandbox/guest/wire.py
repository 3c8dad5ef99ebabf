"""Plain values as JSON, between a program's process and those that judge it.

Imported outside, and part of what runs in the sandbox, so it imports nothing of ours.
JSON and not pickle or `repr`: decoding it runs nothing, takes time that grows with its
length alone, and keeps infinities. What JSON has no word for is an object with one
letter: {"t": [1, 2]} is the tuple (1, 2).
"""

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import partial
from importlib import import_module
from typing import Any

# By name, because programs seldom import pathlib.
PATHS = ("PosixPath", "PurePosixPath")
# Above this, decimal digits take quadratic time.
LONG_BITS = 4000
TYPES = {
    kind.__name__: kind
    for kind in (
        bool, int, float, complex, str, bytes, list, tuple, set, dict, object,
    )
}  # fmt: skip


class NotPlain(ValueError):
    """A value that cannot be encoded."""


def refuse(value: Any) -> Any:
    """Refuse what is not plain; what `encode` does unless told otherwise."""
    raise NotPlain(type(value).__name__)


def encode(value: Any, other: Callable[[Any], Any] = refuse) -> Any:
    """`value` as JSON has it; `other` encodes what is not plain.

    NotPlain where `value`, or a part of it, is not plain and `other` is not given.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        number = int(value)
        return {"i": hex(number)} if number.bit_length() > LONG_BITS else number
    for kind in (float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, list | deque):
        return [encode(item, other) for item in value]
    if isinstance(value, tuple):
        return {"t": [encode(item, other) for item in value]}
    if isinstance(value, set | frozenset):
        return {"s": [encode(item, other) for item in value]}
    if isinstance(value, dict):
        return {"d": [[encode(k, other), encode(v, other)] for k, v in value.items()]}
    if isinstance(value, bytes | bytearray):
        return {"b": value.hex()}
    if isinstance(value, complex):
        return {"c": [value.real, value.imag]}
    if isinstance(value, Fraction):
        return {"q": [encode(value.numerator), encode(value.denominator)]}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if type(value).__name__ in PATHS and type(value).__module__ == "pathlib":
        return {"p": str(value)}
    if isinstance(value, type) and value in TYPES.values():
        return {"y": value.__name__}
    return other(value)


# By letter: how to decode what stands under it, and the parts of that.
DECODERS: dict[str, Callable[[Any, Callable[[Any], Any]], Any]] = {
    "t": lambda items, part: tuple(map(part, items)),
    "s": lambda items, part: set(map(part, items)),
    "d": lambda pairs, part: {part(key): part(value) for key, value in pairs},
    "b": lambda text, _: bytes.fromhex(text),
    "c": lambda parts, _: complex(*parts),
    "i": lambda text, _: int(text, 16),
    "n": lambda text, _: Decimal(text),
    "p": lambda text, _: import_module("pathlib").Path(text),
    "q": lambda numbers, part: Fraction(*map(part, numbers)),
    "y": lambda name, _: TYPES[name],
}


def decode(encoded: Any, other: Callable[[Any], Any] = refuse) -> Any:
    """The value; a ValueError, TypeError or LookupError where it is none.

    `other` decodes what `encode` had its own `other` encode, under the letter "o".
    """
    if isinstance(encoded, list):
        return [decode(item, other) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    ((letter, inner),) = encoded.items()
    if letter == "o":
        return other(inner)
    return DECODERS[letter](inner, partial(decode, other=other))
