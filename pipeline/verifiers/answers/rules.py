"""What the rules of comparison share: the policy, the way back, and three values."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pipeline.verifiers.answers.policy import Policy
from pipeline.verifiers.answers.tree import Node

COLLECTIONS = ("list", "set", "tuple", "union", "intersection", "minus", "builder")
FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
ORDER = (*FLIPPED, "!=")


class How(NamedTuple):
    """The policy, and the comparison that a rule asks about the parts of an answer."""

    policy: Policy
    compare: Callable[[Node, Node, Policy], bool | None]

    def equal(self, gold: Node, answer: Node) -> bool | None:
        """Whether two parts are equal; None where this cannot be told."""
        return self.compare(gold, answer, self.policy)


def all_of(verdicts: Iterable[bool | None]) -> bool | None:
    unsure = False
    for verdict in verdicts:
        if verdict is False:
            return False
        unsure |= verdict is None
    return None if unsure else True


def is_relation(tree: Node) -> bool:
    return tree.op == "relation"


def is_equation(tree: Node) -> bool:
    return tree.op == "relation" and set(tree.value) <= {"=", "approx", "equiv", "in"}


def same_labelled(
    mine: dict[str, Node], yours: dict[str, Node], how: How
) -> bool | None:
    if mine.keys() != yours.keys():
        return False
    return all_of(how.equal(mine[name], yours[name]) for name in mine)
