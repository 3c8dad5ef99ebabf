"""Mathematical answers: one cascade, the cheapest comparison that settles it.

equal as text → as exact numbers → quantities, equations, intervals, lists, tuples,
sets and matrices member by member → math-verify. Every step accepts, rejects or
hands on, and `why` names the step that decided. What is no mathematics is decided
once, here: a percent sign may be left out or turned into a fraction, a unit may be
left out but not changed, and a decimal of six significant digits or more stands for
what rounds to it.

Only small expressions reach sympy: towers of powers, huge factorials and long
digits leave the answer undecided. Undecided is never wrong.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pipeline.verifiers._final import final
from pipeline.verifiers._forms import (
    Members,
    Number,
    as_interval,
    members,
    number,
    plain,
    quantity,
    rows,
    squeezed,
)
from pipeline.verifiers._math_verify import (
    MAX_LENGTH,
    Undecided,
    equal,
    is_huge,
    parsed,
)
from pipeline.verifiers._plain import is_plain
from pipeline.verifiers.contract import Verdict

MAX_MEMBERS = 50


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the completion's final answer equals the gold one."""
    said, how, boxes = final(completion)
    if answer is None or (why := unreadable(answer, info)):
        return Verdict(None, said, f"gold answer: {why if answer else 'empty'}")
    if said is None:
        return Verdict(False, None, "no answer found")
    if len(said) > MAX_LENGTH:
        return Verdict(False, said[:200], f"{how}: too long to be an answer")
    try:
        right, step = same(plain(answer), plain(said))
        count = len(members(plain(answer)).parts)
        if not right and 1 < count <= len(boxes):
            joined = ", ".join(map(plain, boxes[-count:]))
            right, step = same(plain(answer), joined)
    except Undecided as undecided:
        return Verdict(None, said, f"{how}: {undecided}")
    except RecursionError:
        return Verdict(None, said, f"{how}: nested too deeply")
    return Verdict(right, said, f"{how}: {step}")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why no answer can be compared with the gold one, or None where one can."""
    if answer is None or not answer.strip():
        return "empty"
    if len(answer) > MAX_LENGTH:
        return f"{len(answer):,} characters long"
    text = plain(answer)
    if not text:
        return "empty"
    if text.lower() in ("proof", "see solution", "n/a", "none given"):
        return "a proof, not an answer"
    if _braces(answer):
        return "unbalanced braces"
    if number(text) or re.fullmatch(r"[\w' -]{1,40}", text):
        return None
    if is_huge(text):
        return "too large to compute with"
    if is_plain(answer):
        return None
    try:
        pieces = members(text).parts
        if all(number(piece) or parsed(piece) for piece in pieces) or parsed(text):
            return None
    except Undecided:
        return "math-verify needs too long to parse it"
    return "math-verify cannot parse it"


def _braces(text: str) -> bool:
    bare = re.sub(r"\\[{}]", "", text)
    return bare.count("{") != bare.count("}")


def same(gold: str, said: str) -> tuple[bool, str]:
    """Whether two plain texts mean the same, and the step that decided."""
    if squeezed(gold) == squeezed(said):
        return True, "equal as text"
    if re.fullmatch(r"[A-Za-z ]{2,}", gold) and gold.lower() == said.lower():
        return True, "equal as words"
    for step, compare in STEPS.items():
        decided = compare(gold, said)
        if decided is not None:
            return decided, step
    raise Undecided("no step decides")  # the last one always does


def _as_letters(gold: str, said: str) -> bool | None:
    """An option of multiple choice: its letter, with or without its text."""
    letter = re.fullmatch(r"\(([A-J])\)|([A-J])", gold)
    if letter is None:
        return None
    option = re.match(r"\(([A-J])\)|([A-J])(?:[.):]|$)", said)
    found = option and (option[1] or option[2])
    return bool(found == (letter[1] or letter[2])) if found else None


def _as_numbers(gold: str, said: str) -> bool | None:
    """Exact values; units may be missing on one side but not differ."""
    ours, theirs = quantity(gold), quantity(said)
    left, right = number(ours.text), number(theirs.text)
    if left is None and right is None:
        return None
    if left is None or right is None:  # sympy would take the m of 5m for metres
        other = theirs.text if left else ours.text
        return False if re.fullmatch(r"[-+]?[\d.]+ ?[A-Za-z]{1,2}", other) else None
    if ours.unit and theirs.unit and ours.unit != theirs.unit:
        return False
    return _equal(left, right)


def _equal(left: Number, right: Number) -> bool:
    if left.value == right.value:
        return True
    if left.is_percent != right.is_percent:
        percent, other = (left, right) if left.is_percent else (right, left)
        if percent.value / 100 == other.value:
            return True
    return _rounds_to(left, right.value) or _rounds_to(right, left.value)


def _rounds_to(decimal: Number, value: Fraction) -> bool:
    """Whether `decimal` has six digits or more, and `value` rounds to it."""
    if decimal.digits < 6 or decimal.places == 0:
        return False
    off = abs(decimal.value - value)
    return 2 * off <= Fraction(1, 10**decimal.places)


def _as_equations(gold: str, said: str) -> bool | None:
    """`x = 5` against `5`; equal left sides; else one side minus the other."""
    ours, theirs = _sides(gold), _sides(said)
    if len(ours) == len(theirs) == 1:
        return None
    if len(ours) > 1 and len(theirs) > 1:
        if squeezed(ours[0]) == squeezed(theirs[0]) or _functions(ours[0], theirs[0]):
            return same(ours[-1], theirs[-1])[0]
        if _is_name(ours[0]) and _is_name(theirs[0]) and len(ours) == 2:
            return False if number(ours[-1]) or number(theirs[-1]) else None
        return None
    if len(theirs) > 1 or _is_name(ours[0]):
        return same(ours[-1], theirs[-1])[0]
    return None


def _sides(text: str) -> list[str]:
    if re.search(r"[<>]|\\[lg]e(?![a-z])|\\ne(?![a-z])|\\begin|\\sum|\\prod", text):
        return [text]
    if len(members(text).parts) > 1:
        return [text]
    return [side.strip() for side in text.split("=")] if "=" in text else [text]


def _is_name(side: str) -> bool:
    """A variable or f(x), or a name in words: `x`, `x_1`, `f(x)`, `Area`."""
    return bool(
        re.fullmatch(r"\\?[A-Za-z]+(?:_\{?\w+\}?)?'?(?:\([\w, ]+\))?|[A-Za-z ]+", side)
    )


def _functions(left: str, right: str) -> bool:
    ours = re.fullmatch(r"[A-Za-z]\((.+)\)", left)
    theirs = re.fullmatch(r"[A-Za-z]\((.+)\)", right)
    return bool(ours and theirs and ours[1] == theirs[1])


def _as_intervals(gold: str, said: str) -> bool | None:
    """Inequalities as intervals, and unions of intervals in any order."""
    ours, theirs = as_interval(gold), as_interval(said)
    if (ours, theirs) == (gold, said) and "\\cup" not in gold + said:
        return None
    if _letter(gold) and _letter(said) and _letter(gold) != _letter(said):
        return False
    left, right = re.split(r"\\cup", ours), re.split(r"\\cup", theirs)
    if not all(_is_interval(part) for part in left + right):
        return None
    return len(left) == len(right) and _unordered(left, right)


def _is_interval(text: str) -> bool:
    found = members(text)
    return found.opens in ("(", "[") and len(found.parts) == 2


def _letter(text: str) -> str | None:
    found = re.search(r"(?<![\\A-Za-z])([A-Za-z])(?![A-Za-z])", text)
    return found[1] if found and re.search(r"[<>]|\\[lg]e|\\in", text) else None


def _as_matrices(gold: str, said: str) -> bool | None:
    """Cell by cell; a tuple may stand for a single row or column."""
    ours, theirs = rows(gold), rows(said)
    if ours is None and theirs is None:
        return None
    ours, theirs = ours or _vector(gold, theirs), theirs or _vector(said, ours)
    if ours is None or theirs is None:
        return None
    if [len(row) for row in ours] != [len(row) for row in theirs]:
        return False
    return all(map(_ordered, ours, theirs))


def _vector(text: str, like: list[list[str]] | None) -> list[list[str]] | None:
    found = members(text)
    if like is None or found.opens not in ("(", "[") or len(found.parts) < 2:
        return None
    return [[part] for part in found.parts] if len(like) > 1 else [found.parts]


def _as_members(gold: str, said: str) -> bool | None:
    """Lists, sets, tuples and intervals, part by part, after `±` is written out."""
    ours, theirs = members(_both_signs(gold)), members(_both_signs(said))
    if max(len(ours.parts), len(theirs.parts)) < 2:
        if ours.opens == theirs.opens == "\\{" and ours.parts and theirs.parts:
            return same(ours.parts[0], theirs.parts[0])[0]
        return None
    if len(ours.parts) != len(theirs.parts) or len(ours.parts) > MAX_MEMBERS:
        return False
    if _brackets_differ(ours, theirs):
        return False
    labels = _labelled(ours.parts), _labelled(theirs.parts)
    if labels[0] and labels[1]:
        named, others = labels
        return named.keys() == others.keys() and all(
            same(value, others[name])[0] for name, value in named.items()
        )
    left, right = _values(ours, labels[0]), _values(theirs, labels[1])
    if _is_ordered(ours) and (_is_ordered(theirs) or labels[1]):
        return _ordered(left, right)
    if _is_ordered(theirs) and labels[0]:
        return _ordered(left, right)
    if {"[", "]"} & {ours.opens, ours.closes, theirs.opens, theirs.closes}:
        return _ordered(left, right)
    return _unordered(left, right)


def _both_signs(text: str) -> str:
    if text.count("\\pm") != 1:
        return text
    body = re.sub(r"^[A-Za-z] ?= ?", "", text)
    return ", ".join(body.replace("\\pm", sign) for sign in "+-")


def _brackets_differ(ours: Members, theirs: Members) -> bool:
    """Half-open intervals are not open ones; a list may lack its brackets."""
    brackets = (ours.opens, ours.closes), (theirs.opens, theirs.closes)
    if brackets[0] == brackets[1] or ("", "") in brackets:
        return False
    return ("\\{", "\\}") not in brackets


def _labelled(parts: list[str]) -> dict[str, str]:
    """`x = 1, y = 2` as {"x": "1", "y": "2"}; {} where labels lack or repeat."""
    found = [part.split("=") for part in parts]
    if any(len(sides) != 2 or not _is_name(sides[0].strip()) for sides in found):
        return {}
    named = {name.strip(): value.strip() for name, value in found}
    return named if len(named) == len(parts) else {}


def _values(parted: Members, named: dict[str, str]) -> list[str]:
    if named:
        return list(named.values())
    return [re.sub(r"^[A-Za-z](?:_\{?\d+\}?)? ?= ?", "", part) for part in parted.parts]


def _is_ordered(parted: Members) -> bool:
    return parted.opens == "("


def _ordered(left: list[str], right: list[str]) -> bool:
    pairs = zip(left, right, strict=True)
    return all(same(ours, theirs)[0] for ours, theirs in pairs)


def _unordered(left: list[str], right: list[str]) -> bool:
    """Whether the parts pair up, each with one of its own."""
    rest = list(right)
    for part in left:
        twin = next((other for other in rest if same(part, other)[0]), None)
        if twin is None:
            return False
        rest.remove(twin)
    return True


def _as_math_verify(gold: str, said: str) -> bool | None:
    return equal(quantity(gold).text, quantity(said).text)


STEPS: dict[str, Callable[[str, str], bool | None]] = {
    "compared as letters": _as_letters,
    "compared as numbers": _as_numbers,
    "compared as equations": _as_equations,
    "compared as matrices": _as_matrices,
    "compared as intervals": _as_intervals,
    "compared member by member": _as_members,
    "math-verify": _as_math_verify,
}
