r"""Equations by their zeros, orders by their direction, functions by what they say."""

from pipeline.verifiers.answers.labels import (
    derived,
    is_derivative,
    is_function_label,
    is_label,
    labelled,
)
from pipeline.verifiers.answers.numeric_equality import is_constant_ratio
from pipeline.verifiers.answers.operations import NoValue
from pipeline.verifiers.answers.regions import same_region
from pipeline.verifiers.answers.rules import (
    COLLECTIONS,
    FLIPPED,
    ORDER,
    How,
    all_of,
    is_equation,
    is_relation,
    same_labelled,
)
from pipeline.verifiers.answers.solved import solves
from pipeline.verifiers.answers.tree import Node


def compare_relations(gold: Node, answer: Node, how: How) -> bool | None:
    """Equations by their zeros, orders by their direction, both by regions."""
    if not (is_relation(gold) or is_relation(answer)):
        is_logic = _is_logic(gold) or _is_logic(answer)
        if is_logic and _is_mixed(gold) != _is_mixed(answer):
            return False
        return same_region(gold, answer) if is_logic else None
    if (mine := labelled(gold)) and (yours := labelled(answer)) and len(mine) > 1:
        return same_labelled(mine, yours, how)
    if _are_functions(gold, answer):
        return _two_equations(gold, answer, how)
    if is_relation(gold) and is_relation(answer):
        signs = {*gold.value, *answer.value}
        is_statement = gold.args == answer.args or not (gold.names or answer.names)
        if is_statement and signs <= {*ORDER}:
            return _same_statement(gold, answer, how)
        verdict = _two_relations(gold, answer)
        if verdict is not None:
            return verdict
        if gold.value == answer.value == ("=",):
            return _two_equations(gold, answer, how)
    if _is_mixed(gold) != _is_mixed(answer) or _is_value(gold) or _is_value(answer):
        return False
    if _is_statement(gold) != _is_statement(answer):
        return False  # `1 < 2` is true, and not the set of all numbers
    region = same_region(gold, answer)
    if region is not None:
        return region
    if is_equation(gold) and answer.op in COLLECTIONS:
        return None
    are_orders = [
        bool(set(tree.value) & {*ORDER}) for tree in (gold, answer) if is_relation(tree)
    ]
    return False if any(are_orders) or len(are_orders) == 1 else None


def _same_statement(gold: Node, answer: Node, how: How) -> bool | None:
    """Orders of the same sides or of numbers, which may all be true: by their signs."""
    signs, sides = answer.value, answer.args
    if FLIPPED.get(signs[0]) == gold.value[0]:
        signs, sides = tuple(FLIPPED.get(s, s) for s in reversed(signs)), sides[::-1]
    if signs != gold.value:
        return False
    return all_of(map(how.equal, gold.args, sides))


def _are_functions(gold: Node, answer: Node) -> bool:
    """Whether both say what a function is: `f(2) = 0` is no product."""
    return all(
        tree.op == "relation" and tree.value == ("=",) and tree.args[0].value == "()"
        for tree in (gold, answer)
    )


def _is_mixed(tree: Node) -> bool:
    """Whether a list holds conditions and values: `x > 1 or 3`."""
    return (
        tree.op == "list" and len({member.op == "relation" for member in tree.args}) > 1
    )


def _is_statement(tree: Node) -> bool:
    return is_relation(tree) and not tree.names


def _is_value(tree: Node) -> bool:
    """Whether a tree is one number, which no condition is."""
    return not tree.names and tree.op not in (*COLLECTIONS, "relation", "constant")


def _is_logic(tree: Node) -> bool:
    return tree.op == "list" and any(
        is_relation(member) and set(member.value) & {*ORDER} for member in tree.args
    )


def _two_relations(gold: Node, answer: Node) -> bool | None:
    if len(gold.args) != 2 or len(answer.args) != 2:
        return None
    sign, other = gold.value[0], answer.value[0]
    if sign not in ("=", *ORDER) or other not in ("=", *ORDER):
        return None
    if (sign in ("=", "!=")) != (other in ("=", "!=")):
        return None
    try:
        ratio = is_constant_ratio(_difference(gold), _difference(answer))
    except NoValue:
        return None
    if ratio is None:
        return None
    if sign in ("=", "!=") or ratio > 0:
        return bool(sign == other)
    return bool(sign == FLIPPED[other])


def _difference(relation: Node) -> Node:
    left, right = relation.args
    return Node("add", (left, Node("neg", (right,))))


def _two_equations(gold: Node, answer: Node, how: How) -> bool | None:
    """`y = 2x + 1` and `f(t) = 2t + 1` by what they say; else one solved for a name."""
    left, right = gold.args[0], answer.args[0]
    if is_derivative(left) != is_derivative(right) and is_label(left):
        return False
    if is_derivative(left) and is_derivative(right):
        heads = {derived(left), derived(right)}
        if len(heads) == 2 and heads & (gold.args[1].names | answer.args[1].names):
            return False
        return how.equal(gold.args[1], answer.args[1])
    if is_label(left) and is_label(right):
        if left == right:
            return how.equal(gold.args[1], answer.args[1])
        if left.op == right.op or (
            is_function_label(left) and is_function_label(right)
        ):
            if (
                is_function_label(left) != is_function_label(right)
                and left.op != "indexed"
            ):
                return False
            return _same_function(gold, answer, how)
    for solved, other in ((gold, answer), (answer, gold)):
        if (verdict := solves(solved, other)) is not None:
            return verdict
    return None if _has_no_value(gold) or _has_no_value(answer) else False


def _has_no_value(tree: Node) -> bool:
    return any(
        node.op in ("words", "list", "tuple", "set", "matrix") for node in tree.walk()
    )


def _same_function(gold: Node, answer: Node, how: How) -> bool | None:
    r"""`f(x) = x^2` and `f(y) = y^2`, `a_n = 2n` and `a_k = 2k`, `y = x`."""
    left, right = gold.args[0], answer.args[0]
    old, new = (
        [n.value for arg in tree.args[1:] for n in arg.walk() if n.op == "name"]
        if tree.args
        else None
        for tree in (left, right)
    )
    if left.op == "name" and right.op == "name":
        return False
    if left.op == right.op == "accent" and left.names & gold.args[1].names:
        return False  # `T^* = T` is about T
    if any(node.op == "number" for tree in (left, right) for node in tree.walk()):
        return False
    if left.op == right.op == "indexed" and left.args[0] != right.args[0]:
        return False
    body = answer.args[1]
    if old is not None and new is not None:
        if len(old) != len(new):
            return False
        if any(name in body.names for name in set(old) - set(new)):
            return False
        for index, name in enumerate(new):
            body = body.replace(name, Node("name", (), f"?{index}"))
        for index, name in enumerate(old):
            body = body.replace(f"?{index}", Node("name", (), name))
    return how.equal(gold.args[1], body)
