r"""What stands before an equals sign and only names the value: `x =`, `m + n =`.

An equation says its right side where its left side is a label and the answer it is
compared with has none. Every side that is no label has to be equal to the others:
`4 + 8 = 12` says 12, `4 + 9 = 12` says nothing true.
"""

from itertools import pairwise

from pipeline.verifiers.answers.numeric_equality import approximate, same_value
from pipeline.verifiers.answers.operations import NoValue
from pipeline.verifiers.answers.tree import Node

NAMES = ("name", "indexed", "accent", "prime")
CLOSED = "()", "[]"
FALSE = Node("false")
ASSIGNS = {"=", "in", "approx", "equiv"}


def drop_label(tree: Node, *, of_number: bool) -> Node:
    """What an equation says of its label; the tree itself where it has none.

    `of_number`: a sum of symbols is a label, too, as in `m + n = 9`. FALSE where sides
    differ that should be equal.
    """
    if tree.op != "relation" or set(tree.value) - ASSIGNS:
        return tree
    sides, signs = list(tree.args), list(tree.value)
    if "equiv" in signs:
        return tree
    if is_label(sides[0], of_number=of_number) and sides[0] not in sides[1:]:
        sides, signs = sides[1:], signs[1:]
        while len(sides) > 1 and is_label(sides[0]) and not sides[-1].names:
            sides, signs = sides[1:], signs[1:]
    elif of_number and len(sides) > 2 and not any(s.names for s in sides[1:]):
        sides, signs = sides[1:], signs[1:]  # `x^2 = 3^2 = 9`
    elif len(sides) == 2 and signs == ["="] and is_label(sides[1]):
        return sides[0]
    if "approx" in signs and signs.index("approx") >= 0:
        # an exact value, and what it is about
        if not _are_close(sides[signs.index("approx") :]):
            return FALSE
        sides = sides[: signs.index("approx") + 1]
        signs = signs[: signs.index("approx")]
    if "in" in signs:
        return tree
    if len(sides) == 1:
        return sides[0]
    for left, right in pairwise(sides):
        try:
            if same_value(left, right) is not True:
                return FALSE
        except NoValue:
            if left != right:
                return tree
    return sides[-1]


def _are_close(sides: list[Node]) -> bool:
    """Whether what stands on both sides of `≈` differs by no more than a tenth."""
    values = [approximate(side) for side in sides if not side.names]
    known = [value for value in values if value is not None]
    return all(abs(value - known[0]) <= abs(known[0]) / 10 for value in known)


def is_label(tree: Node, *, of_number: bool = False) -> bool:
    r"""A symbol, `f(x)`, `a_n`, `(x, y)`, `f^{-1}(x)`, `\frac{dy}{dx}`, `|AB|`."""
    if tree.op in NAMES or is_derivative(tree):
        return True
    if tree.op == "mul" and tree.value == "()":
        head = tree.args[0].args[0] if tree.args[0].op == "pow" else tree.args[0]
        return head.op in NAMES
    if tree.op == "tuple" and tree.value in CLOSED:
        return all(member.op in NAMES for member in tree.args)
    if (
        tree.op == "mul"
        and tree.args[0].op == "pow"
        and tree.args[0].args[0].op in NAMES
    ):
        return tree.args[1].op in NAMES and tree.args[0].args[1].op == "neg"
    if tree.op == "mul" and all(
        n.op == "name" and n.value.isupper() for n in tree.args
    ):
        return True  # a segment, AB
    if tree.op == "mul" and tree.args[1].value == "angle":
        return True  # the measure of an angle
    if of_number and tree.op == "add":
        return all(_is_plain_term(term) for term in tree.args)
    return tree.op == "abs" and tree.args[0].op == "mul"


def _is_plain_term(term: Node) -> bool:
    """A symbol with no more than a number before it, in a sum that was asked for."""
    if term.op == "neg":
        term = term.args[0]
    if term.op == "mul" and term.args[0].op == "number":
        term = term.args[1]
    return term.op in NAMES


def is_function_label(tree: Node) -> bool:
    """`f(x)`, or `y`, which stands for it."""
    return (tree.op == "mul" and tree.value == "()") or tree == Node("name", (), "y")


def is_derivative(tree: Node) -> bool:
    r"""`y'`, `f'(x)` or `\frac{dy}{dx}`."""
    if tree.op == "prime":
        return True
    if tree.op == "mul" and tree.value == "()":
        return tree.args[0].op == "prime"
    if tree.op != "div":
        return False
    tops = [n.value for n in tree.args[0].walk() if n.op == "name"]
    bottoms = [n.value for n in tree.args[1].walk() if n.op == "name"]
    return len(tops) == len(bottoms) == 2 and tops[0] == bottoms[0] == "d"


def derived(tree: Node) -> str:
    """The function whose derivative this is: f of `f'(x)`, y of `dy/dx`."""
    names: list[str] = [node.value for node in tree.walk() if node.op == "name"]
    return names[tree.op == "div"]


def labelled(tree: Node) -> dict[str, Node] | None:
    """The members by name, where each is `name = value` and no name comes twice.

    `(x, y) = (1, 2)` has two of them.
    """
    members = tree.args if tree.op in ("list", "set") else (tree,)
    pairs: list[tuple[str, Node]] = []
    for member in members:
        if member.op != "relation" or member.value != ("=",):
            return None
        left, right = member.args
        are_tuples = all(t.op == "tuple" and t.value in CLOSED for t in member.args)
        if are_tuples and len(left.args) == len(right.args):
            pairs += zip(map(repr, left.args), right.args, strict=True)
        elif left.op in NAMES:
            pairs.append((repr(left), right))
        else:
            return None
    values = dict(pairs)
    return values if len(values) == len(pairs) else None
