r"""Quantities: a value parted from its unit, and units that can be compared.

A unit is written in many ways: `cm^2`, `square centimetres`, `m/s`, `metres per
second`, `$5`, `5 yuan`, `厘米`. Those of measure have a dimension and a size in SI, so
that 100 cm and 1 m can be converted where a policy asks for it; 5 cm and 5 m differ.
Words that count things vary freely: 5 apples and 5 pieces of fruit are both 5.
"""

import re
import tomllib
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

# Every unit is a row of the table; with a prefix it is one of PAIRS.
TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
PREFIXES, MEASURES = TABLE["prefixes"], TABLE["prefixed"] | TABLE["plain"]
PAIRS = [
    (prefix, symbol)
    for prefix in PREFIXES
    for symbol in MEASURES
    if not prefix or symbol in TABLE["prefixed"]
]
PREFIXED_UNITS = {prefix + symbol for prefix, symbol in PAIRS if prefix}
UNITS: dict[str, tuple[str, Fraction]] = {
    prefix + symbol: (dimension, Fraction(PREFIXES[prefix][0]) * Fraction(size))
    for prefix, symbol in PAIRS
    for dimension, size, _ in [MEASURES[symbol]]
}
SYMBOLS = {
    PREFIXES[prefix][1] + name: prefix + symbol
    for prefix, symbol in PAIRS
    for name in MEASURES[symbol][2].split()
}
SYMBOLS |= {
    name: unit for unit, names in TABLE["words"].items() for name in names.split()
}
SHORT, LITTLE = set(TABLE["short"]), set(TABLE["little"])
NO_UNITS = set(TABLE["no_units"])
LENGTHS = {"volume": ("length", 3), "area": ("length", 2)}
COINS = "".join(sign for sign in MEASURES if len(sign) == 1 and not sign.isalnum())
CODES = "|".join(
    name.upper()
    for sign in COINS
    for name in MEASURES[sign][2].split()
    if len(name) == 3
)
COIN_BEFORE = re.compile(rf"([-+−]?)\s*(?:\\?([{COINS}])|({CODES})\b)\s*(?=[-\d.])")
COIN_AFTER = re.compile(rf"(?<=[\d.}}])\s*\\?([{COINS.replace('$', '')}])\s*$")
NAME = r"[^\W\d_]+(?: ?\^\{?-?\d\}?|\d)?"
UNIT = re.compile(
    rf"(.*?[\d}})%]|.*\\(?:pi|infty)) ?((?<=[ }}])?{NAME}(?:[ ./·-]+{NAME})*)"
)
METRES = re.compile(r"(\d+\.\d+)m\^\{?([23])\}?")
POWERED = re.compile(r"([^\W\d_°$¢€£¥₹₽₩]+|[°$¢€£¥₹₽₩][CF]?)\^?\{?(-?\d+)?\}?")


class Quantity(NamedTuple):
    """A text without its unit, and the unit ("" for none) in one spelling."""

    text: str
    unit: str


def split_coin(text: str) -> Quantity:
    """Part an amount of money from the sign or code before it or the sign behind."""
    is_one = text.count("$") <= 1 + ("\\$" in text)  # and no formula between two
    if (before := COIN_BEFORE.match(text)) and is_one:
        coin = before[2] or SYMBOLS[before[3].lower()]
        return Quantity(before[1] + text[before.end() :], coin)
    if behind := COIN_AFTER.search(text):
        return Quantity(text[: behind.start()], behind[1])
    return Quantity(text, "")


@lru_cache(50_000)
def split_unit(text: str) -> Quantity:
    """Part a product that may be a value and its unit: `5 m` is ("5", "m")."""
    if area := METRES.fullmatch(text):
        return Quantity(area[1], f"m^{area[2]}")
    measured = UNIT.fullmatch(text)
    if measured is None:
        return Quantity(text, "")
    value, unit = measured[1].strip(), measured[2].strip()
    if not _is_unit(unit, touching=text[measured.end(1)] != " "):
        return Quantity(text, "")
    return Quantity(value, normalise_unit(unit))


def _is_unit(unit: str, *, touching: bool) -> bool:
    words = re.findall(r"[^\W\d_]+", unit)
    if not words or any(word.lower() in NO_UNITS for word in words):
        return False
    if words[0] in LITTLE:
        return False
    if touching and len(words[0]) == 1 and words[0].isascii():
        return False  # the m of 5m may be a variable
    return all(
        len(word) > 2
        or word in SHORT
        or not word.isascii()
        or word.lower() in ("hr", "yr")
        or (not touching and word in PREFIXED_UNITS)
        for word in words
        if word not in LITTLE
    )


@lru_cache(10_000)
def normalise_unit(unit: str) -> str:
    """`square centimeters` as cm^2, `meters per second` as m/s; other words lower."""
    for pattern, into in TABLE["spellings"]:
        unit = re.sub(pattern, into, unit)
    return "/".join(map(_normalise_product, unit.split("/"))).strip()


def _normalise_product(text: str) -> str:
    return " ".join(
        _symbol(name) + (f"^{power}" if power else "")
        for name, power in POWERED.findall(text)
    )


def _symbol(word: str) -> str:
    if word in SHORT or word in MEASURES:
        return {"hr": "h", "ml": "mL"}.get(word, word)
    single = word.lower().rstrip("s") or word
    return SYMBOLS.get(single) or (word if word in PREFIXED_UNITS else single)


@lru_cache(10_000)
def unit_size(unit: str) -> tuple[str, Fraction] | None:
    """The dimension of a unit of measure and how large it is in SI.

    None for words that only count things.
    """
    over, _, under = unit.partition("/")
    dimensions: dict[str, int] = {}
    factor = Fraction(1)
    for side, sign in ((over, 1), (under, -1)):
        for name, power in re.findall(r"([^\s^/]+)(?:\^(-?\d+))?", side):
            if name not in UNITS:
                return None
            dimension, size = UNITS[name]
            exponent = sign * int(power or 1)
            kind, times = LENGTHS.get(dimension, (dimension, 1))
            dimensions[kind] = dimensions.get(kind, 0) + times * exponent
            factor *= size**exponent
    spelled = " ".join(f"{kind}^{n}" for kind, n in sorted(dimensions.items()) if n)
    return spelled, factor


def unit_is_wrong(gold: str, predicted: str, policy: str) -> bool:
    """Whether a unit is another than the gold one, or missing where "required".

    cm and m differ, so do % and cm; words may vary, as apples and pieces.
    """
    if gold == predicted or not gold:
        return False
    if not predicted:
        return policy == "required"
    if "%" in (gold, predicted):
        return True
    sizes = unit_size(gold), unit_size(predicted)
    if sizes == (None, None):
        return "base" in gold or "base" in predicted
    return sizes[0] != sizes[1]


def unit_ratio(left: str, right: str) -> Fraction | None:
    """How many of `right` make one of `left`; None where they cannot be converted."""
    size, other = unit_size(left), unit_size(right)
    if size is None or other is None or size[0] != other[0]:
        return None
    return size[1] / other[1]
