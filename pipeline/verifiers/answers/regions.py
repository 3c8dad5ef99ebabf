"""Sets of real numbers and conditions: equal where they hold the same numbers.

Every end that either set has is tried itself, and so is a point between any two
neighbouring ends and beyond the outer ones: two unions of intervals that agree there
are equal. Conditions that are not linear have ends that nobody wrote down; they are
tried on a grid as well. Conditions on several symbols are tried on a grid alone.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise, product

from flint import fmpq

from pipeline.verifiers.answers.evaluate import evaluate, have_imaginary
from pipeline.verifiers.answers.membership import Unclear, are_conditions, holds
from pipeline.verifiers.answers.numeric_equality import compare_numbers, same_value
from pipeline.verifiers.answers.operations import NoValue, Undefined
from pipeline.verifiers.answers.tree import Node, name, number

COMPOUND = (
    "tuple", "relation", "list", "set", "union", "intersection", "minus", "builder",
)  # fmt: skip
GRID = [Fraction(n, 4) for n in range(-41, 42)] + [
    Fraction(sign * n, 3) for n in (50, 101, 1_000, 10_000) for sign in (-1, 1)
]
NEAR = 1, -1, Fraction(1, 10**6), -Fraction(1, 10**6)
MAX_NAMES = 3
MAX_VALUES = 24
TRIED = [Fraction(n, 4) for n in (-14, -8, -4, -2, -1, 0, 1, 2, 4, 6, 10, 16)]
VARIABLE = "\\x"


def same_region(gold: Node, answer: Node) -> bool | None:
    """Whether both hold the same real numbers; None where that cannot be told."""
    trees = _name_indexed(gold), _name_indexed(answer)
    if len(trees[0].names) == len(trees[1].names) == 1 != len(_names(*trees)):
        return False
    names = _names(*trees) or [VARIABLE]
    are_all = [_is_condition(tree) for tree in trees]
    has_symbols = [bool(tree.names) and tree.op == "list" for tree in trees]
    if (len(names) > 1 and not all(are_all)) or (any(has_symbols) and not any(are_all)):
        return None  # members that are symbols: x is among x and y wherever x is
    if len(names) > 1 and gold.op == answer.op == "relation" and _bounds_differ(*trees):
        return False
    if (points := _points(trees, names)) is None:
        return None
    try:
        seen = _agree(trees, names, points)
    except (Unclear, NoValue, Undefined):
        return None
    if seen is None:
        return False
    if len({_names_rationals(tree) for tree in trees}) == 2:
        return None  # every point that was tried is rational
    # Conditions that were never true, or never false, were not tried in earnest.
    needed = {True, False} if all(are_all) else {True} if any(are_all) else set[bool]()
    return True if needed <= seen else None


def _names(gold: Node, answer: Node) -> list[str]:
    return sorted(gold.names | answer.names)


def _agree(
    trees: tuple[Node, Node], names: list[str], points: Iterable[Iterable[Node]]
) -> set[bool] | None:
    """The truths that both have at the points; None where they differ at one."""
    conditions = [
        tree
        if _is_condition(tree)
        else Node("relation", (name(names[0]), tree), ("in",))
        for tree in trees
    ]
    seen = set[bool]()
    for point in points:
        left, right = conditions
        for symbol, value in zip(names, point, strict=True):
            left, right = left.replace(symbol, value), right.replace(symbol, value)
        is_in = holds(left)
        if is_in != holds(right):
            return None
        if is_in or (False not in seen and _has_values(left)):
            seen.add(is_in)
    return seen


def _names_rationals(tree: Node) -> bool:
    return any(n.op == "constant" and str(n.value)[0] == "Q" for n in tree.walk())


def _name_indexed(tree: Node) -> Node:
    """The tree with a symbol for every `x_1`, which is tried as one."""
    if tree.op == "indexed":
        return name(f"\\{tree!r}")
    return tree._replace(args=tuple(map(_name_indexed, tree.args)))


def _has_values(tree: Node) -> bool:
    """Whether each side of an order is defined, so that it is false and not void."""
    if tree.op != "relation" or "in" in tree.value or "notin" in tree.value:
        return True
    return all(compare_numbers(side, side) is not None for side in tree.args)


def _bounds_differ(gold: Node, answer: Node) -> bool:
    """Whether one value has two pairs of bounds: `0 < f < 4` and `0 < f < 5`."""
    if not 3 == len(gold.args) == len(answer.args) or gold.args[1] != answer.args[1]:
        return False
    bounds = zip(gold.args[::2], answer.args[::2], strict=True)
    return any(same_value(*pair) is False for pair in bounds)


def _is_condition(tree: Node) -> bool:
    return tree.op == "relation" or (tree.op == "list" and are_conditions(tree))


def _points(
    trees: tuple[Node, Node], names: list[str]
) -> Iterable[tuple[Node, ...]] | None:
    """Values of the symbols; None where no point would say anything."""
    if len(names) == 1:
        return (
            None
            if have_imaginary(*trees)
            else zip(_values(trees, names[0]), strict=True)
        )
    nodes = [node for tree in trees for node in tree.walk()]
    are_equations = [
        any("=" in (n.value or "") for n in t.walk() if n.op == "relation")
        for t in trees
    ]
    if len(names) > MAX_NAMES or (
        all(are_equations) and any(n.op == "call" for n in nodes)
    ):
        return None  # no point of the grid fulfils such equations but by chance
    written = [node.value.value for node in nodes if node.op == "number"]
    near = [each for n in written for each in (n, -n, n + 1, n - 1)]
    return product(map(number, [*TRIED, *near][:MAX_VALUES]), repeat=len(names))


def _values(trees: tuple[Node, Node], variable: str) -> Iterator[Node]:
    """Ends, points between them, and a grid; as nodes, so that ends are exact."""
    ends = [end for tree in trees for end in _ends(tree, variable)]
    yield from ends
    yield from (Node("neg", (end,)) for end in ends)
    values = sorted({_approximate(end) for end in ends})
    between = {(left + right) / 2 for left, right in pairwise(values)}
    near = {value + step for value in values for step in NEAR}
    yield from map(number, sorted({*GRID, *values, *between, *near}))


def _ends(tree: Node, variable: str) -> Iterator[Node]:
    """The largest parts of a tree that are single real numbers."""
    if variable in tree.names or tree.op in COMPOUND:
        for arg in tree.args:
            yield from _ends(arg, variable)
        return
    try:
        evaluate(tree)
        yield tree
    except (NoValue, Undefined):
        pass


def _approximate(tree: Node) -> Fraction:
    value, _ = evaluate(tree)
    if isinstance(value, fmpq):
        return Fraction(int(value.p), int(value.q))
    return Fraction(float(value.mid())).limit_denominator(10**9)
