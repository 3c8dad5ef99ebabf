"""Values, and what is no mathematics: percent, degrees, rounding, bases."""

from fractions import Fraction

from pipeline.verifiers.answers.numeric_equality import (
    agree_where_positive,
    compare_numbers,
    same_value,
)
from pipeline.verifiers.answers.operations import NoValue
from pipeline.verifiers.answers.rules import How
from pipeline.verifiers.answers.tree import Decimal, Node, constant, number

ROUNDED_DIGITS = 4
INFINITIES = {constant("infty"), Node("neg", (constant("infty"),))}
# Letters for what may be negative, and for whole numbers.
VARIABLES = frozenset("xyztuvwnmkijsXYZTUVW")


def compare_values(gold: Node, answer: Node, how: How) -> bool | None:
    try:
        if (verdict := _percent(gold, answer, how)) is not None:
            return verdict
        verdict = same_value(gold, answer)
        if verdict is False:
            verdict = _by_policy(gold, answer, how)
        return verdict
    except NoValue:
        return _structures(gold, answer)


def _structures(gold: Node, answer: Node) -> bool | None:
    """What has no value: infinities and sets of numbers, by what they are."""
    simple = ("constant", "number", "name", "neg")
    gold, answer = _unsigned(gold), _unsigned(answer)
    if INFINITIES & {gold, answer} or (gold.op in simple and answer.op in simple):
        return gold == answer
    return None


def _unsigned(tree: Node) -> Node:
    return constant("infty") if tree == constant("+infty") else tree


def _by_policy(gold: Node, answer: Node, how: How) -> bool:
    """Degrees for the angle, a decimal for what rounds to it, digits for their base."""
    if "based" in (gold.op, answer.op) and gold.op != answer.op:
        return _same_digits(gold, answer)
    are_amounts = gold.names == answer.names and all(map(_are_positive, (gold, answer)))
    if are_amounts and agree_where_positive(gold, answer):
        return True
    if "radians" in (gold.op, answer.op):
        return False
    if any(n.op == "degrees" for tree in (gold, answer) for n in tree.walk()):
        plain = [_without_degrees(tree) for tree in (gold, answer)]
        if plain != [gold, answer] and same_value(*plain):
            return True
    return _rounds(gold, answer, how)


def _same_digits(gold: Node, answer: Node) -> bool:
    """An answer may leave out the base of the gold one; its own must be right."""
    if gold.op == "based":
        return gold.args[0] == answer
    value = _in_base(answer)
    return value is not None and bool(same_value(gold, number(value)))


def _in_base(tree: Node) -> int | None:
    """What digits say in their base; None where they are none of it."""
    digits, base = (_literal(arg) for arg in tree.args)
    if digits is None or base is None or digits.places or not 2 <= base.value <= 10:
        return None
    try:
        return int(str(digits.value), int(base.value))
    except ValueError:
        return None


def _are_positive(tree: Node) -> bool:
    """Whether all symbols may be lengths and amounts, of which nobody says |a|."""
    is_signed = any(node.op in ("abs", "call", "constant") for node in tree.walk())
    return bool(tree.names) and not is_signed and tree.names.isdisjoint(VARIABLES)


def _percent(gold: Node, answer: Node, how: How) -> bool | None:
    """40% for 0.4, or for 40 where the number is no fraction; None without percent."""
    if (gold.op == "percent") == (answer.op == "percent"):
        return None
    marked, bare = (gold, answer) if gold.op == "percent" else (answer, gold)
    number = marked.args[0]
    is_number = bool(same_value(number, bare)) or _rounds(number, bare, how)
    is_fraction = bool(same_value(marked, bare)) or _rounds_percent(number, bare)
    if how.policy.percent != "either":
        return is_number if how.policy.percent == "number" else is_fraction
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


def _rounds(gold: Node, answer: Node, how: How) -> bool:
    """Whether a decimal of enough digits is the other value, rounded to its places."""
    for decimal, exact, least in (
        (_literal(gold), answer, min(ROUNDED_DIGITS, how.policy.digits)),
        (_literal(answer), gold, how.policy.digits),
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
    ends = [Node("number", (), Decimal(end)) for end in (low, high)]
    below, above = compare_numbers(ends[0], tree), compare_numbers(tree, ends[1])
    return below is not None and above is not None and below <= 0 and above <= 0
