r"""The cascade: whether two answers are equal, one comparison after another.

STEPS are in their order; docs/verifiers.md shows what each makes of an example. The
cheapest come first. Each step accepts (True), rejects (False) or hands on (None).
"""

import re
from collections.abc import Callable
from functools import lru_cache

from pipeline.verifiers.compare import compound, math_verify, numbers, units
from pipeline.verifiers.compare.letters import read_letter
from pipeline.verifiers.compare.members import is_name, split_members
from pipeline.verifiers.compare.normal_form import squeeze
from pipeline.verifiers.compare.numbers import read_number
from pipeline.verifiers.compare.policy import DEFAULT, Context, Policy

MAX_DEPTH = 12
FAMILY = re.compile(
    r"(?P<body>.+?),? ?\(?(?:where |for |with )?(?:all )?(?:integers? )?"
    r"(?P<letter>[a-z]) ?(?:\\in ?\\mathbb\{[ZN]\}|is an integer)\)?"
)
SAME_WORDS = {
    "no solutions": "no solution", "no real solution": "no solution",
    "no real solutions": "no solution", "\\emptyset": "no solution",
    "empty set": "no solution", "\\{ \\}": "no solution", "\\{\\}": "no solution",
    "dne": "does not exist",
}  # fmt: skip
REALS = re.compile(r"(?:[a-z] ?\\in ?)?(?:the )?(?:set of )?all real numbers", re.I)
ANGLE = re.compile(r"\(?(\d+(?:\.\d+)?) degrees ?\)?")
MULTIPLE = re.compile(r"-[\d.]* ?[A-Za-z](?:\([a-z]\))?|[\d.]+ ?[A-Za-z]")
FUNCTION_OF = re.compile(r"[A-Za-z](?:_\{?\w+\}?)?\(([A-Za-z])\)")


def compare(gold: str, predicted: str, policy: Policy = DEFAULT) -> tuple[bool, str]:
    """Whether two texts in normal form mean the same, and the step that decided.

    Raises Undecided where no step can tell.
    """
    return _compare(gold, predicted, policy, 0)


@lru_cache(100_000)
def _compare(gold: str, predicted: str, policy: Policy, depth: int) -> tuple[bool, str]:
    if squeeze(gold) == squeeze(predicted):
        return True, "equal as text"
    if depth > MAX_DEPTH:
        raise math_verify.Undecided("nested too deeply")
    context = Context(policy, depth, _compare)
    if (verdict := _compare_numbers(gold, predicted, context)) is not None:
        return verdict, "compared as numbers"
    if _approximations_differ(gold, predicted):
        return False, "compared as approximations"
    gold, predicted = _strip_conditions(gold), _strip_conditions(predicted)
    if (words := _read_words(gold)) and words == _read_words(predicted):
        return True, "equal as words"
    for step, compare_as in STEPS.items():
        verdict = compare_as(gold, predicted, context)
        if verdict is not None:
            return verdict, step
    raise math_verify.Undecided("no step decides")  # the last one always does


def _approximations_differ(gold: str, predicted: str) -> bool:
    r"""Whether `\pi \approx 3.14` and `\pi \approx 3.1` are rounded differently."""
    if "\\approx" not in gold or "\\approx" not in predicted:
        return False
    rounded = (text.rpartition("\\approx")[2] for text in (gold, predicted))
    return len(set(map(squeeze, rounded))) > 1


def _strip_conditions(text: str) -> str:
    """Without an approximation behind the exact value, or conditions on integers."""
    if "\\approx" in text:
        exact, _, rounded = text.partition("\\approx")
        text = rounded.strip() if is_name(exact) else exact.strip()
    if family := FAMILY.fullmatch(text):
        return _rename(family["body"], family["letter"], "k").strip()
    return "\\mathbb{R}" if REALS.fullmatch(text) else text


def _read_words(text: str) -> str:
    """A text of words alone in lower case, without its article; "" for others."""
    text = SAME_WORDS.get(text.lower(), text)
    if not re.fullmatch(r"[^\W\d_][^\W\d_]+(?:[ '-][^\W\d_]+)*", text):
        return ""
    return re.sub(r"^(?:the|an?) ", "", text.lower())


def _rename(text: str, letter: str, into: str) -> str:
    return re.sub(rf"(?<![\\A-Za-z]){letter}(?![A-Za-z])", into, text)


def _compare_letters(gold: str, predicted: str, context: Context) -> bool | None:
    """An option of multiple choice: its letter, with or without its text."""
    left, right = read_letter(gold), read_letter(predicted)
    if left is None or right is None:
        return None
    if left == right and not (_is_lone(gold) or _is_lone(predicted)):
        return None
    return left == right


def _is_lone(text: str) -> bool:
    return len(text.strip("()[]. *")) == 1


def _compare_numbers(gold: str, predicted: str, context: Context) -> bool | None:
    """Exact values, `1/2` and `50%`; a unit may be missing on one side, not differ."""
    policy = context.policy
    left, right = units.split_unit(gold), units.split_unit(predicted)
    value, other = read_number(left.text), read_number(right.text)
    if value is None and other is None:
        return _compare_all_but_unit(left, right, policy)
    if value is None or other is None:
        unread = left.text if value is None else right.text
        comma = numbers.read_decimal_comma(unread)
        number = value or other
        if comma and number and numbers.are_equal(comma, number, policy):
            return True
        # sympy would take the m of 5m for metres
        return False if re.fullmatch(r"[-+]?[\d.]+ ?[A-Za-z]{1,2}", unread) else None
    if policy.units == "convert" and left.unit and right.unit:
        ratio = units.unit_ratio(left.unit, right.unit)
        if ratio is not None:
            value = value._replace(value=value.value * ratio, digits=0)
            return numbers.are_equal(value, other, policy)
    if units.unit_is_wrong(left.unit, right.unit, policy.units):
        return False
    return numbers.are_equal(value, other, policy)


def _compare_all_but_unit(
    left: units.Quantity, right: units.Quantity, policy: Policy
) -> bool | None:
    if not (left.unit or right.unit):
        return None
    if units.unit_is_wrong(left.unit, right.unit, policy.units):
        return False
    return True if squeeze(left.text) == squeeze(right.text) else None


def _compare_equations(gold: str, predicted: str, context: Context) -> bool | None:
    """`x = 5` against `5`; equal left sides; else one side minus the other."""
    left, right = _split_sides(gold), _split_sides(predicted)
    if len(left) > 1 and len(right) > 1:
        return _compare_two_equations(left, right, context)
    if len(left) == len(right):
        return None
    if len(right) > 1 and MULTIPLE.fullmatch(right[0]):
        return False  # -x = 3 and 2x = 3 do not say that something is 3
    is_named = any(is_name(side) for side in (left[0], *left[-2:]))
    if len(right) > 1 or is_named or _is_label(left[0]):
        return context.are_equal(_value_side(left), _value_side(right))
    return None


def _value_side(sides: list[str]) -> str:
    """The last side, or the one before the name where a value is named last."""
    is_turned = len(sides) == 2 and is_name(sides[1]) and not is_name(sides[0])
    return sides[0] if is_turned else sides[-1]


def _compare_two_equations(
    left: list[str], right: list[str], context: Context
) -> bool | None:
    if len(left) > 2 and any(side.endswith(left[0]) for side in left[1:]):
        return False  # several equations run together, and they are not equal as text
    if squeeze(left[0]) == squeeze(right[0]) or _is_graph(left[0], right[0]):
        return context.are_equal(left[-1], right[-1])
    functions = FUNCTION_OF.fullmatch(left[0]), FUNCTION_OF.fullmatch(right[0])
    if functions[0] and functions[1]:
        if re.findall(r"\d+", left[0]) != re.findall(r"\d+", right[0]):
            return False
        renamed = _rename(right[-1], functions[1][1], functions[0][1])
        return context.are_equal(left[-1], renamed)
    are_equal = context.are_equal
    if _is_constant(left[0]) and _is_constant(right[0]):
        return are_equal(left[0], right[0]) and are_equal(left[-1], right[-1])
    if len(left) == len(right) == 2:
        if are_equal(left[0], right[1]) and are_equal(left[1], right[0]):
            return True
        if is_name(left[0]) and is_name(right[0]):
            is_number = read_number(left[-1]) or read_number(right[-1])
            return False if is_number else None
    return None


def _split_sides(text: str) -> list[str]:
    """The sides of an equation; the text alone where it is none, or a list of some."""
    if "=" not in text:
        return [text]
    if re.search(r"[<>]|\\[lg]e(?![a-z])|\\ne(?![a-z])|\\begin|\\sum|\\prod", text):
        return [text]
    members = split_members(text)
    if len(members.parts) > 1 and not re.match(r"\([\w, ]+\) ?=", text):
        return [text]
    is_bracketed = members.opens == "(" and len(members.parts) == 1
    equation = members.parts[0] if is_bracketed else text
    return [side.strip() for side in equation.split("=")]


def _is_label(side: str) -> bool:
    """Whether a side names a value: it has no sum, no coefficient and no power."""
    sums = re.search(r"[-+^]|\d\s*[A-Za-z\\]", side)
    return bool(re.search("[A-Za-z]", side)) and not sums


def _is_constant(side: str) -> bool:
    """Whether there is no letter in a side but those of commands."""
    return not re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", side))


def _is_graph(left: str, right: str) -> bool:
    """Whether one side calls y what the other calls f(x)."""
    return "y" in (left, right) and any(
        re.fullmatch(r"[A-Za-z]\(x\)", side) for side in (left, right)
    )


def _compare_by_math_verify(gold: str, predicted: str, context: Context) -> bool:
    left, right = (
        _percent_as_fraction(units.split_unit(_in_radians(text)).text)
        for text in (gold, predicted)
    )
    for decimal, other in ((left, right), (right, left)):
        rounded = read_number(decimal)
        if rounded and rounded.digits >= context.policy.digits and rounded.places:
            exact = math_verify.constant_value(other)
            if exact is not None and numbers.rounds_to(rounded, exact):
                return True
    return math_verify.sympy_equal(left, right)


def _in_radians(text: str) -> str:
    r"""Angles under a function as sympy reads them; elsewhere degrees are a unit."""
    if math_verify.FUNCTION.search(text):
        text = ANGLE.sub(r"(\\frac{\1 \\pi}{180})", text)
    return text.replace(" degrees", "")


def _percent_as_fraction(text: str) -> str:
    """A percentage that is no plain number as a fraction; the parser skips the sign."""
    if not text.endswith("%") or read_number(text):
        return text
    text = text[:-1].strip()
    share = re.sub(r" ?(?:\\times|\\cdot|\*) ?100$", "", text)
    return share if share != text else f"\\frac{{{text}}}{{100}}"


STEPS: dict[str, Callable[[str, str, Context], bool | None]] = {
    "compared as letters": _compare_letters,
    "compared as numbers": _compare_numbers,
    "compared as equations": _compare_equations,
    "compared as matrices": compound.compare_matrices,
    "compared as intervals": compound.compare_regions,
    "compared member by member": compound.compare_members,
    "math-verify": _compare_by_math_verify,
}
