"""Whether an answer is the gold one: both are read, then compared by their kind."""

import re

from pipeline.verifiers.answers.answer import Answer, read
from pipeline.verifiers.answers.dates import same_date
from pipeline.verifiers.answers.equality import equal
from pipeline.verifiers.answers.notes import clean
from pipeline.verifiers.answers.numeric_equality import is_rational
from pipeline.verifiers.answers.operations import NoValue, TooLarge
from pipeline.verifiers.answers.policy import DEFAULT, Policy
from pipeline.verifiers.answers.regions import same_region
from pipeline.verifiers.answers.tokens import Unreadable, spell
from pipeline.verifiers.answers.tree import Node, number
from pipeline.verifiers.answers.units import split_unit, unit_is_wrong, unit_ratio
from pipeline.verifiers.answers.variants import number_variants

KINDS = {
    op: kind
    for kind, ops in {
        "number": "number percent based",
        "quantity": "degrees radians",
        "set": "set union intersection minus builder",
        "function by cases": "cases",
        "expression": "determinant",
    }.items()
    for op in ops.split()
}
# Their operation is the word for them.
SAME = "relation", "list", "tuple", "matrix", "ratio", "date", "time", "words"
KINDS |= dict(zip(SAME, SAME, strict=True))
WHOLE = re.compile(r"-?\d{1,18}", re.A)
ZEROS = re.compile(r",0\d\d")
# What a condition claims, as far as it is compared: numbers, and what is denied.
CLAIM = re.compile(r"\d+(?:\.\d+)?|\\neq?(?![a-z])")


def decide(gold: str, predicted: str, policy: Policy = DEFAULT) -> bool | None:
    """True, False, or None where this reader cannot tell.

    Raises Unreadable where one of them cannot be read, and TooLarge where comparing
    them would take too much work.
    """
    if WHOLE.fullmatch(gold) and WHOLE.fullmatch(predicted):
        return int(gold) == int(predicted)  # what most answers are, read at once
    fault: Unreadable | None = None
    try:
        verdict = _decide(gold, predicted, policy)
    except Unreadable as error:
        verdict, fault = None, error
    if not verdict:
        for left, right in (
            *((gold, other) for other in number_variants(predicted)),
            *((other, predicted) for other in number_variants(gold, is_gold=True)),
        ):
            if _decide(left, right, policy):
                return True
    if fault:
        raise fault
    return verdict


def _decide(gold: str, predicted: str, policy: Policy) -> bool | None:
    verdict, fault = None, None
    # `1,000` is no 1 and 000.
    readings = (
        (True,) if ZEROS.search(gold) or ZEROS.search(predicted) else (True, False)
    )
    for grouping in readings:
        try:
            left = read(gold, grouping=grouping)
            right = read(predicted, grouping=grouping)
        except Unreadable as error:
            fault = fault or error
            if "," not in predicted + gold:
                break
            continue
        fault = None
        try:
            verdict = _compare(left, right, policy)
        except NoValue:
            return None
        except (RecursionError, OverflowError):
            raise TooLarge from None
        if verdict or ("," not in gold and "," not in predicted):
            return verdict
    if fault:
        raise fault
    return verdict


def _compare(gold: Answer, predicted: Answer, policy: Policy) -> bool | None:
    claims = [CLAIM.findall(each.condition) for each in (gold, predicted)]
    if all(claims) and claims[0] != claims[1]:
        return False  # `5 for n = 2` is not `5 for n = 3`
    if predicted.condition == "bound" and gold.condition != "bound":
        return False
    if _has_closed_infinity(predicted.tree) and not _has_closed_infinity(gold.tree):
        return False
    if {gold.tree.op, predicted.tree.op} & {"date", "time"}:
        is_other = predicted.unit not in ("", "h", gold.unit)
        return not is_other and same_date(gold.tree, predicted.tree)
    if gold.tree.op == "words" or predicted.tree.op == "words":
        return _compare_words(gold, predicted)
    has_one_unit = bool(gold.unit) != bool(predicted.unit)
    if has_one_unit or bool(gold.tree.names) != bool(predicted.tree.names):
        gold, predicted = with_unit(gold), with_unit(predicted)
    left, right = gold.tree, predicted.tree
    if policy.units == "convert" and gold.unit and predicted.unit:
        ratio = unit_ratio(predicted.unit, gold.unit)
        if ratio is not None:
            return equal(left, Node("mul", (right, number(ratio))), policy)
    if (gold.unit and right.op == "degrees") or (
        predicted.unit and left.op == "degrees"
    ):
        return False
    if unit_is_wrong(gold.unit, predicted.unit, policy.units):
        return False
    return equal(left, right, policy)


def _has_closed_infinity(tree: Node) -> bool:
    """Whether an interval claims that infinity is one of its members."""
    return any(
        node.op == "tuple"
        and len(node.args) == 2
        and any(
            bracket in "[]" and "infty" in (end.value, *(a.value for a in end.args))
            for bracket, end in zip(node.value, node.args, strict=True)
        )
        for node in tree.walk()
    )


def with_unit(answer: Answer) -> Answer:
    """`5 m` reads as a product; where the other has a unit, m is one."""
    if (
        answer.unit
        or not answer.tree.names
        or answer.tree.op not in ("mul", "div", "pow")
    ):
        return answer
    quantity = split_unit(clean(spell(answer.text)))
    if not quantity.unit:
        return answer
    try:
        return read(quantity.text)._replace(unit=quantity.unit)
    except Unreadable:
        return answer


def _compare_words(gold: Answer, predicted: Answer) -> bool | None:
    left, right = gold.tree, predicted.tree
    if left.op == right.op == "words":
        return bool(left.value == right.value)
    first, other = (left, right) if left.op == "words" else (right, left)
    if other.op == "constant":
        same = {"emptyset": "no solution", "infty": "infinity", "R": "R", "Z": "Z"}
        return bool(same.get(other.value) == first.value)
    if first.value == "R" and other.op in ("tuple", "union"):
        return same_region(Node("constant", (), "R"), other)
    if other.op == "set" and not other.args:
        return bool(first.value == "no solution")
    if first.value == "no solution" and other.op in ("tuple", "list", "set"):
        return False
    return None


def kind_of(answer: Answer) -> str:
    """The kind of an answer: number, quantity, expression, equation, set …"""
    tree = answer.tree
    if answer.unit:
        return "quantity"
    if tree.op not in KINDS and is_rational(tree):
        return "number"
    if tree.op == "relation":
        return "equation" if set(tree.value) == {"="} else "relation"
    if (tree.op == "constant" and tree.value[0] in "RZNQC") or tree.value == "emptyset":
        return "set"
    return KINDS.get(tree.op, "expression")
