r"""Whether two answers are equal, each kind by its own rule.

True and False are found, never guessed: values by evaluation (`numeric_equality`),
relations by the ratio of the differences of their sides, sets by their members and
ends, everything else part by part. None is for what this reader cannot tell, such as a
set that is given by a condition it does not understand.
"""

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise, product

from pipeline.verifiers.answers.families import PARAMETERS, parameter, same_family
from pipeline.verifiers.answers.labels import (
    FALSE,
    drop_label,
    is_derivative,
    is_function_label,
    is_label,
    labelled,
)
from pipeline.verifiers.answers.numeric_equality import (
    NoValue,
    is_constant_ratio,
    same_value,
)
from pipeline.verifiers.answers.policy import DEFAULT, Policy
from pipeline.verifiers.answers.regions import same_region
from pipeline.verifiers.answers.solved import solves
from pipeline.verifiers.answers.tree import Decimal, Node, constant

FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
ORDER = (*FLIPPED, "!=")
COLLECTIONS = ("list", "set", "tuple", "union", "intersection", "minus", "builder")
Family = tuple[Node, str]
MAX_MEMBERS = 200
MAX_SIGNS = 4
ROUNDED_DIGITS = 4


def equal(gold: Node, answer: Node, policy: Policy = DEFAULT) -> bool | None:
    """Whether `answer` is `gold`, None where this cannot be told.

    Raises TooLarge where it would take too much work.
    """
    if gold == answer:
        return True
    families = parameter(gold), parameter(answer)
    if any(families):
        return _families(gold, answer, *families)
    if not (_is_equation(gold) and _is_equation(answer)):
        is_number = not gold.names or not answer.names
        if not _is_equation(gold) and _are_collections(answer):
            return _all(equal(gold, side, policy) for side in answer.args)
        if not _is_equation(gold):
            answer = drop_label(answer, of_number=is_number)
        if not _is_equation(answer):
            gold = drop_label(gold, of_number=False)
        if FALSE in (gold, answer):
            return False
    gold, answer = _expand(gold), _expand(answer)
    if gold == answer:
        return True
    for rule in RULES:
        verdict = rule(gold, answer, policy)
        if verdict is not None:
            return verdict
    return _values(gold, answer, policy)


def _are_collections(tree: Node) -> bool:
    return _is_equation(tree) and all(side.op in ("set", "list") for side in tree.args)


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


def _is_equation(tree: Node) -> bool:
    return tree.op == "relation" and set(tree.value) <= {"=", "approx", "equiv", "in"}


def _is_relation(tree: Node) -> bool:
    return tree.op == "relation"


# Plus or minus: two answers.


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


# Relations.


def _relations(gold: Node, answer: Node, policy: Policy) -> bool | None:
    """Equations by their zeros, orders by their direction, both by regions."""
    if not (_is_relation(gold) or _is_relation(answer)):
        is_logic = _is_logic(gold) or _is_logic(answer)
        return same_region(gold, answer) if is_logic else None
    if (mine := labelled(gold)) and (yours := labelled(answer)) and len(mine) > 1:
        return _same_labelled(mine, yours, policy)
    if _are_functions(gold, answer):
        return _two_equations(gold, answer, policy)
    if _is_relation(gold) and _is_relation(answer):
        verdict = _two_relations(gold, answer)
        if verdict is not None:
            return verdict
        if gold.value == answer.value == ("=",):
            return _two_equations(gold, answer, policy)
    region = same_region(gold, answer)
    if region is not None:
        return region
    if _is_equation(gold) and answer.op in COLLECTIONS:
        return None
    are_orders = [
        bool(set(tree.value) & {*ORDER})
        for tree in (gold, answer)
        if _is_relation(tree)
    ]
    return False if any(are_orders) or len(are_orders) == 1 else None


def _are_functions(gold: Node, answer: Node) -> bool:
    """Whether both say what a function is: `f(2) = 0` is no product."""
    return all(
        tree.op == "relation" and tree.value == ("=",) and tree.args[0].value == "()"
        for tree in (gold, answer)
    )


def _is_logic(tree: Node) -> bool:
    return tree.op == "list" and any(
        _is_relation(member) and set(member.value) & {*ORDER} for member in tree.args
    )


def _same_labelled(
    mine: dict[str, Node], yours: dict[str, Node], policy: Policy
) -> bool | None:
    if mine.keys() != yours.keys():
        return False
    return _all(equal(mine[name], yours[name], policy) for name in mine)


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


def _two_equations(gold: Node, answer: Node, policy: Policy) -> bool | None:
    """`y = 2x + 1` and `f(t) = 2t + 1` by what they say; else one solved for a name."""
    left, right = gold.args[0], answer.args[0]
    if is_derivative(left) and is_derivative(right):
        return equal(gold.args[1], answer.args[1], policy)
    if is_label(left) and is_label(right):
        if left == right:
            return equal(gold.args[1], answer.args[1], policy)
        if left.op == right.op or (
            is_function_label(left) and is_function_label(right)
        ):
            if (
                is_function_label(left) != is_function_label(right)
                and left.op != "indexed"
            ):
                return False
            return _same_function(gold, answer, policy)
    for solved, other in ((gold, answer), (answer, gold)):
        if (verdict := solves(solved, other)) is not None:
            return verdict
    return None if _has_no_value(gold) or _has_no_value(answer) else False


def _has_no_value(tree: Node) -> bool:
    return any(
        node.op in ("words", "list", "tuple", "set", "matrix") for node in tree.walk()
    )


def _same_function(gold: Node, answer: Node, policy: Policy) -> bool | None:
    r"""`f(x) = x^2` and `f(y) = y^2`, `a_n = 2n` and `a_k = 2k`, `y = x`."""
    left, right = gold.args[0], answer.args[0]
    old, new = (
        [n.value for n in tree.args[1].walk() if n.op == "name"] if tree.args else None
        for tree in (left, right)
    )
    if left.op == "name" and right.op == "name":
        return False
    if any(node.op == "number" for tree in (left, right) for node in tree.walk()):
        return False
    if left.op == right.op == "indexed" and left.args[0] != right.args[0]:
        return False
    body = answer.args[1]
    if old is not None and new is not None:
        if len(old) != len(new):
            return False
        for place, name in enumerate(new):
            body = body.replace(name, Node("name", (), f"?{place}"))
        for place, name in enumerate(old):
            body = body.replace(f"?{place}", Node("name", (), name))
    return equal(gold.args[1], body, policy)


# Lists, sets, tuples and intervals.


def _members(gold: Node, answer: Node, policy: Policy) -> bool | None:
    if gold.op not in COLLECTIONS and answer.op not in COLLECTIONS:
        return None
    if "tuple" in (gold.op, answer.op) and gold.op == answer.op:
        return _tuples(gold, answer, policy)
    kinds = {gold.op, answer.op}
    if kinds <= {"list", "set"}:
        return _unordered(gold, answer, policy)
    if kinds & {"union", "intersection", "minus", "builder"} or _are_intervals(
        gold, answer
    ):
        return same_region(gold, answer)
    if "tuple" in kinds and kinds & {"list", "set"}:
        return _tuple_of_list(gold, answer, policy)
    one, other = (gold, answer) if gold.op in ("list", "set") else (answer, gold)
    if one.op == "set" and len(one.args) == 1:
        return equal(one.args[0], other, policy)
    return False


def _are_intervals(gold: Node, answer: Node) -> bool:
    reals = [t for t in (gold, answer) if t.op == "constant" and t.value[0] in "RZNQ"]
    return bool(reals)


def _tuples(gold: Node, answer: Node, policy: Policy) -> bool | None:
    if len(gold.args) != len(answer.args):
        return False
    if len(gold.args) == 2 and gold.value != answer.value:
        return False
    return _all(
        equal(*pair, policy) for pair in zip(gold.args, answer.args, strict=True)
    )


def _tuple_of_list(gold: Node, answer: Node, policy: Policy) -> bool | None:
    """`(1, 2, 3)` and `a = 1, b = 2, c = 3`, in the order of the names."""
    one, other = (gold, answer) if gold.op == "tuple" else (answer, gold)
    if other.op == "set":
        return False
    values = labelled(other)
    members = [values[name] for name in sorted(values)] if values else list(other.args)
    if len(members) != len(one.args):
        return None if one.op == "tuple" and one.value != "()" else False
    return _all(equal(*pair, policy) for pair in zip(one.args, members, strict=True))


def _unordered(gold: Node, answer: Node, policy: Policy) -> bool | None:
    """Members matched one to one; a set has each of its members once."""
    if any(m.op == "dots" for t in (gold, answer) for m in t.args):
        return None
    mine, yours = labelled(gold), labelled(answer)
    if mine and yours and len(mine) > 1 and len(yours) > 1:
        return _same_labelled(mine, yours, policy)
    if mine and len(mine) > 1 and not yours:
        left = [mine[name] for name in mine]
        if len(left) != len(answer.args):
            return False
        return _all(equal(*p, policy) for p in zip(left, answer.args, strict=True))
    left, right = list(gold.args), list(answer.args)
    if "set" in (gold.op, answer.op) or "or" in (gold.value, answer.value):
        left, right = _distinct(left, policy), _distinct(right, policy)
    if len(left) != len(right):
        return False
    if len(left) > MAX_MEMBERS:
        return None
    unsure = False
    for member in left:
        for place, candidate in enumerate(right):
            same = equal(member, candidate, policy)
            unsure |= same is None
            if same:
                del right[place]
                break
        else:
            return None if unsure else False
    return True


def _distinct(members: list[Node], policy: Policy) -> list[Node]:
    kept: list[Node] = []
    for member in members[:MAX_MEMBERS]:
        if not any(equal(member, other, policy) for other in kept):
            kept.append(member)
    return kept


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    unsure = False
    for verdict in verdicts:
        if verdict is False:
            return False
        unsure |= verdict is None
    return None if unsure else True


# Ratios, matrices, functions by cases.


def _ratios(gold: Node, answer: Node, policy: Policy) -> bool | None:
    if "ratio" not in (gold.op, answer.op):
        return None
    if gold.op != answer.op:
        one, other = (gold, answer) if gold.op == "ratio" else (answer, gold)
        if len(one.args) == 2:
            return equal(Node("div", one.args), other, policy)
        return False
    if len(gold.args) != len(answer.args):
        return False
    first = [Node("div", (gold.args[0], answer.args[0]))]
    quotients = first + [
        Node("div", pair) for pair in zip(gold.args[1:], answer.args[1:], strict=True)
    ]
    return _all(same_value(*pair) for pair in pairwise(quotients))


def _tables(gold: Node, answer: Node, policy: Policy) -> bool | None:
    """Matrices entry by entry, a column also as a tuple; functions case by case."""
    ops = {gold.op, answer.op}
    if "cases" in ops:
        return _unordered_cases(gold, answer, policy) if len(ops) == 1 else False
    if not any(node.op == "matrix" for tree in (gold, answer) for node in tree.walk()):
        return None
    tables = [_entries(tree) for tree in (gold, answer)]
    if None in tables:
        return None
    left, right = tables
    assert left is not None
    assert right is not None
    if min(len(left), len(left[0])) == min(len(right), len(right[0])) == 1:
        left, right = (
            [[cell for row in table for cell in row]] for table in (left, right)
        )
    if [len(row) for row in left] != [len(row) for row in right]:
        return False
    cells = [[cell for row in table for cell in row] for table in (left, right)]
    return _all(equal(left, right, policy) for left, right in zip(*cells, strict=True))


def _entries(tree: Node) -> list[list[Node]] | None:
    """The rows of a matrix, of a multiple of one, or of nested brackets."""
    if tree.op == "matrix":
        return [list(row.args) for row in tree.args]
    if tree.op in ("mul", "div", "neg"):
        places = [p for p, arg in enumerate(tree.args) if _entries(arg) is not None]
        if len(places) != 1 or (tree.op == "div" and places != [0]):
            return None
        inner = _entries(tree.args[places[0]]) or []
        return [
            [
                tree._replace(
                    args=(*tree.args[: places[0]], cell, *tree.args[places[0] + 1 :])
                )
                for cell in row
            ]
            for row in inner
        ]
    if tree.op == "pow" and tree.args[1] == Node("name", (), "T"):
        rows = _entries(tree.args[0])
        return rows and [list(column) for column in zip(*rows, strict=True)]
    if tree.op == "tuple" and all(member.op == "tuple" for member in tree.args):
        return [list(member.args) for member in tree.args]
    return [list(tree.args)] if tree.op == "tuple" else None


def _unordered_cases(gold: Node, answer: Node, policy: Policy) -> bool | None:
    if len(gold.args) != len(answer.args):
        return None
    right = list(answer.args)
    for case in gold.args:
        for place, other in enumerate(right):
            pairs = zip(case.args, other.args, strict=False)
            if len(case.args) == len(other.args) and _all(
                equal(*p, policy) for p in pairs
            ):
                del right[place]
                break
        else:
            return None
    return True


# Values.


def _values(gold: Node, answer: Node, policy: Policy) -> bool | None:
    try:
        if (verdict := _percent(gold, answer, policy)) is not None:
            return verdict
        verdict = same_value(gold, answer)
        if verdict is False:
            verdict = _by_policy(gold, answer, policy)
        return verdict
    except NoValue:
        return _structures(gold, answer)


def _structures(gold: Node, answer: Node) -> bool | None:
    """What has no value: infinities and sets of numbers, by what they are."""
    simple = ("constant", "number", "name", "neg")
    if gold.op in simple and answer.op in simple:
        return _unsigned(gold) == _unsigned(answer)
    return None


def _unsigned(tree: Node) -> Node:
    return constant("infty") if tree == constant("+infty") else tree


def _by_policy(gold: Node, answer: Node, policy: Policy) -> bool:
    """Degrees for the angle, a decimal for what rounds to it, digits for their base."""
    if "based" in (gold.op, answer.op) and gold.op != answer.op:
        plain = [
            tree.args[0] if tree.op == "based" else tree for tree in (gold, answer)
        ]
        return plain[0] == plain[1]
    if "radians" in (gold.op, answer.op):
        return False
    if any(n.op == "degrees" for tree in (gold, answer) for n in tree.walk()):
        plain = [_without_degrees(tree) for tree in (gold, answer)]
        if plain != [gold, answer] and same_value(*plain):
            return True
    return _rounds(gold, answer, policy)


def _percent(gold: Node, answer: Node, policy: Policy) -> bool | None:
    """40% for 0.4, or for 40 where the number is no fraction; None without percent."""
    if (gold.op == "percent") == (answer.op == "percent"):
        return None
    marked, bare = (gold, answer) if gold.op == "percent" else (answer, gold)
    number = marked.args[0]
    is_number = bool(same_value(number, bare)) or _rounds(number, bare, policy)
    is_fraction = bool(same_value(marked, bare)) or _rounds_percent(number, bare)
    if policy.percent != "either":
        return is_number if policy.percent == "number" else is_fraction
    return is_fraction or (is_number and _is_at_least_one(bare))


def _rounds_percent(number: Node, bare: Node) -> bool:
    """33.3% for 1/3, rounded as it is written."""
    value = _literal(number)
    if value is None or value.digits < ROUNDED_DIGITS - 1 or not value.places:
        return False
    half = Fraction(1, 200 * 10**value.places)
    return _is_between(value.value / 100 - half, bare, value.value / 100 + half)


def _without_degrees(tree: Node) -> Node:
    """Angles as bare numbers; within a sine degrees are what they are."""
    if tree.op == "call":
        return tree
    if tree.op == "degrees":
        return _without_degrees(tree.args[0])
    return tree._replace(args=tuple(map(_without_degrees, tree.args)))


def _is_at_least_one(tree: Node) -> bool:
    value = _literal(tree)
    return value is not None and abs(value.value) >= 1


def _literal(tree: Node) -> Decimal | None:
    if tree.op == "neg" and tree.args[0].op == "number":
        inner = tree.args[0].value
        return Decimal(-inner.value, inner.digits, inner.places)
    return tree.value if tree.op == "number" else None


def _rounds(gold: Node, answer: Node, policy: Policy) -> bool:
    """Whether a decimal of enough digits is the other value, rounded to its places."""
    for decimal, exact, least in (
        (_literal(gold), answer, min(ROUNDED_DIGITS, policy.digits)),
        (_literal(answer), gold, policy.digits),
    ):
        if decimal is None or decimal.digits < least or not decimal.places:
            continue
        half = Fraction(1, 2 * 10**decimal.places)
        other = _literal(exact)
        if other and other.places and other.places <= decimal.places:
            continue  # a shorter decimal says less
        if _is_between(decimal.value - half, exact, decimal.value + half):
            return True
    return False


def _is_between(low: Fraction, tree: Node, high: Fraction) -> bool:
    from pipeline.verifiers.answers.regions import compare_numbers

    ends = [Node("number", (), Decimal(end)) for end in (low, high)]
    below, above = compare_numbers(ends[0], tree), compare_numbers(tree, ends[1])
    return below is not None and above is not None and below <= 0 and above <= 0


RULES = (_relations, _tables, _members, _ratios)
