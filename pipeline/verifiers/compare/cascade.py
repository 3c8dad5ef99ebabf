r"""The cascade: one comparison after another, the cheapest first.

equal as text → as words → letters → exact numbers → equations → matrices → regions of
the line → lists, sets and tuples member by member → math-verify. Each step accepts
(True), rejects (False) or hands on (None); where none can tell, Undecided is raised.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from pipeline.verifiers.compare import numbers, units
from pipeline.verifiers.compare.compound import as_matrices, as_members, as_regions
from pipeline.verifiers.compare.letters import letters
from pipeline.verifiers.compare.math_verify import FUNCTION, Undecided, equal, value
from pipeline.verifiers.compare.members import is_name, members
from pipeline.verifiers.compare.normal_form import squeezed
from pipeline.verifiers.compare.numbers import number, with_decimal_comma
from pipeline.verifiers.compare.policy import DEFAULT, Context, Policy
from pipeline.verifiers.compare.units import quantity

MAX_DEPTH = 12


def same(gold: str, said: str, policy: Policy = DEFAULT) -> tuple[bool, str]:
    """Whether two plain texts mean the same, and the step that decided."""
    return _same(gold, said, policy, 0)


@lru_cache(100_000)
def _same(gold: str, said: str, policy: Policy, depth: int) -> tuple[bool, str]:
    if squeezed(gold) == squeezed(said):
        return True, "equal as text"
    if depth > MAX_DEPTH:
        raise Undecided("nested too deeply")
    context = Context(policy, depth, _same)
    if (decided := _as_numbers(gold, said, context)) is not None:
        return decided, "compared as numbers"
    if "\\approx" in gold and "\\approx" in said and not _approximate(gold, said):
        return False, "compared as approximations"
    gold, said = _settled(gold), _settled(said)
    if _words(gold) and _words(gold) == _words(said):
        return True, "equal as words"
    for step, compare in STEPS.items():
        decided = compare(gold, said, context)
        if decided is not None:
            return decided, step
    raise Undecided("no step decides")  # the last one always does


FAMILY = re.compile(
    r"(?P<body>.+?),? ?\(?(?:where |for |with )?(?:all )?(?:integers? )?"
    r"(?P<letter>[a-z]) ?(?:\\in ?\\mathbb\{[ZN]\}|is an integer)\)?"
)


def _approximate(gold: str, said: str) -> bool:
    """Whether the rounded values behind two exact ones are equal as text."""
    ours, theirs = gold.rpartition("\\approx")[2], said.rpartition("\\approx")[2]
    return squeezed(ours) == squeezed(theirs)


SAME_WORDS = {
    "no solutions": "no solution", "no real solution": "no solution",
    "no real solutions": "no solution", "\\emptyset": "no solution",
    "empty set": "no solution", "\\{ \\}": "no solution", "\\{\\}": "no solution",
    "dne": "does not exist",
}  # fmt: skip
REALS = re.compile(r"(?:[a-z] ?\\in ?)?(?:the )?(?:set of )?all real numbers", re.I)


def _settled(text: str) -> str:
    """Without an approximation behind the exact value, or conditions on integers."""
    if "\\approx" in text:
        exact, _, rounded = text.partition("\\approx")
        text = rounded.strip() if is_name(exact) else exact.strip()
    if (family := FAMILY.fullmatch(text)) and family["letter"] != "k":
        return _renamed(family["body"], family["letter"], "k").strip()
    if family:
        return family["body"].strip()
    return "\\mathbb{R}" if REALS.fullmatch(text) else text


def _words(text: str) -> str:
    """A text of words alone in lower case, without its article; "" for others."""
    text = SAME_WORDS.get(text.lower(), text)
    if not re.fullmatch(r"[^\W\d_][^\W\d_]+(?:[ '-][^\W\d_]+)*", text):
        return ""
    return re.sub(r"^(?:the|an?) ", "", text.lower())


ANGLE = re.compile(r"\(?(\d+(?:\.\d+)?) degrees ?\)?")


def _renamed(text: str, letter: str, into: str) -> str:
    return re.sub(rf"(?<![\\A-Za-z]){letter}(?![A-Za-z])", into, text)


def _as_letters(gold: str, said: str, context: Context) -> bool | None:
    """An option of multiple choice: its letter, with or without its text."""
    ours, theirs = letters(gold), letters(said)
    if ours is None or theirs is None:
        return None
    if not (_is_lone(gold) or _is_lone(said)) and ours == theirs:
        return None
    return ours == theirs


def _is_lone(text: str) -> bool:
    return len(text.strip("()[]. *")) == 1


def _as_numbers(gold: str, said: str, context: Context) -> bool | None:
    """Exact values; units may be missing on one side but not differ."""
    ours, theirs = quantity(gold), quantity(said)
    left, right = number(ours.text), number(theirs.text)
    policy = context.policy
    if left is None and right is None:
        return _same_but_unit(ours, theirs, policy)
    if left is None or right is None:
        comma = with_decimal_comma(ours.text if left is None else theirs.text)
        if comma and numbers.equal(
            comma, left or right or comma, policy.digits, policy.percent
        ):
            return True
        # sympy would take the m of 5m for metres
        other = theirs.text if left else ours.text
        return False if re.fullmatch(r"[-+]?[\d.]+ ?[A-Za-z]{1,2}", other) else None
    if policy.units == "convert" and ours.unit and theirs.unit:
        ratio = units.ratio(ours.unit, theirs.unit)
        if ratio is not None:
            left = left._replace(value=left.value * ratio, digits=0)
            return numbers.equal(left, right, policy.digits, policy.percent)
    if _units_forbid(ours.unit, theirs.unit, policy):
        return False
    return numbers.equal(left, right, policy.digits, policy.percent)


def _same_but_unit(
    ours: units.Quantity, theirs: units.Quantity, policy: Policy
) -> bool | None:
    if not (ours.unit or theirs.unit):
        return None
    if _units_forbid(ours.unit, theirs.unit, policy):
        return False
    return True if squeezed(ours.text) == squeezed(theirs.text) else None


def _units_forbid(ours: str, theirs: str, policy: Policy) -> bool:
    if policy.units == "required" and ours and not theirs:
        return True
    return units.differ(ours, theirs)


MULTIPLE = re.compile(r"-[\d.]* ?[A-Za-z](?:\([a-z]\))?|[\d.]+ ?[A-Za-z]")


def _as_equations(gold: str, said: str, context: Context) -> bool | None:
    """`x = 5` against `5`; equal left sides; else one side minus the other."""
    ours, theirs = _sides(gold), _sides(said)
    if len(ours) == len(theirs) == 1:
        return None
    if len(ours) > 1 and len(theirs) > 1:
        return _both_equations(ours, theirs, context)
    if len(theirs) > 1 and MULTIPLE.fullmatch(theirs[0]):
        return False  # -x = 3 and 2x = 3 do not say that something is 3
    named = any(is_name(side) for side in (ours[0], *ours[-2:]))
    if len(theirs) > 1 or named or _is_label(ours[0]):
        return context.same(_value(ours), _value(theirs))
    return None


def _value(sides: list[str]) -> str:
    """The last side, or the one before the name where a value is named last."""
    turned = len(sides) == 2 and is_name(sides[1]) and not is_name(sides[0])
    return sides[0] if turned else sides[-1]


def _both_equations(
    ours: list[str], theirs: list[str], context: Context
) -> bool | None:
    if len(ours) > 2 and any(side.endswith(ours[0]) for side in ours[1:]):
        return False  # several equations run together, and they are not equal as text
    if squeezed(ours[0]) == squeezed(theirs[0]):
        return context.same(ours[-1], theirs[-1])
    if arguments := _arguments(ours[0], theirs[0]):
        if re.findall(r"\d+", ours[0]) != re.findall(r"\d+", theirs[0]):
            return False
        left, right = arguments
        return context.same(ours[-1], _renamed(theirs[-1], right, left))
    if _is_constant(ours[0]) and _is_constant(theirs[0]):
        return context.same(ours[0], theirs[0]) and context.same(ours[-1], theirs[-1])
    if _is_graph(ours[0], theirs[0]):
        return context.same(ours[-1], theirs[-1])
    if len(ours) == len(theirs) == 2:
        if context.same(ours[0], theirs[1]) and context.same(ours[1], theirs[0]):
            return True
        if is_name(ours[0]) and is_name(theirs[0]):
            return False if number(ours[-1]) or number(theirs[-1]) else None
    return None


def _sides(text: str) -> list[str]:
    if "=" not in text:
        return [text]
    if re.search(r"[<>]|\\[lg]e(?![a-z])|\\ne(?![a-z])|\\begin|\\sum|\\prod", text):
        return [text]
    if len(members(text).parts) > 1 and not re.match(r"\([\w, ]+\) ?=", text):
        return [text]
    inner = members(text)
    bare = inner.parts[0] if inner.opens == "(" and len(inner.parts) == 1 else text
    return [side.strip() for side in bare.split("=")]


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


def _arguments(left: str, right: str) -> tuple[str, str] | None:
    """The letters that f(x) and g(t) are functions of."""
    ours = re.fullmatch(r"[A-Za-z](?:_\{?\w+\}?)?\(([A-Za-z])\)", left)
    theirs = re.fullmatch(r"[A-Za-z](?:_\{?\w+\}?)?\(([A-Za-z])\)", right)
    return (ours[1], theirs[1]) if ours and theirs else None


def _as_math_verify(gold: str, said: str, context: Context) -> bool | None:
    ours, theirs = (
        _of_percent(quantity(_in_radians(text)).text) for text in (gold, said)
    )
    for decimal, other in ((ours, theirs), (theirs, ours)):
        rounded = number(decimal)
        if rounded and rounded.digits >= context.policy.digits and rounded.places:
            exact = value(other)
            if exact is not None and numbers.rounds_to(rounded, exact):
                return True
    return equal(ours, theirs)


def _in_radians(text: str) -> str:
    r"""Angles under a function as sympy reads them; elsewhere degrees are a unit."""
    if FUNCTION.search(text):
        text = ANGLE.sub(r"(\\frac{\1 \\pi}{180})", text)
    return text.replace(" degrees", "")


def _of_percent(text: str) -> str:
    """A percentage that is no plain number as a fraction; the parser skips the sign."""
    if not text.endswith("%") or number(text):
        return text
    text = text[:-1].strip()
    share = re.sub(r" ?(?:\\times|\\cdot|\*) ?100$", "", text)
    return share if share != text else f"\\frac{{{text}}}{{100}}"


STEPS: dict[str, Callable[[str, str, Context], bool | None]] = {
    "compared as letters": _as_letters,
    "compared as numbers": _as_numbers,
    "compared as equations": _as_equations,
    "compared as matrices": as_matrices,
    "compared as intervals": as_regions,
    "compared member by member": as_members,
    "math-verify": _as_math_verify,
}
