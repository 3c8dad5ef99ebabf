"""Values of named functions: elementary ones in balls, gcd and its kin on integers."""

from collections.abc import Callable
from math import gcd as int_gcd

from flint import arb, fmpq

from pipeline.verifiers.answers.evaluation import (
    Evaluation,
    NoValue,
    Undefined,
    Value,
)
from pipeline.verifiers.answers.operations import unknown_value
from pipeline.verifiers.answers.tree import Node


def call_value(at: Evaluation, node: Node) -> Value:
    if node.value in WHOLE:
        values = [at.value(arg) for arg in node.args]
        if any(not isinstance(value, fmpq) for value in values):
            raise Undefined
        return WHOLE[node.value](values)
    if node.value not in CALLS:
        return unknown_value(at, node)
    count, function = CALLS[node.value]
    if len(node.args) != count:
        raise NoValue(f"{node.value} of {len(node.args)}")
    return function(at, *at.balls(node))


def _log(at: Evaluation, value: Value) -> Value:
    if not at.is_complex and not value > 0:
        raise Undefined
    return value.log()


def _log_base(at: Evaluation, base: Value, value: Value) -> Value:
    return _log(at, value) / _log(at, base)


def _inside(at: Evaluation, value: Value, function: str) -> Value:
    """Arcsin and arccos of what is from -1 to 1."""
    if not at.is_complex and not (value >= -1 and value <= 1):
        raise Undefined
    return getattr(value, function)()


def _whole(combine: Callable[[int, int], int]) -> Callable[[list[fmpq]], fmpq]:
    def function(values: list[fmpq]) -> fmpq:
        if any(value.q != 1 for value in values):
            raise Undefined
        result = int(values[0].p)
        for value in values[1:]:
            result = combine(result, int(value.p))
        return fmpq(result)

    return function


def _lcm(left: int, right: int) -> int:
    return abs(left * right) // (int_gcd(left, right) or 1)


WHOLE: dict[str, Callable[[list[fmpq]], fmpq]] = {
    "gcd": _whole(int_gcd),
    "lcm": _whole(_lcm),
    "min": min,
    "max": max,
}
Function = Callable[..., Value]
CALLS: dict[str, tuple[int, Function]] = {
    "sin": (1, lambda at, x: x.sin()),
    "cos": (1, lambda at, x: x.cos()),
    "tan": (1, lambda at, x: x.sin() / x.cos()),
    "cot": (1, lambda at, x: x.cos() / x.sin()),
    "sec": (1, lambda at, x: 1 / x.cos()),
    "csc": (1, lambda at, x: 1 / x.sin()),
    "arcsin": (1, lambda at, x: _inside(at, x, "asin")),
    "arccos": (1, lambda at, x: _inside(at, x, "acos")),
    "arctan": (1, lambda at, x: x.atan()),
    "arccot": (1, lambda at, x: at.ball(arb.pi()) / 2 - x.atan()),
    "sinh": (1, lambda at, x: x.sinh()),
    "cosh": (1, lambda at, x: x.cosh()),
    "tanh": (1, lambda at, x: x.sinh() / x.cosh()),
    "coth": (1, lambda at, x: x.cosh() / x.sinh()),
    "exp": (1, lambda at, x: x.exp()),
    "ln": (1, _log),
    "log": (1, _log),
    "lg": (1, lambda at, x: _log(at, x) / _log(at, at.ball(fmpq(10)))),
    "log_": (2, _log_base),
}
