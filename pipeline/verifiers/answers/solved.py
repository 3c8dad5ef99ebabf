r"""Equations of which one is solved for a symbol: `P = \frac{nRT}{V}` and `PV = nRT`.

They say the same if putting the value into the other makes it true everywhere, and the
other has no second solution. The latter is shown for equations whose difference of
sides is a quotient of linear terms in that symbol: such functions, and only they, keep
the cross-ratio of any four arguments (Moebius).
"""

from fractions import Fraction

from pipeline.verifiers.answers.numeric_equality import same_value
from pipeline.verifiers.answers.operations import NoValue
from pipeline.verifiers.answers.tree import Node, number

ARGUMENTS = (3, 5, 11, 17)


def solves(solved: Node, other: Node) -> bool | None:
    """True where both say the same, False where the value does not fulfil `other`.

    None where `solved` is not solved for a symbol, or `other` may have more solutions.
    """
    if not other.names <= solved.names or len(solved.args) != 2 or len(other.args) != 2:
        return None
    left, value = solved.args
    if left.op != "name" or left.value in value.names or left.value not in other.names:
        return None
    difference = Node("add", (other.args[0], Node("neg", (other.args[1],))))
    zero = number(0)
    try:
        if not same_value(difference.replace(left.value, value), zero):
            return False
        return True if _keeps_cross_ratio(difference, left.value) else None
    except NoValue:
        return None


def _keeps_cross_ratio(function: Node, name: str) -> bool:
    values = [function.replace(name, number(x)) for x in ARGUMENTS]
    a, b, c, d = ARGUMENTS
    ratio = Fraction((a - c) * (b - d), (a - d) * (b - c))
    return bool(same_value(_cross_ratio(values), number(ratio)))


def _cross_ratio(values: list[Node]) -> Node:
    a, b, c, d = values
    top = Node("mul", (_minus(a, c), _minus(b, d)))
    bottom = Node("mul", (_minus(a, d), _minus(b, c)))
    return Node("div", (top, bottom))


def _minus(left: Node, right: Node) -> Node:
    return Node("add", (left, Node("neg", (right,))))
