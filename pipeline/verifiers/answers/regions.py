"""Sets of real numbers, and conditions on one: equal where they hold the same numbers.

Every end that either set has is tried itself, and so is a point between any two
neighbouring ends and beyond the outer ones: two unions of intervals that agree there
are equal. Conditions that are not linear have ends that nobody wrote down; they are
tried on a grid as well.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product

from flint import fmpq

from pipeline.verifiers.answers.evaluate import evaluate, have_imaginary
from pipeline.verifiers.answers.membership import Unclear, are_conditions, holds
from pipeline.verifiers.answers.numeric_equality import compare_numbers, same_value
from pipeline.verifiers.answers.operations import NoValue, Undefined
from pipeline.verifiers.answers.tree import Decimal, Node

SETS = ("set", "union", "intersection", "minus", "builder")
GRID = [Fraction(n, 4) for n in range(-41, 42)] + [
    Fraction(sign * n, 3) for n in (50, 101, 1_000, 10_000) for sign in (-1, 1)
]
MAX_NAMES = 3
MAX_VALUES = 24
TRIED = [Fraction(n, 4) for n in (-14, -8, -4, -2, -1, 0, 1, 2, 4, 6, 10, 16)]
VARIABLE = "\\x"


def same_region(gold: Node, answer: Node) -> bool | None:
    """Whether both hold the same real numbers; None where that cannot be told."""
    gold, answer = _name_indexed(gold, answer)
    if len(gold.names) == len(answer.names) == 1 and gold.names != answer.names:
        return False
    if len(names := gold.names | answer.names) > 1:
        return _same_condition(gold, answer, sorted(names))
    variable = _variable(gold, answer)
    if variable is None:
        return None
    seen = set()
    try:
        for point in _points(gold, answer, variable):
            is_in = holds(gold, point, variable)
            if is_in != holds(answer, point, variable):
                return False
            seen.add(is_in)
    except (Unclear, NoValue, Undefined):
        return None
    if _names_rationals(gold) != _names_rationals(answer):
        return None  # every point that was tried is rational
    are_conditions = [_is_condition(tree) for tree in (gold, answer)]
    if all(are_conditions) and seen == {True}:  # each may be true for its own reason
        return None
    return True if not any(are_conditions) or True in seen else None


def _names_rationals(tree: Node) -> bool:
    return any(n.op == "constant" and str(n.value)[0] == "Q" for n in tree.walk())


def _name_indexed(gold: Node, answer: Node) -> tuple[Node, Node]:
    """Both trees with a symbol for every `x_1`, which is tried as one."""
    matches = {
        repr(node): f"\\{number}"
        for number, node in enumerate(
            n for tree in (gold, answer) for n in tree.walk() if n.op == "indexed"
        )
    }

    def rename(tree: Node) -> Node:
        if tree.op == "indexed":
            return Node("name", (), matches[repr(tree)])
        return tree._replace(args=tuple(map(rename, tree.args)))

    return (rename(gold), rename(answer)) if matches else (gold, answer)


def _same_condition(gold: Node, answer: Node, names: list[str]) -> bool | None:
    """Whether two conditions on several symbols agree wherever they are tried."""
    trees = gold, answer
    if len(names) > MAX_NAMES or not all(map(_is_condition, trees)):
        return None
    if all(map(_has_equation, trees)) and any(
        n.op == "call" for t in trees for n in t.walk()
    ):
        return None  # no point of the grid fulfils such equations but by chance
    if gold.op == answer.op == "relation" and _bounds_differ(gold, answer):
        return False
    seen = set()
    values = [*TRIED, *_constants(gold), *_constants(answer)][:MAX_VALUES]
    try:
        for point in product(values, repeat=len(names)):
            left, right = gold, answer
            for name, value in zip(names, point, strict=True):
                node = Node("number", (), Decimal(value))
                left, right = left.replace(name, node), right.replace(name, node)
            is_in = holds(left, left, VARIABLE)
            if is_in != holds(right, right, VARIABLE):
                return False
            if is_in or (False not in seen and _has_values(left)):
                seen.add(is_in)
    except (Unclear, NoValue, Undefined):
        return None
    # Conditions that were never true, or never false, were not tried in earnest.
    return True if len(seen) == 2 else None


def _has_equation(tree: Node) -> bool:
    return any(n.op == "relation" and "=" in n.value for n in tree.walk())


def _has_values(tree: Node) -> bool:
    """Whether each side of a relation is defined, so that it is false and not void."""
    sides = tree.args if tree.op == "relation" else ()
    return all(compare_numbers(side, side) is not None for side in sides)


def _bounds_differ(gold: Node, answer: Node) -> bool:
    """Whether one value has two pairs of bounds: `0 < f < 4` and `0 < f < 5`."""
    if not 3 == len(gold.args) == len(answer.args) or gold.args[1] != answer.args[1]:
        return False
    bounds = zip(gold.args[::2], answer.args[::2], strict=True)
    return any(same_value(*pair) is False for pair in bounds)


def _constants(tree: Node) -> list[Fraction]:
    """Values around the numbers that are written in a condition."""
    numbers = [node.value.value for node in tree.walk() if node.op == "number"]
    return [each for n in numbers for each in (n, -n, n + 1, n - 1)]


def _is_condition(tree: Node) -> bool:
    return tree.op == "relation" or (tree.op == "list" and are_conditions(tree))


def _variable(gold: Node, answer: Node) -> str | None:
    """The one symbol that is free in both; any symbol if there is none."""
    names = gold.names | answer.names
    if len(names) > 1 or have_imaginary(gold, answer):
        return None
    return next(iter(names), VARIABLE)


def _points(gold: Node, answer: Node, variable: str) -> Iterator[Node]:
    """Ends, points between them, and a grid; as nodes, so that ends are exact."""
    ends = [end for tree in (gold, answer) for end in _ends(tree, variable)]
    yield from ends
    yield from (Node("neg", (end,)) for end in ends)
    values = sorted({_approximate(end) for end in ends})
    tries = {*GRID, *values}
    for left, right in pairwise(values):
        tries.add((left + right) / 2)
    for value in values:
        tries |= {
            value + 1,
            value - 1,
            value + Fraction(1, 10**6),
            value - Fraction(1, 10**6),
        }
    yield from (Node("number", (), Decimal(value)) for value in sorted(tries))


def _ends(tree: Node, variable: str) -> Iterator[Node]:
    """The largest parts of a tree that are single real numbers."""
    if variable not in tree.names and tree.op not in (
        "tuple",
        "relation",
        "list",
        *SETS,
    ):
        if tree.op != "constant" or tree.value in ("e", "pi"):
            try:
                evaluate(tree)
                yield tree
            except (NoValue, Undefined):
                pass
        return
    for arg in tree.args:
        yield from _ends(arg, variable)


def _approximate(tree: Node) -> Fraction:
    value, _ = evaluate(tree)
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    return Fraction(float(value.mid())).limit_denominator(10**9)
