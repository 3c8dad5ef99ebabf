r"""Equations by their zeros, orders by their direction, functions by what they say."""

from pipeline.verifiers.answers.labels import (
    derived,
    is_derivative,
    is_function_label,
    is_label,
    labelled,
)
from pipeline.verifiers.answers.numeric_equality import is_constant_ratio, same_value
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
from pipeline.verifiers.answers.tree import Node, name

DIRECTED = "vec", "overrightarrow"


def compare_relations(gold: Node, answer: Node, how: How) -> bool | None:
    """Equations by their zeros, orders by their direction, both by regions."""
    gold, answer = _ascending(gold), _ascending(answer)
    if not (is_relation(gold) or is_relation(answer)):
        is_logic = _is_logic(gold) or _is_logic(answer)
        if is_logic and _is_mixed(gold) != _is_mixed(answer):
            return False
        return same_region(gold, answer) if is_logic else None
    if (mine := labelled(gold)) and (yours := labelled(answer)) and len(mine) > 1:
        return same_labelled(mine, yours, how)
    if _is_congruence(gold) and _is_congruence(answer):
        return _same_residue(gold, answer, how)
    if gold.value == answer.value == ("in",) and gold.args[0].op == "tuple":
        return all_of(map(how.equal, gold.args, answer.args))
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
    if region and _is_unstrict(gold) and _is_unstrict(answer):
        region = same_region(*map(_strict, (gold, answer))) is not False
    if region is not None:
        return region
    if is_equation(gold) and answer.op in COLLECTIONS:
        return None
    are_orders = [
        bool(set(tree.value) & {*ORDER}) for tree in (gold, answer) if is_relation(tree)
    ]
    return False if any(are_orders) or len(are_orders) == 1 else None


def _ascending(tree: Node) -> Node:
    """`a > b > c` as `c < b < a`."""
    if not (is_relation(tree) and set(tree.value) <= {">", ">="}):
        return tree
    return Node(
        "relation", tree.args[::-1], tuple(FLIPPED[s] for s in tree.value[::-1])
    )


def _is_unstrict(tree: Node) -> bool:
    return is_relation(tree) and set(tree.value) == {"<="}


def _strict(tree: Node) -> Node:
    r"""`<` for `\le`: inequalities that always hold differ in where both sides meet."""
    return tree._replace(value=("<",) * len(tree.value))


def _same_statement(gold: Node, answer: Node, how: How) -> bool | None:
    """Orders of the same sides or of numbers, which may all be true: by their signs."""
    if gold.value != answer.value:
        return False
    return all_of(map(how.equal, gold.args, answer.args))


def _is_congruence(tree: Node) -> bool:
    return is_relation(tree) and tree.value == ("equiv",) and len(tree.args) == 3


def _same_residue(gold: Node, answer: Node, how: How) -> bool | None:
    r"""`x \equiv 11 \pmod 8` and `x \equiv 3 \pmod 8`, of one x and one modulus."""
    (left, residue, modulus), (other, given, base) = gold.args, answer.args
    steps = Node("div", (Node("add", (residue, Node("neg", (given,)))), modulus))
    is_whole = same_value(steps, Node("floor", (steps,)))
    return all_of((how.equal(left, other), how.equal(modulus, base), is_whole))


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
    return bool(sign == other and (sign in ("=", "!=") or ratio > 0))


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
    r"""`f(x) = x^2` and `f(y) = y^2`, `a_n = 2n` and `a_k = 2k`, `y = x`.

    Once the answer's dummies have the gold ones' names, the labels are one: `a_{-n}` is
    no `a_n`, and the event in `P(A) = 1` is no dummy.
    """
    left, right = gold.args[0], answer.args[0]
    if left.op == right.op and not (left.value == "()" or left.op == "indexed"):
        return _are_labels_of_one(left, right, gold) and how.equal(
            gold.args[1], answer.args[1]
        )
    if any(node.op == "number" for tree in (left, right) for node in tree.walk()):
        return False
    if left.op != right.op:
        return how.equal(gold.args[1], answer.args[1])
    old, new = _dummies(left), _dummies(right)
    if len(old) != len(new) or answer.args[1].names & (set(old) - set(new)):
        return False
    for index, symbol in enumerate(new):
        answer = answer.replace(symbol, name(f"?{index}"))
    for index, symbol in enumerate(old):
        answer = answer.replace(f"?{index}", name(symbol))
    first = int(left.value == "()")  # what a function is called is nobody's answer
    if left.args[first:] != answer.args[0].args[first:]:
        return False
    return how.equal(gold.args[1], answer.args[1])


def _are_labels_of_one(left: Node, right: Node, gold: Node) -> bool:
    r"""Whether both name one thing: `\angle BAC` and `\angle A`, `AB` and `BA`."""
    points = [[n.value for n in t.walk() if n.op == "name"] for t in (left, right)]
    if left.op == "accent" and left.names & gold.args[1].names:
        return False  # `T^* = T` is about T
    if left.value in DIRECTED:
        return points[0] == points[1]
    few, many = sorted(points, key=len)
    return few in (many, many[::-1], many[1:-1])


def _dummies(label: Node) -> list[str]:
    """The small letters behind the head of a label, in their order."""
    nodes = [node for arg in label.args[1:] for node in arg.walk()]
    return [n.value for n in nodes if n.op == "name" and n.value.islower()]
