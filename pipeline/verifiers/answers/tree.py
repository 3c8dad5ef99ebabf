"""The typed tree that an answer is read into.

A node has an operation, its arguments, and a value where the operation needs one:

    number      value: a Fraction; digits: (significant digits, decimals) of a decimal
    name        value: the symbol, with what is written below it
    constant    pi, e, i, infty, emptyset, R, Z, N, Q, C
    neg add mul div pow root(degree, x) pm(plus or minus) factorial percent degrees
    call        value: the function
    abs floor ceil binom  sum prod (variable, from, to, body)  big
    relation    value: the signs between its sides; mod
    list        value: the word between members, `,` `or` `and`
    tuple       value: its brackets, `()`, `[]`, `(]`, `[)`
    set builder(variable or members, condition) union intersection minus
    matrix      rows of entries     cases    (value, condition) pairs
    ratio       parts      words    value: the text
"""

from fractions import Fraction
from typing import Any, NamedTuple


class Node(NamedTuple):
    """An operation and its arguments; equal nodes are equal trees."""

    op: str
    args: tuple["Node", ...] = ()
    value: Any = None

    def walk(self) -> list["Node"]:
        """The node and all below it, in the order of the text, without recursion."""
        nodes, stack = [], [self]
        while stack:
            node = stack.pop()
            nodes.append(node)
            if node.args:
                stack.extend(node.args[::-1])
        return nodes

    def is_deeper_than(self, most: int) -> bool:
        """Whether some leaf is more than `most` nodes below this one."""
        level = [self]
        for _ in range(most):
            level = [arg for node in level for arg in node.args]
            if not level:
                return False
        return True

    def replace(self, name: str, by: "Node") -> "Node":
        """The tree with `by` wherever the symbol `name` stands."""
        if self.op == "name" and self.value == name:
            return by
        if not self.args:
            return self
        return self._replace(args=tuple(arg.replace(name, by) for arg in self.args))

    @property
    def names(self) -> frozenset[str]:
        """The free symbols."""
        nodes = self.walk()
        free = frozenset([node.value for node in nodes if node.op == "name"])
        if not free:
            return free
        return free - {n.args[0].value for n in nodes if n.op in ("sum", "prod")}


class Decimal(NamedTuple):
    """A number: its exact value, and what a decimal shows of itself.

    digits: significant digits; places: decimals; both 0 for whole numbers.
    """

    value: Fraction
    digits: int = 0
    places: int = 0


def number(value: int | Fraction, digits: int = 0, places: int = 0) -> Node:
    """A number as a node."""
    if not isinstance(value, Fraction):
        value = Fraction(value)
    return Node("number", (), Decimal(value, digits, places))


def name(symbol: str) -> Node:
    """A symbol as a node."""
    return Node("name", (), symbol)


def constant(value: str) -> Node:
    """A constant as a node."""
    return Node("constant", (), value)
