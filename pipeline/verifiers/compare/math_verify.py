"""math-verify on a leash: small expressions only, and their values checked again.

sympy computes what it is given, and big integers do not hear alarms, so towers of
powers, huge factorials, long digits and deep nesting never reach it: they leave the
answer undecided. What math-verify accepts must also agree in value, because it
rounds to six places, where 2^-98 and 2^-99 are both zero.
"""

import re
import threading
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import Any

MAX_LENGTH = 2_000
MAX_DEPTH = 15
MAX_NUMBERS = 6
MAX_SIDES = 30
MAX_FUNCTIONS = 8


NUMBER = re.compile(r"\d{1,300}")
# Tuples with an index, primes, and what is neither ASCII nor Greek.
UNREAD = re.compile(r",[^()]*\)\s?_|[A-Za-z]'|[^\x00-\x7fͰ-Ͽ]")


class Undecided(Exception):
    """No step can settle this pair; the message says why."""


def equal(gold: str, said: str) -> bool:
    """What sympy finds; Undecided where asking could take for ever."""
    if is_huge(gold) or is_huge(said):
        raise Undecided("too large to compute with")
    if UNREAD.search(gold) or UNREAD.search(said):
        return False  # the parser drops what it cannot read, and compares the rest
    ours, theirs = parsed(gold), parsed(said)
    if not ours or not theirs:
        return False
    agrees = _compared(list(ours), list(theirs))
    return agrees and not (_drops_a_number(gold, said) or _drops_a_number(said, gold))


def value(text: str) -> Fraction | None:
    """A constant's value to thirty digits; None for what is no real constant."""
    import sympy

    if is_huge(text) or UNREAD.search(text) or not (found := parsed(text)):
        return None
    constant = found[0]
    if not isinstance(constant, sympy.Expr) or constant.free_symbols:
        return None
    rounded = constant.evalf(30)
    if not rounded.is_Float or not rounded.is_finite or _drops_a_number(text, ""):
        return None
    return Fraction(str(rounded))


def _drops_a_number(text: str, other: str) -> bool:
    """Whether a number of `text` that `other` lacks could be changed unnoticed.

    The parser skips what it cannot read. A number that may be changed without a
    change in what is parsed was skipped, and nothing is known about it.
    """
    lacking = Counter(NUMBER.findall(text)) - Counter(NUMBER.findall(other))
    found = [one for one in NUMBER.finditer(text) if one[0] in lacking]
    return any(
        parsed(f"{text[: one.start()]}{int(one[0]) + 7}{text[one.end() :]}")[:1]
        == parsed(text)[:1]
        for one in found[:MAX_NUMBERS]
    )


def _compared(ours: list[Any], theirs: list[Any]) -> bool:
    from math_verify import verify as compare
    from math_verify.errors import TimeoutException

    try:
        agrees = compare(ours, theirs, timeout_seconds=_alarm(), raise_on_error=True)
        return bool(agrees) and _values_agree(ours[0], theirs[0])
    except TimeoutException:
        raise Undecided("verifier_timeout") from None
    except Exception:  # sympy raises anything on what it cannot compare: not equal
        return False


def _values_agree(ours: Any, theirs: Any) -> bool:
    """Whether two constants are equal to six digits, however small they are."""
    import sympy
    from sympy.core.relational import Relational

    if isinstance(ours, Relational) and isinstance(theirs, Relational):
        return _proportional(ours, theirs)
    if not isinstance(ours, sympy.Expr) or not isinstance(theirs, sympy.Expr):
        return True
    if ours.free_symbols or theirs.free_symbols:
        return True
    if (exact := ours.doit()).is_Rational and theirs.doit().is_Rational:
        return bool(exact == theirs.doit())
    left, right = ours.evalf(20), theirs.evalf(20)
    if not (left.is_number and right.is_number) or not (
        left.is_finite and right.is_finite
    ):
        return True
    return bool(abs(left - right) <= 1e-6 * max(abs(left), abs(right)))


def _proportional(ours: Any, theirs: Any) -> bool:
    """Whether two relations differ by a constant factor, as 2x = 2y and x = y do.

    math-verify also accepts equations with other constants, such as x^2 + x + 1 = 0
    for x^2 + x + 2 = 0. The factor is measured at three points.
    """
    import sympy

    left, right = (
        sympy.fraction(sympy.together(relation.lhs - relation.rhs))[0]
        for relation in (ours, theirs)
    )
    letters = sorted(left.free_symbols | right.free_symbols, key=str)
    factors = []
    for start in (2, 5, 11):
        at = {x: sympy.Rational(start + 3 * n, 7) for n, x in enumerate(letters)}
        bottom = right.subs(at).evalf(20)
        if bottom == 0:
            return False
        factors.append(left.subs(at).evalf(20) / bottom)
    return all(abs(factor - factors[0]) < 1e-9 * abs(factors[0]) for factor in factors)


@lru_cache(20_000)
def parsed(text: str) -> tuple[Any, ...]:
    from math_verify import parse
    from math_verify.errors import TimeoutException

    try:
        boxed = f"\\boxed{{{text}}}"
        found = parse(boxed, parsing_timeout=_alarm(), raise_on_error=True)
        return tuple(map(_with_imaginary, found))
    except TimeoutException:
        raise Undecided("verifier_timeout") from None
    except Exception:  # any error of the parser means: not mathematics
        return ()


def _with_imaginary(found: Any) -> Any:
    """`i` beside no other letter is the imaginary unit, which the parser misses."""
    import sympy

    if not isinstance(found, sympy.Expr):
        return found
    letters = list(found.free_symbols)
    if [str(letter) for letter in letters] == ["i"]:
        return found.xreplace({letters[0]: sympy.I}).doit()
    minus = sympy.Pow(-1, sympy.S.Half, evaluate=False)
    return found.xreplace({minus: sympy.I}) if found.has(minus) else found


def _alarm() -> int | None:
    """math-verify's alarm works in the main thread only."""
    return 5 if threading.current_thread() is threading.main_thread() else None


# Long digits, factorials of factorials, powers and large numbers, large binomials.
HUGE = re.compile(
    r"\d{300}|[A-Za-z]{60}|(?:\|[^|]*){30}|!\s*[)}]*\s*!|\([^()]*(?:\d{4}|[\^!])[^()]*\)\s*!|\)\s*\)\s*!"
    r"|binom\s*\{[^{}]*(?:\d{5}|\^)|binom\s*\{[^{}]*\}\s*\{[^{}]*(?:\d{5}|\^)"
    r"|\d{5}\s*\\choose|\\choose\s*\d{5}"
)
FUNCTION = re.compile(r"\\(?:arc)?(?:sin|cos|tan|ln|log|exp|sinh|cosh|tanh|Gamma)\b")
OPERATOR = re.compile(r"\\(?:int|iint|iiint|oint|sum|prod|lim)(?![a-z])")
# The exponent of a sum that has letters, which would be expanded.
SUM_POWER = re.compile(r"[a-z][^()]*\)\s*\^\s*\{?\s*(\d{3,})")
EXPONENT = re.compile(r"\^\s*(?:(\d+)|([{(]))")


# Three powers of plain numbers on top of one another, such as 9^8^7^6.
TOWER = re.compile(r"\d(?:\s*(?:\^|\*\*)\s*\d+){3}")


def is_huge(text: str) -> bool:
    """Whether computing `text` could take for ever: towers, factorials, nesting."""
    if len(text) > MAX_LENGTH or HUGE.search(text) or TOWER.search(text):
        return True
    if any(int(n[:9]) > 3_000 for n in re.findall(r"(\d+)\s*[!^]", text) if len(n) > 3):
        return bool(re.search(r"!|\^\s*\{?\d{3}", text))
    if text.count("=") > MAX_SIDES or len(FUNCTION.findall(text)) > MAX_FUNCTIONS:
        return True
    if OPERATOR.search(text) and _is_hard(text):
        return True
    if any(int(n[:9]) > 200 for n in SUM_POWER.findall(text)):
        return True
    return _deepest(text) > MAX_DEPTH or any(map(_is_tall, EXPONENT.finditer(text)))


def _is_hard(text: str) -> bool:
    """Integrals, sums and limits that sympy would work on for seconds and give up."""
    several = len(OPERATOR.findall(text)) > 1
    variable_power = re.search(r"[a-z]\s*\^\s*(?:[a-z]|\{[^{}]*[a-z])", text)
    return bool(several or variable_power or re.search(r"\d{4}|\^\s*\{\\sin", text))


def _deepest(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _is_tall(power: re.Match[str]) -> bool:
    """An exponent above 9,999, or one with a power in it that is no small number."""
    if power[1]:
        rest = power.string[power.end() :].lstrip()
        return len(power[1]) > 4 or rest.startswith("^")
    exponent = _group(power.string, power.end() - 1)
    rest = power.string[power.end() + len(exponent) + 1 :]
    if rest.lstrip().startswith("^"):
        return True
    small = re.fullmatch(r"(\d)\s*\^\s*\{?(\d)\}?", exponent)
    if small:
        return float(small[1]) ** int(small[2]) > 5_000
    return bool(re.search(r"[\^!]|\d{5}", exponent))


def _group(text: str, start: int) -> str:
    depth = 0
    for end in range(start, len(text)):
        depth += (text[end] in "({") - (text[end] in ")}")
        if depth == 0:
            return text[start + 1 : end]
    return text[start + 1 :]
