r"""Values of trees, in exact rationals where they go and in balls where they do not.

A ball (arb, acb of python-flint: Johansson, IEEE Trans. Comput. 66(8), 2017) holds the
true value for certain: balls that do not meet prove that two values differ. Symbols get
rational values from a hash of their name and the number of the point, so that the same
two trees are always compared at the same points.

Work is counted, not timed: a tree that needs more than `BUDGET` steps, or numbers of
more than `MAX_BITS`, raises TooLarge.
"""

from flint import ctx

from pipeline.verifiers.answers.evaluation import Evaluation, Value
from pipeline.verifiers.answers.functions import call_value
from pipeline.verifiers.answers.operations import OPERATIONS
from pipeline.verifiers.answers.tree import Node

RULES = OPERATIONS | {"call": call_value}


def evaluate(tree: Node, point: int = 0, *, is_complex: bool = False) -> Value:
    """The value of a tree: an fmpq, an arb or an acb.

    Raises Undefined, TooLarge, and NoValue for what is no expression.
    """
    return Evaluation(point, RULES, is_complex=is_complex).value(tree)


def weigh(tree: Node, point: int = 0, *, is_complex: bool = False) -> tuple[Value, int]:
    """The value of a tree, and the weight of all values on the way to it."""
    at = Evaluation(point, RULES, is_complex=is_complex)
    return at.value(tree), at.weight


def have_imaginary(*nodes: Node) -> bool:
    """Whether one of the trees has the imaginary unit in it."""
    return any(
        node.op == "constant" and node.value == "i"
        for tree in nodes
        for node in tree.walk()
    )


def set_precision(bits: int) -> None:
    """How many bits balls have from here on."""
    ctx.prec = bits
