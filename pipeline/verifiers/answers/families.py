r"""Answers with a free whole number: `\frac{\pi}{4} + 2\pi k, k \in \mathbb{Z}`.

Two families are equal if each holds the members of the other. That is tried for the
members at small numbers: those of one from -3 to 3 have to be among those of the other
from -30 to 30, and the other way round.
"""

from collections.abc import Iterable

from pipeline.verifiers.answers.numeric_equality import same_value
from pipeline.verifiers.answers.operations import NoValue
from pipeline.verifiers.answers.tree import Node, number

PARAMETERS = ("k", "n", "m", "l", "j", "t")
TRIED, SEARCHED = range(-3, 4), range(-30, 31)


def parameter(tree: Node) -> tuple[Node, str] | None:
    r"""The members and parameter of `members, k \in \mathbb{Z}`; None for others."""
    if tree.op != "list" or len(tree.args) < 2:
        return None
    last = tree.args[-1]
    is_stated = (
        last.op == "relation"
        and last.value == ("in",)
        and last.args[0].op == "name"
        and last.args[1].op == "constant"
        and last.args[1].value[0] in "ZN"
    )
    if not is_stated:
        return None
    members = tree.args[:-1]
    body = members[0] if len(members) == 1 else Node("list", members, "or")
    return body, last.args[0].value


def same_family(gold: Node, name: str, answer: Node, other: str) -> bool | None:
    """Whether two families hold the same numbers; None where a member has no value."""
    try:
        return _holds_all(gold, name, answer, other) and _holds_all(
            answer, other, gold, name
        )
    except NoValue:
        return None


def _holds_all(members: Node, name: str, family: Node, other: str) -> bool:
    pool = list(_members(family, other, SEARCHED))
    return all(
        any(same_value(member, candidate) for candidate in pool)
        for member in _members(members, name, TRIED)
    )


def _members(tree: Node, name: str, numbers: Iterable[int]) -> Iterable[Node]:
    bodies = tree.args if tree.op == "list" else (tree,)
    for body in bodies:
        for value in numbers:
            yield body.replace(name, number(value))
