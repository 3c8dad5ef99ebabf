r"""Whether two answers are equal, each kind by its own rule.

True and False are found, never guessed: values by evaluation (`numeric_equality`),
relations by the ratio of the differences of their sides, sets by their members and
ends, everything else part by part. None is for what this reader cannot tell, such as a
set that is given by a condition it does not understand.
"""

from itertools import product

from pipeline.verifiers.answers.collections import (
    compare_members,
    compare_ratios,
    compare_tables,
)
from pipeline.verifiers.answers.families import PARAMETERS, parameter, same_family
from pipeline.verifiers.answers.labels import FALSE, drop_label
from pipeline.verifiers.answers.policy import DEFAULT, Policy
from pipeline.verifiers.answers.relations import compare_relations
from pipeline.verifiers.answers.rules import How, all_of, is_equation
from pipeline.verifiers.answers.tree import Node
from pipeline.verifiers.answers.values import compare_values

MAX_SIGNS = 4
RULES = (compare_relations, compare_tables, compare_members, compare_ratios)
Family = tuple[Node, str]


def equal(gold: Node, answer: Node, policy: Policy = DEFAULT) -> bool | None:
    """Whether `answer` is `gold`, None where this cannot be told.

    Raises TooLarge where it would take too much work.
    """
    gold, answer = _without_exceptions(gold, answer)
    if gold == answer:
        return True
    families = parameter(gold), parameter(answer)
    if any(families):
        return _families(gold, answer, *families)
    if not (is_equation(gold) and is_equation(answer)):
        is_number = not gold.names or not answer.names
        if gold.op == "list" and _is_in_interval(answer):
            return False  # `x \\in (1, 2)` is not 1 and 2
        if not is_equation(gold) and _are_collections(answer):
            return all_of(equal(gold, side, policy) for side in answer.args)
        if not is_equation(gold):
            answer = drop_label(answer, of_number=is_number)
        if not is_equation(answer):
            gold = drop_label(gold, of_number=False)
        if FALSE in (gold, answer):
            return False
    gold, answer = _expand(gold), _expand(answer)
    if gold == answer:
        return True
    how = How(policy, equal)
    for rule in RULES:
        verdict = rule(gold, answer, how)
        if verdict is not None:
            return verdict
    return compare_values(gold, answer, how)


def _without_exceptions(*trees: Node) -> tuple[Node, ...]:
    r"""Expressions without the values that their symbol may not have: `, x \\ne 2`."""
    return tuple(tree.args[0] if _excepts(tree) else tree for tree in trees)


def _excepts(tree: Node) -> bool:
    if tree.op != "list" or tree.value != "," or not tree.args[0].names:
        return False
    return all(m.op == "relation" and m.value == ("!=",) for m in tree.args[1:])


def _is_in_interval(tree: Node) -> bool:
    """Whether a tree says that a value is between two others."""
    is_member = tree.op == "relation" and tree.value == ("in",)
    return is_member and tree.args[1].op == "tuple" and len(tree.args[1].args) == 2


def _are_collections(tree: Node) -> bool:
    return is_equation(tree) and all(side.op in ("set", "list") for side in tree.args)


def _families(
    gold: Node, answer: Node, left: Family | None, right: Family | None
) -> bool | None:
    """Both with their parameter; where only one states it, the same letter is meant."""
    bodies = [
        (drop_label(family[0], of_number=False), family[1])
        if family
        else (drop_label(tree, of_number=False), _free_parameter(tree))
        for family, tree in ((left, gold), (right, answer))
    ]
    if not all(name for _, name in bodies):
        return False
    return same_family(*bodies[0], *bodies[1])


def _free_parameter(tree: Node) -> str:
    return next((name for name in PARAMETERS if name in tree.names), "")


def _expand(tree: Node) -> Node:
    """The members that `±` stands for: signs that have a `∓` change together."""
    if tree.op in ("list", "set"):
        members = [part for member in tree.args for part in _branches(member)]
        return (
            tree
            if len(members) == len(tree.args)
            else tree._replace(args=tuple(members))
        )
    branches = _branches(tree)
    return tree if len(branches) == 1 else Node("list", tuple(branches), "or")


def _branches(tree: Node) -> list[Node]:
    signs = [node.value for node in tree.walk() if node.op == "pm"]
    if not signs or len(signs) > MAX_SIGNS:
        return [tree]
    if len(signs) == 1 or "-+" in signs:
        return [_sign(tree, ["+-"] * len(signs)), _sign(tree, ["-+"] * len(signs))]
    choices = product(("+-", "-+"), repeat=len(signs))
    return [_sign(tree, list(choice)) for choice in choices]


def _sign(tree: Node, plus: list[str]) -> Node:
    """The tree in which every sign is plus where it is written as `plus` says."""
    if tree.op == "pm":
        is_plus = tree.value == plus.pop(0)
        inner = _sign(tree.args[0], plus)
        return inner if is_plus else Node("neg", (inner,))
    return tree._replace(args=tuple(_sign(arg, plus) for arg in tree.args))
