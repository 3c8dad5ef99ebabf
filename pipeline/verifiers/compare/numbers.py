r"""Exact values: integers, decimals, fractions, mixed numbers, powers of ten, words.

A number is a Fraction and what its spelling says beside the value: how many digits
a decimal shows, and whether a percent sign stands behind it. Nothing here computes
more than the value of a fraction.
"""

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple

from pipeline.verifiers.compare.policy import Policy

WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen"
)
TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
)
CARDINALS = {word: value for value, word in enumerate(WORDS.split())}
CARDINALS |= {word: 10 * value for value, word in enumerate(TENS.split(), 2)}
SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9}
PLACES = {word: value for value, word in enumerate(ORDINALS.split(), 1)}
PARTS = {"half": 2, "halve": 2, "quarter": 4} | {
    word: value for word, value in PLACES.items() if value > 2
}


class Number(NamedTuple):
    """An exact value; a decimal also has its `places` and significant `digits`."""

    value: Fraction
    digits: int = 0
    places: int = 0
    is_percent: bool = False


DECIMAL = r"(?:\d+(?:\.\d*)?|\.\d+)"
FRACTION = re.compile(rf"([-+]?)\\frac\{{([-+]?{DECIMAL})\}}\{{([-+]?{DECIMAL})\}}")
RATIO = re.compile(rf"([-+]?{DECIMAL})/(-?{DECIMAL})")
MIXED = re.compile(r"([-+]?)(\d+) ?(?:\\frac\{(\d+)\}\{(\d+)\}|(?<= )(\d+)/(\d+))")
POWER = re.compile(
    rf"([-+]?)(?:({DECIMAL}) ?(?:\\times|\\cdot|\*|x) ?)?10 ?\^ ?"
    r"(?:\{([-+]?\d{1,3})\}|([-+]?\d{1,3}))"
)
SCIENTIFIC = re.compile(rf"[-+]?{DECIMAL}(?:[eE][-+]?\d{{1,3}})?")
REPEATING = re.compile(
    r"([-+]?)(\d*)\.(\d*)(?:\\overline\{(\d+)\}|\\dot\{(\d+)\}|\((\d+)\))"
)
COMMA = re.compile(r"[-+]?(?:\d+,(?:\d{2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+)")
MAX_DIGITS = 4_000


def read_number(text: str) -> Number | None:
    """The exact value of a text in normal form, or None where it is no number."""
    text = text.strip()
    if not text or len(text) > MAX_DIGITS:
        return None
    if text.isdigit() and text.isascii():
        return Number(Fraction(int(text)), len(text.lstrip("0")))
    if text[-1] == "%":
        inner = read_number(text[:-1])
        return inner and inner._replace(is_percent=True)
    if text.isascii() and (text[0].isalpha() or "-" in text[1:-1]):
        value = read_number_words(text)
        if value is not None:
            return Number(value)
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text)
    text = re.sub(r"^\{(.*)\}$|^\(([^,]*)\)$", r"\1\2", text)
    text = re.sub(r"^([-+]) ", r"\1", text)
    try:
        return _read_digits(text)
    except (ZeroDivisionError, InvalidOperation, ValueError):
        return None


def read_decimal_comma(text: str) -> Number | None:
    """The value of `2,74` where the comma is a decimal sign, else None.

    Two decimals, four or more, or a zero in front: `3,4` is a list and `1,200` has
    its digits grouped.
    """
    if not COMMA.fullmatch(text):
        return None
    return read_number(text.replace(".", "").replace(",", "."))


def read_number_words(text: str) -> Fraction | None:
    """`twenty-one`, `two hundred and five`, `third` (3), `two thirds` (2/3)."""
    words = re.findall(r"[a-z]+", text.lower())
    if not words or len(words) > 12 or not re.fullmatch(r"[A-Za-z -]+", text):
        return None
    if words == ["half"]:
        return Fraction(1, 2)
    if len(words) == 1 and words[0] in PLACES:
        return Fraction(PLACES[words[0]])
    below = PARTS.get(words[-1].removesuffix("s"))
    if below and len(words) > 1:
        words = ["one" if word in ("a", "an") else word for word in words[:-1]]
    else:
        below = 1
    top = _read_cardinal(words)
    return None if top is None else Fraction(top, below)


def _read_cardinal(words: list[str]) -> int | None:
    total = current = 0
    for word in words:
        if word in CARDINALS:
            current += CARDINALS[word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in SCALES:
            total, current = total + max(current, 1) * SCALES[word], 0
        elif word != "and" or not (total or current):
            return None
    return None if words[-1] == "and" else total + current


def _read_digits(text: str) -> Number | None:
    tight = text.replace(" ", "") if not re.search(r"\d \d", text) else text
    if mixed := MIXED.fullmatch(text):
        sign, whole, *parts = mixed.groups()
        top, bottom = [int(part) for part in parts if part]
        return _signed(sign, int(whole) + Fraction(top, bottom))
    if fraction := FRACTION.fullmatch(tight):
        return _signed(fraction[1], Fraction(fraction[2]) / Fraction(fraction[3]))
    if ratio := RATIO.fullmatch(tight):
        return Number(Fraction(ratio[1]) / Fraction(ratio[2]))
    if power := POWER.fullmatch(text):
        sign, factor, *exponents = power.groups()
        exponent = next(filter(None, exponents))
        return _signed(sign, Fraction(factor or 1) * Fraction(10) ** int(exponent))
    if SCIENTIFIC.fullmatch(tight):
        return _read_decimal(tight)
    if repeating := REPEATING.fullmatch(tight):
        return _read_repeating(repeating)
    return None


def _signed(sign: str, value: Fraction) -> Number:
    return Number(-value if sign == "-" else value)


def _read_decimal(text: str) -> Number:
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    places = max(0, len(decimals) - int(exponent or 0))
    digits = len((whole + decimals).lstrip("+-0"))
    return Number(Fraction(Decimal(text)), digits, places)


def _read_repeating(repeating: re.Match[str]) -> Number:
    r"""The value of 0.1\overline{6}: what stands still, and the period over nines."""
    sign, whole, still, *periods = repeating.groups()
    period = next(filter(None, periods))
    value = Fraction(int(whole or 0)) + Fraction(int(still or 0), 10 ** len(still))
    value += Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(still))
    return _signed(sign, value)


def are_equal(left: Number, right: Number, policy: Policy) -> bool:
    """Whether two numbers are the same: `50%` and `0.5`, `1/3` and `0.333333`."""
    digits, percent = policy.digits, policy.percent
    if left.is_percent == right.is_percent:
        return _are_near(left, right, digits)
    share, other = (left, right) if left.is_percent else (right, left)
    fraction = Number(share.value / 100, share.digits, share.places + 2)
    if percent != "number" and _are_near(fraction, other, digits):
        return True
    # 0.75% is not 0.75: below one, a number beside a percentage is a fraction.
    may_be_number = percent == "either" and abs(other.value) >= 1
    return (may_be_number or percent == "number") and _are_near(share, other, digits)


def _are_near(left: Number, right: Number, digits: int) -> bool:
    if left.value == right.value:
        return True
    return any(
        decimal.digits >= digits and rounds_to(decimal, other.value)
        for decimal, other in ((left, right), (right, left))
    )


def rounds_to(decimal: Number, value: Fraction) -> bool:
    """Whether `value` rounds to the last place that `decimal` shows."""
    if decimal.places == 0:
        return False
    return 2 * abs(decimal.value - value) <= Fraction(1, 10**decimal.places)
