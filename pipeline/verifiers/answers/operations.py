"""What operations and functions make of values: exactly, or in balls.

`EXACT` has what is a rational of rationals; a rule gives None where it is none. `BALLS`
has what is computed in balls, real ones (arb) or complex ones (acb). An operation that
has exact values alone, such as `gcd`, has no value beside.
"""

import math
from collections.abc import Callable
from functools import reduce
from operator import add, mul, neg, truediv
from typing import Any

from flint import acb, arb, fmpq, fmpz

MAX_BITS = 120_000
MAX_FACTORIAL, MAX_CHOICE = 3_000, 20_000
Value = Any  # fmpq, arb or acb


class TooLarge(Exception):
    """More work than an answer is worth."""


class Undefined(Exception):
    """The tree has no value here: a division by zero, a logarithm of a negative."""


class NoValue(Exception):
    """The tree is nothing that has a value: a set, a list, a relation."""


def bits(value: fmpq) -> int:
    """How long a rational is."""
    return max(value.p.bit_length(), value.q.bit_length())


def raise_exactly(base: fmpq, exponent: fmpq) -> fmpq | None:
    """The power where the exponent is whole, and the result not too long for one."""
    if exponent.q != 1:
        return None
    if base == 0 and exponent <= 0:
        raise Undefined
    if abs(base) == 1:
        return base if exponent.p % 2 else fmpq(1)
    if base == 0:
        return base
    is_short = bits(base) * abs(int(exponent.p)) <= MAX_BITS
    return base ** int(exponent.p) if is_short else None


def take_root(degree: fmpq, radicand: fmpq) -> fmpq | None:
    """The square root of a square."""
    if degree != 2 or radicand < 0:
        return None
    top, bottom = fmpz(radicand.p).isqrt(), fmpz(radicand.q).isqrt()
    is_square = top * top == radicand.p and bottom * bottom == radicand.q
    return fmpq(top, bottom) if is_square else None


def raise_ball(base: Value, exponent: Value, *, is_real_root: bool) -> Value:
    """A power; `is_real_root`: odd roots of negatives are real.

    The exponent is a rational where it is known to be one.
    """
    is_rational = isinstance(exponent, fmpq)
    if is_rational and exponent.q == 1 and exponent.p.bit_length() < 64:
        return base ** int(exponent.p)
    if isinstance(base, acb) or base > 0:
        return base ** to_ball(exponent, type(base))
    if base >= 0 and exponent > 0:
        return base ** to_ball(exponent, arb)
    if is_rational and is_real_root and exponent.q % 2 == 1 and base < 0:
        size = (-base) ** to_ball(exponent, arb)
        return -size if exponent.p % 2 else size
    raise Undefined


def to_ball(value: Value, kind: type) -> Value:
    """The value as an arb or an acb."""
    if isinstance(value, fmpq):
        value = arb(value.p) / arb(value.q)
    return value if isinstance(value, kind) else kind(value)


def _factorial(value: fmpq) -> fmpq | None:
    is_small = value.q == 1 and 0 <= value <= MAX_FACTORIAL
    return fmpq(fmpz.fac_ui(value.p)) if is_small else None


def _double_factorial(value: fmpq) -> fmpq:
    if value.q != 1 or not -1 <= value <= MAX_FACTORIAL:
        raise Undefined
    return fmpq(math.prod(range(int(value.p), 1, -2), start=fmpz(1)))


def _choose(top: fmpq, bottom: fmpq) -> fmpq | None:
    if not top.q == bottom.q == 1:
        return None
    if not 0 <= top <= MAX_CHOICE:
        raise Undefined if top < 0 else TooLarge
    return fmpq(fmpz.bin_uiui(int(top.p), int(bottom.p)) if bottom >= 0 else 0)


def _whole(combine: Callable[..., int]) -> Callable[..., fmpq]:
    def function(*values: fmpq) -> fmpq:
        if any(value.q != 1 for value in values):
            raise Undefined
        return fmpq(combine(*(int(value.p) for value in values)))

    return function


def _log(value: Value) -> Value:
    if isinstance(value, arb) and not value > 0:
        raise Undefined
    return value.log()


def _inverse(function: str) -> Callable[[Value], Value]:
    """Arcsin and arccos of what is from -1 to 1."""

    def inverse(value: Value) -> Value:
        if isinstance(value, arb) and not (value >= -1 and value <= 1):
            raise Undefined
        return getattr(value, function)()

    return inverse


def _total(*values: Value) -> Value:
    return reduce(add, values)


def _real_part(value: Value) -> Value:
    if isinstance(value, acb):
        raise Undefined
    return value


EXACT: dict[str, Callable[..., fmpq | None]] = {
    "add": _total,
    "mul": mul,
    "div": truediv,
    "neg": neg,
    "pow": raise_exactly,
    "root": take_root,
    "factorial": _factorial,
    "double_factorial": _double_factorial,
    "binom": _choose,
    "abs": abs,
    "floor": lambda x: fmpq(x.floor()),
    "ceil": lambda x: fmpq(x.ceil()),
    "percent": lambda x: x / 100,
    "radians": lambda x: x,
    "remainder": lambda x, y: x - y * fmpq((x / y).floor()),
    "gcd": _whole(math.gcd),
    "lcm": _whole(math.lcm),
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
}
BALLS: dict[str, Callable[..., Value]] = {
    "add": _total,
    "mul": mul,
    "div": truediv,
    "neg": neg,
    "factorial": lambda x: (x + 1).gamma(),
    "binom": lambda n, k: (n + 1).gamma() / ((k + 1).gamma() * (n - k + 1).gamma()),
    "abs": lambda x: type(x)(abs(x)),
    "floor": lambda x: _real_part(x).floor(),
    "ceil": lambda x: _real_part(x).ceil(),
    "percent": lambda x: x / 100,
    "degrees": lambda x: x * arb.pi() / 180,
    "radians": lambda x: x,
    "sin": lambda x: x.sin(),
    "cos": lambda x: x.cos(),
    "tan": lambda x: x.sin() / x.cos(),
    "cot": lambda x: x.cos() / x.sin(),
    "sec": lambda x: 1 / x.cos(),
    "csc": lambda x: 1 / x.sin(),
    "arcsin": _inverse("asin"),
    "arccos": _inverse("acos"),
    "arctan": lambda x: x.atan(),
    "arccot": lambda x: arb.pi() / 2 - x.atan(),
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.sinh() / x.cosh(),
    "coth": lambda x: x.cosh() / x.sinh(),
    "exp": lambda x: x.exp(),
    "ln": _log,
    "log": _log,
    "lg": lambda x: _log(x) / arb(10).log(),
    "log_": lambda base, x: _log(x) / _log(base),
}
