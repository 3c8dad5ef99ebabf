"""math-verify as a second witness: small expressions only, their values checked again.

sympy computes what it is given, and big integers do not hear alarms, so towers of
powers, huge factorials, long digits and deep nesting never reach it: they leave the
answer undecided. What math-verify accepts must also agree in value, because it
rounds to six places, where 2^-98 and 2^-99 are both zero.
"""

import logging
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from pipeline.verifiers.extract.boxes import find_closing

MAX_LENGTH = 2_000
MAX_DEPTH = 15
CPU_S = 5.0
MAX_NUMBERS = 6
MAX_SIDES = 30
MAX_FUNCTIONS = 8
NUMBER = re.compile(r"\d{1,300}")
# Tuples with an index, primes, and what is neither ASCII nor Greek.
UNREAD = re.compile(r",[^()]*\)\s?_|[A-Za-z]'|[^\x00-\x7fͰ-Ͽ]")
# Long digits, factorials of factorials, powers and large numbers, large binomials,
# and three powers of plain numbers on top of one another, such as 9^8^7^6.
HUGE = re.compile(
    r"\d{300}|[A-Za-z]{60}|(?:\|[^|]*){30}|!\s*[)}]*\s*!"
    r"|\([^()]*(?:\d{4}|[\^!])[^()]*\)\s*!|\)\s*\)\s*!"
    r"|binom\s*\{[^{}]*(?:\d{5}|\^)|binom\s*\{[^{}]*\}\s*\{[^{}]*(?:\d{5}|\^)"
    r"|\d{5}\s*\\choose|\\choose\s*\d{5}|\d(?:\s*(?:\^|\*\*)\s*\d+){3}"
)
FUNCTION = re.compile(r"\\(?:arc)?(?:sin|cos|tan|ln|log|exp|sinh|cosh|tanh|Gamma)\b")
OPERATOR = re.compile(r"\\(?:int|iint|iiint|oint|sum|prod|lim)(?![a-z])")
# What makes sympy work on an integral, a sum or a limit for seconds and give up.
HARD = re.compile(r"[a-z]\s*\^\s*(?:[a-z]|\{[^{}]*[a-z])|\d{4}|\^\s*\{\\sin")
# The exponent of a sum that has letters, which would be expanded.
SUM_POWER = re.compile(r"[a-z][^()]*\)\s*\^\s*\{?\s*(\d{3,})")
EXPONENT = re.compile(r"\^\s*(?:(\d+)|([{(]))")


SIGNS = re.compile(
    r"[<>≤≥≠±?]|(?<!\\)[\[\]]|\\(?:leq?|geq?|neq?|pm|mp|neg|sim|approx|not|cap|cup|[lc]?dots)(?![a-z])"
)
SPELLED = {
    "\\leq": "≤",
    "\\le": "≤",
    "\\geq": "≥",
    "\\ge": "≥",
    "\\neq": "≠",
    "\\ne": "≠",
}
SPELLED |= {"\\pm": "±", "\\ldots": "…", "\\cdots": "…", "\\dots": "…"}


class Undecided(Exception):
    """No step can settle this pair; the message says why."""


def agrees(gold: str, predicted: str) -> bool:
    """Whether math-verify takes two texts for equal, having read all of both.

    Raises Undecided where asking could take for ever.
    """
    if is_huge(gold) or is_huge(predicted):
        raise Undecided("too large to compute with")
    if _count_signs(gold) != _count_signs(predicted):
        return False  # signs that the parser may drop with what it cannot read
    if UNREAD.search(gold) or UNREAD.search(predicted):
        return False  # the parser drops what it cannot read, and compares the rest
    with _limit_cpu():
        left, right = parse_expression(gold), parse_expression(predicted)
        if not left or not right or not _accepts(left, right):
            return False
        return not (_drops_number(gold, predicted) or _drops_number(predicted, gold))


def _count_signs(text: str) -> Counter[str]:
    return Counter(SPELLED.get(sign, sign) for sign in SIGNS.findall(text))


def _drops_number(text: str, other: str) -> bool:
    """Whether a number of `text` that `other` lacks could be changed unnoticed.

    The parser skips what it cannot read. A number that may be changed without a
    change in what is parsed was skipped, and nothing is known about it.
    """
    lacking = Counter(NUMBER.findall(text)) - Counter(NUMBER.findall(other))
    numbers = [number for number in NUMBER.finditer(text) if number[0] in lacking]
    return any(
        parse_expression(
            f"{text[: number.start()]}{int(number[0]) + 7}{text[number.end() :]}"
        )[:1]
        == parse_expression(text)[:1]
        for number in numbers[:MAX_NUMBERS]
    )


def _accepts(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    """Whether math-verify takes two parsed answers for equal, and their values are."""
    from math_verify import verify

    try:
        accepts = verify(
            list(left), list(right), timeout_seconds=None, raise_on_error=True
        )
        return bool(accepts) and _values_agree(left[0], right[0])
    except Exception:  # sympy raises anything on what it cannot compare: not equal
        return False


def _values_agree(left: Any, right: Any) -> bool:
    """Whether two constants are equal to six digits, however small they are."""
    import sympy
    from sympy.core.relational import Relational

    if isinstance(left, Relational) and isinstance(right, Relational):
        return _are_proportional(left, right)
    if not isinstance(left, sympy.Expr) or not isinstance(right, sympy.Expr):
        return True
    if left.free_symbols or right.free_symbols:
        return True
    if (exact := left.doit()).is_Rational and (other := right.doit()).is_Rational:
        return bool(exact == other)
    left, right = left.evalf(20), right.evalf(20)
    if not all(value.is_number and value.is_finite for value in (left, right)):
        return True
    return bool(abs(left - right) <= 1e-6 * max(abs(left), abs(right)))


def _are_proportional(left: Any, right: Any) -> bool:
    """Whether two relations differ by a constant factor, as 2x = 2y and x = y do.

    math-verify also accepts equations with other constants, such as x^2 + x + 1 = 0
    for x^2 + x + 2 = 0. The factor is measured at three points.
    """
    import sympy

    left, right = (
        sympy.fraction(sympy.together(relation.lhs - relation.rhs))[0]
        for relation in (left, right)
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
def parse_expression(text: str) -> tuple[Any, ...]:
    """What math-verify's parser reads in `text`; () where it is no mathematics."""
    from math_verify import parse

    # It warns once that there is no alarm of its own: the limit is ours.
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    boxed = f"\\boxed{{{text}}}"
    try:
        parsed = parse(boxed, parsing_timeout=None, raise_on_error=True)
        return tuple(map(_with_imaginary, parsed))
    except Exception:  # any error of the parser means: not mathematics
        return ()


def _with_imaginary(parsed: Any) -> Any:
    """`i` beside no other letter is the imaginary unit, which the parser misses."""
    import sympy

    if not isinstance(parsed, sympy.Expr):
        return parsed
    letters = list(parsed.free_symbols)
    if [str(letter) for letter in letters] == ["i"]:
        return parsed.xreplace({letters[0]: sympy.I}).doit()
    minus = sympy.Pow(-1, sympy.S.Half, evaluate=False)
    return parsed.xreplace({minus: sympy.I}) if parsed.has(minus) else parsed


class _OutOfTime(BaseException):
    """Past everything that catches exceptions, for sympy catches many."""


@contextmanager
def _limit_cpu() -> Iterator[None]:
    """Undecided after CPU_S seconds of this process's own time.

    CPU time is a fact about the answer, where math-verify's own alarm goes by the
    clock. Signals work in the main thread only; elsewhere there is no limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    try:
        yield
    except _OutOfTime:
        raise Undecided("math-verify needs too long") from None
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def is_huge(text: str) -> bool:
    """Whether computing `text` could take for ever: towers, factorials, nesting."""
    if len(text) > MAX_LENGTH or HUGE.search(text):
        return True
    if any(int(n[:9]) > 3_000 for n in re.findall(r"(\d{4,})\s*[!^]", text)):
        return bool(re.search(r"!|\^\s*\{?\d{3}", text))
    if text.count("=") > MAX_SIDES or len(FUNCTION.findall(text)) > MAX_FUNCTIONS:
        return True
    operators = len(OPERATOR.findall(text))
    if operators > 1 or (operators and HARD.search(text)):
        return True
    if any(int(n[:9]) > 200 for n in SUM_POWER.findall(text)):
        return True
    return _depth(text) > MAX_DEPTH or any(map(_is_tall, EXPONENT.finditer(text)))


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _is_tall(power: re.Match[str]) -> bool:
    """An exponent above 9,999, or one with a power in it that is no small number."""
    text, end = power.string, power.end()
    if exponent := power[1]:
        rest = text[end:]
    else:
        closing = find_closing(text, end - 1, "({", ")}")
        exponent = text[end:closing] if closing >= 0 else text[end:]
        rest = text[end + len(exponent) + 1 :]
    if rest.lstrip().startswith("^"):
        return True
    if small := re.fullmatch(r"(\d)\s*\^\s*\{?(\d)\}?", exponent):
        return float(small[1]) ** int(small[2]) > 5_000
    return bool(re.search(r"[\^!]|\d{5}", exponent))
