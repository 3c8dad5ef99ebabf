"""One evaluation of a tree at a point: its symbols, its kind of numbers, its budget."""

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from flint import acb, arb, ctx, fmpq

from pipeline.verifiers.answers.tree import Node

BUDGET = 20_000
MAX_BITS = 120_000
MAX_TERMS = 500
Value = Any  # fmpq, arb or acb
Rules = dict[str, Callable[["Evaluation", Node], Value]]


class TooLarge(Exception):
    """More work than an answer is worth."""


class Undefined(Exception):
    """The tree has no value here: a division by zero, a logarithm of a negative."""


class NoValue(Exception):
    """The tree is nothing that has a value: a set, a list, a relation."""


class Evaluation:
    """Values at one point; `is_complex` allows roots and logarithms of negatives.

    `weight` adds up the bits of all values on the way, of balls those before or behind
    the point: how long the tree would be without powers and exponentials.
    """

    def __init__(self, point: int, rules: Rules, *, is_complex: bool = False) -> None:
        self.point, self.is_complex, self.rules = point, is_complex, rules
        self.steps = 0
        self.weight = 0
        self.bound: dict[str, fmpq] = {}

    def value(self, node: Node) -> Value:
        """An fmpq, an arb or an acb; raises Undefined, TooLarge, NoValue."""
        self.steps += 1
        if self.steps > BUDGET:
            raise TooLarge
        rule = self.rules.get(node.op)
        if rule is None:
            raise NoValue(node.op)
        result = rule(self, node)
        if isinstance(result, fmpq):
            bits = max(result.p.bit_length(), result.q.bit_length())
            if bits > MAX_BITS:
                raise TooLarge
            self.weight += bits
        elif not result.is_finite():
            raise Undefined
        else:
            self.weight += _magnitude(result)
        return result

    def ball(self, value: Value) -> Value:
        """The value as a ball of this evaluation's kind."""
        kind = acb if self.is_complex else arb
        if isinstance(value, fmpq):
            value = arb(value.p) / arb(value.q)
        return value if isinstance(value, kind) else kind(value)

    def balls(self, node: Node) -> list[Value]:
        return [self.ball(self.value(arg)) for arg in node.args]


def _magnitude(ball: Value) -> int:
    """The size of the binary exponent of a ball.

    A ball around 0 has none, unless it is smaller than digits explain: `2^{-2^{3000}}`.
    """
    real = abs(ball) if isinstance(ball, acb) else ball
    mantissa, exponent = real.mid().man_exp()
    if mantissa:
        return abs(int(exponent) + int(mantissa).bit_length())
    mantissa, exponent = real.rad().man_exp()
    size = abs(int(exponent) + int(mantissa).bit_length())
    return size if mantissa and size > 2 * ctx.prec else 0


@lru_cache(4096)
def symbol_value(name: str, point: int) -> fmpq:
    """The rational value of a symbol at a point.

    The first 4 points are from 0 to 1, the next 4 from 1 to 10, others of either size
    and sign; from point 100 on they are small whole numbers, for symbols that count.
    """
    seed = int.from_bytes(blake2b(f"{name}/{point}".encode(), digest_size=8).digest())
    if point >= 100:
        return fmpq(2 + seed % 7)
    small = fmpq(7 + seed % 83, 97 + (seed >> 20) % 89)  # from 0 to 1
    large = fmpq(101 + seed % 487, 61 + (seed >> 20) % 37)  # from 1 to 10
    value = small if point < 4 or (point > 7 and (seed >> 41) % 2) else large
    is_negative = point >= 8 and (seed >> 40) % 2
    return -value if is_negative else value
