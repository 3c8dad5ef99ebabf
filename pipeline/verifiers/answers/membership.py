"""Whether a number is in a set, or fulfils a condition."""

from fractions import Fraction

from flint import fmpq

from pipeline.verifiers.answers.evaluate import evaluate
from pipeline.verifiers.answers.numeric_equality import compare_numbers
from pipeline.verifiers.answers.tree import Decimal, Node

CHECKS = {
    "=": lambda order: order == 0,
    "!=": lambda order: order != 0,
    "<": lambda order: order < 0,
    ">": lambda order: order > 0,
    "<=": lambda order: order <= 0,
    ">=": lambda order: order >= 0,
}


class Unclear(Exception):
    """A set whose members cannot be told."""


def holds(tree: Node, point: Node, variable: str) -> bool:
    """Whether the number at `point` is in the set, or fulfils the condition."""
    if tree.op == "relation":
        return _relation_holds(tree, point, variable)
    if tree.op == "list":
        each = (holds(member, point, variable) for member in tree.args)
        return (
            any(each)
            if tree.value == "or"
            else all(each)
            if are_conditions(tree)
            else any(each)
        )
    return _is_member(point, tree, variable)


def are_conditions(tree: Node) -> bool:
    return all(member.op == "relation" for member in tree.args)


def _relation_holds(tree: Node, point: Node, variable: str) -> bool:
    sides = [side.replace(variable, point) for side in tree.args]
    for index, sign in enumerate(tree.value):
        left, right = sides[index], sides[index + 1]
        if sign in ("in", "notin"):
            if _is_member(left, right, variable) == (sign == "notin"):
                return False
        elif sign not in CHECKS:
            raise Unclear(sign)
        else:
            order = _order(left, right)
            if order is None:  # not defined here: the condition does not hold
                return False
            if not CHECKS[sign](order):
                return False
    return True


def _order(left: Node, right: Node) -> int | None:
    """-1, 0 or 1, also beside infinities; None where one side has no value."""
    ranks = [{"-": -1, "": 0, "+": 1}[_infinity(side)] for side in (left, right)]
    if any(ranks):
        return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])
    return compare_numbers(left, right)


def _is_member(point: Node, tree: Node, variable: str) -> bool:
    if tree.op == "tuple" and len(tree.args) == 2:
        return _is_inside(point, tree)
    if tree.op == "set":
        return any(compare_numbers(point, member) == 0 for member in tree.args)
    if tree.op in ("union", "intersection", "minus"):
        left, right = (_is_member(point, arg, variable) for arg in tree.args)
        return {
            "union": left or right,
            "intersection": left and right,
            "minus": left and not right,
        }[tree.op]
    if tree.op == "builder":
        head, condition = tree.args
        if head.op == "relation":  # { x in R : … }
            inside = _relation_holds(head, point, variable)
            return inside and holds(condition, point, variable)
        if head.op == "name":
            return holds(condition, point, variable)
        raise Unclear("a set of expressions")
    if tree.op == "constant":
        return _is_in_constant(point, tree.value)
    return compare_numbers(point, tree) == 0


def _is_inside(point: Node, interval: Node) -> bool:
    low, high = interval.args
    opening, closing = interval.value
    above, below = _order(low, point), _order(point, high)
    if above is None or below is None:
        return False
    is_above = above < 0 or (above == 0 and opening == "[")
    return is_above and (below < 0 or (below == 0 and closing == "]"))


def _infinity(tree: Node) -> str:
    """The sign of an infinity, "" for a number."""
    is_negative = tree.op == "neg"
    if is_negative:
        tree = tree.args[0]
    is_infinity = tree.op == "constant" and tree.value in ("infty", "+infty")
    return ("-" if is_negative else "+") if is_infinity else ""


def _is_in_constant(point: Node, value: str) -> bool:
    if value == "emptyset":
        return False
    kind, sign = value[0], value[1:]
    order = compare_numbers(point, Node("number", (), Decimal(Fraction(0))))
    if order is None or kind not in "RZNQ" or len(value) > 2:
        raise Unclear(value)
    if (
        (sign == "+" and order <= 0)
        or (sign == "-" and order >= 0)
        or (sign == "*" and not order)
    ):
        return False
    if kind == "R":
        return True
    exact, _ = evaluate(point)
    if not isinstance(exact, fmpq):
        raise Unclear("whether a number is rational")
    if kind == "Q":
        return True
    return exact.q == 1 and (kind == "Z" or exact > 0)
