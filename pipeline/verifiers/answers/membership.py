"""Whether a condition holds, or a number is in a set, once all symbols are numbers."""

import operator
from itertools import pairwise

from flint import fmpq

from pipeline.verifiers.answers.evaluate import evaluate
from pipeline.verifiers.answers.numeric_equality import compare_numbers
from pipeline.verifiers.answers.tree import Node, constant, number

CHECKS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.gt,  # the numbers of $\mathbb{R}^+$ are above 0
    "-": operator.lt,
    "*": operator.ne,
}
INFINITIES = [constant("infty"), constant("+infty")]


class Unclear(Exception):
    """A set whose members cannot be told."""


def holds(tree: Node) -> bool:
    """Whether a condition is true, where no symbol is free in it."""
    if tree.op == "relation":
        sides = zip(pairwise(tree.args), tree.value, strict=False)
        return all(_is_related(*pair, sign) for pair, sign in sides)
    is_all = tree.value != "or" and are_conditions(tree)
    return (all if is_all else any)(map(holds, tree.args))


def are_conditions(tree: Node) -> bool:
    return all(member.op == "relation" for member in tree.args)


def _is_related(left: Node, right: Node, sign: str) -> bool:
    if sign in ("in", "notin"):
        return _is_member(left, right) == (sign == "in")
    if sign not in CHECKS:
        raise Unclear(sign)
    order = _order(left, right)
    # What is not defined fulfils nothing.
    return order is not None and bool(CHECKS[sign](order, 0))


def _order(left: Node, right: Node) -> int | None:
    """-1, 0 or 1, also beside infinities; None where one side has no value."""
    ranks = [_rank(side) for side in (left, right)]
    if any(ranks):
        return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])
    return compare_numbers(left, right)


def _rank(tree: Node) -> int:
    """1 and -1 for infinities, 0 for numbers."""
    return -_rank(tree.args[0]) if tree.op == "neg" else int(tree in INFINITIES)


def _is_member(point: Node, tree: Node) -> bool:
    if tree.op == "tuple" and len(tree.args) == 2:
        ends = zip(
            pairwise((tree.args[0], point, tree.args[1])), tree.value, strict=True
        )
        return all(
            _is_related(*pair, "<=" if end in "[]" else "<") for pair, end in ends
        )
    if tree.op in ("set", "list"):
        return any(_is_member(point, member) for member in tree.args)
    if tree.op in ("union", "intersection", "minus"):
        left, right = (_is_member(point, arg) for arg in tree.args)
        if tree.op == "union":
            return left or right
        return left and right is (tree.op == "intersection")
    if tree.op == "builder":
        head, condition = tree.args
        if head.op != "relation" and head != point:
            raise Unclear("a set of expressions")
        return (head == point or holds(head)) and holds(condition)
    if tree.op == "constant" and tree.value not in ("e", "pi"):
        return bool(tree.value != "emptyset") and _is_in_numbers(point, tree.value)
    return compare_numbers(point, tree) == 0


def _is_in_numbers(point: Node, name: str) -> bool:
    r"""Whether a number is in `\mathbb{R}`, `\mathbb{Z}^+` and the like."""
    kind, sign = name[0], name[1:]
    order = compare_numbers(point, number(0))
    if order is None or kind not in "RZNQ" or len(sign) > 1:
        raise Unclear(name)
    if sign and not CHECKS[sign](order, 0):
        return False
    if kind == "R":
        return True
    exact, _ = evaluate(point)
    if not isinstance(exact, fmpq):
        raise Unclear("whether a number is rational")
    return kind == "Q" or bool(exact.q == 1 and (kind == "Z" or exact > 0))
