r"""Quantities: a value parted from its unit, and units that can be compared.

A unit is written in many ways: `cm^2`, `square centimetres`, `m/s`, `metres per
second`, `$5`, `5 yuan`, `厘米`. Those of measure have a dimension and a size in SI, so
that 100 cm and 1 m can be converted where a policy asks for it; 5 cm and 5 m differ.
Words that count things vary freely: 5 apples and 5 pieces of fruit are both 5.
"""

import re
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from pipeline.verifiers.compare.numbers import read_number_words

# symbol: (dimension, size in the dimension's own unit)
MEASURES = {
    "m": ("length", "1"), "in": ("length", "0.0254"), "ft": ("length", "0.3048"),
    "yd": ("length", "0.9144"), "mi": ("length", "1609.344"),
    "g": ("mass", "1"), "t": ("mass", "1000000"), "lb": ("mass", "453.59237"),
    "oz": ("mass", "28.349523125"),
    "s": ("time", "1"), "min": ("time", "60"), "h": ("time", "3600"),
    "am": ("morning", "1"), "pm": ("evening", "1"), "day": ("time", "86400"),
    "week": ("time", "604800"), "month": ("month", "1"),
    "year": ("month", "12"),
    "L": ("volume", "0.001"), "gal": ("volume", "0.003785411784"),
    "N": ("force", "1"), "J": ("energy", "1"), "cal": ("energy", "4.184"),
    "eV": ("energy", "1.602176634e-19"), "W": ("power", "1"), "V": ("voltage", "1"),
    "A": ("current", "1"), "Pa": ("pressure", "1"), "atm": ("pressure", "101325"),
    "bar": ("pressure", "100000"), "Hz": ("frequency", "1"), "K": ("kelvin", "1"),
    "Ω": ("resistance", "1"), "mol": ("amount", "1"), "C": ("charge", "1"),
    "T": ("field", "1"), "ha": ("area", "10000"), "acre": ("area", "4046.8564224"),
    "degree": ("angle", "1"), "rad": ("radian", "1"),
    "°C": ("celsius", "1"), "°F": ("fahrenheit", "1"),
    "$": ("dollar", "1"), "¢": ("dollar", "0.01"), "€": ("euro", "1"),
    "£": ("sterling", "1"), "¥": ("yuan", "1"), "₹": ("rupee", "1"),
    "₽": ("ruble", "1"), "₩": ("won", "1"),
}  # fmt: skip
# Symbols that take a prefix, the prefixes, their long names, and names that take one.
PREFIXED = {"m", "g", "s", "L", "N", "J", "W", "V", "A", "Pa", "Hz", "eV", "mol", "cal",
            "Ω", "C", "T", "K", "bar"}  # fmt: skip
PREFIXES = {
    "p": "1e-12", "n": "1e-9", "u": "1e-6", "μ": "1e-6", "µ": "1e-6", "m": "1e-3",
    "c": "1e-2", "d": "1e-1", "h": "100", "k": "1000", "M": "1e6", "G": "1e9",
    "T": "1e12",
}  # fmt: skip
LONG = {"pico": "p", "nano": "n", "micro": "u", "milli": "m", "centi": "c", "deci": "d",
        "hecto": "h", "kilo": "k", "mega": "M", "giga": "G", "tera": "T"}  # fmt: skip
NAMES = {
    "meter": "m", "metre": "m", "gram": "g", "gramme": "g", "second": "s", "sec": "s",
    "liter": "L", "litre": "L", "l": "L", "newton": "N", "joule": "J", "watt": "W",
    "volt": "V", "ampere": "A", "amp": "A", "pascal": "Pa", "hertz": "Hz", "ohm": "Ω",
    "mole": "mol", "calorie": "cal", "coulomb": "C", "tesla": "T", "kelvin": "K",
    "electronvolt": "eV",
}  # fmt: skip
# Names that take no prefix, in the singular: the last s is dropped before look-up.
OTHERS = {
    "inch": "in", "inche": "in", "foot": "ft", "feet": "ft", "yard": "yd", "mile": "mi",
    "pound": "lb", "ounce": "oz", "minute": "min", "hour": "h", "hr": "h", "day": "day",
    "week": "week", "month": "month", "year": "year", "yr": "year", "gallon": "gal",
    "ton": "t", "tonne": "t", "hectare": "ha", "acre": "acre", "deg": "degree",
    "degree": "degree", "radian": "rad", "celsiu": "°C", "fahrenheit": "°F",
    "cent": "¢", "dollar": "$", "usd": "$", "buck": "$", "euro": "€", "eur": "€",
    "gbp": "£", "yuan": "¥", "rmb": "¥", "cny": "¥", "rupee": "₹", "inr": "₹",
    "ruble": "₽", "rub": "₽", "won": "₩", "yen": "¥", "jpy": "¥",
    "厘米": "cm", "毫米": "mm", "千米": "km", "公里": "km", "平方米": "m^2", "米": "m",
    "千克": "kg", "公斤": "kg", "克": "g", "吨": "t", "秒": "s", "分钟": "min",
    "小时": "h", "天": "day", "年": "year", "升": "L", "毫升": "mL", "元": "¥",
    "美元": "$", "度": "degree", "円": "¥", "원": "₩", "см": "cm", "мм": "mm", "м": "m",
    "км": "km", "кг": "kg", "г": "g", "ч": "h", "мин": "min", "руб": "₽",
    "рублей": "₽", "سم": "cm", "كم": "km", "كغ": "kg",
}  # fmt: skip
PREFIXED_UNITS = {prefix + symbol for prefix in PREFIXES for symbol in PREFIXED}
UNITS = {
    prefix + symbol: (dimension, Fraction(times) * Fraction(size))
    for prefix, times in [*PREFIXES.items(), ("", "1")]  # last: pm is no picometre
    for symbol, (dimension, size) in MEASURES.items()
    if not prefix or symbol in PREFIXED
}
SYMBOLS = {long + name: LONG[long] + NAMES[name] for long in LONG for name in NAMES}
SYMBOLS |= OTHERS | NAMES
# Two letters or fewer may be variables: only these are units after a space.
SHORT_WORDS = """cm mm km nm kg mg ml mL dL cL ft in yd mi lb oz hr min s m g h L N J W
    V A K C F am pm t kN kJ kW kV mV mA Pa Hz eV °C °F ha"""
SHORT = set(SHORT_WORDS.split())
FUNCTIONS = "and or pi sin cos tan log sqrt mod exp infty cdot times frac if for"
NO_UNITS = set(FUNCTIONS.split())
LENGTHS = {"volume": ("length", 3), "area": ("length", 2)}
LITTLE = {"of", "to", "per", "on", "at", "a", "by", "as"}
PERCENT = r"(?:per ?cent|pct|percentage)"
COIN = re.compile(r"([-+]?) ?\\?([$€£¥₹₽₩]) ?([-+]?[\d.].*)", re.S)
CODE = re.compile(r"(USD|EUR|GBP|INR|CNY|RMB|JPY) ?([-+]?[\d.].*)", re.S)
COIN_AFTER = re.compile(r"(.*[\d.}]) ?\\?([$€£¥₹₽₩])")
BASED = re.compile(r"\{?([-+]?[0-9A-F]+)_\{?\(?(-?\d+)\)?\}?\}?")
NAME = r"[^\W\d_]+(?: ?\^\{?-?\d\}?|\d)?"
ANGLED = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
UNIT = re.compile(
    rf"(.*?[\d}})%]|.*\\(?:pi|infty)) ?((?<=[ }}])?{NAME}(?:[ ./·-]+{NAME})*)"
)
METRES = re.compile(r"(\d+\.\d+)m\^\{?([23])\}?")
SPELLINGS = [
    (r"degrees ([CF])", r"°\1"),
    (r"\bper\b", "/"),
    (r"\s+\^", "^"),
    (r"\b(?:cubic|cu\.?) (\w+)", r"\1^3"),
    (r"\b(?:square|sq\.?) (\w+)", r"\1^2"),
    (r"\b(\w+) squared\b", r"\1^2"),
    (r"\b(\w+) cubed\b", r"\1^3"),
    (r"mph", "mi/h"),
    (r"kph", "km/h"),
]
POWERED = re.compile(r"([^\W\d_°$¢€£¥₹₽₩]+|[°$¢€£¥₹₽₩][CF]?)\^?\{?(-?\d)?\}?")


class Quantity(NamedTuple):
    """A text without its unit, and the unit ("" for none) in one spelling."""

    text: str
    unit: str


class Size(NamedTuple):
    """A unit of measure: its dimensions in one spelling, and how large it is."""

    dimension: str
    factor: Fraction


@lru_cache(50_000)
def split_unit(text: str) -> Quantity:
    """Part a text in normal form into what is measured and its unit, coin or base.

    `5 cm` is ("5", "cm"), `$5` is ("5", "$"), `101_2` is ("101", "base 2").
    """
    if text.isdigit():
        return Quantity(text, "")
    if text.endswith(" degrees") and ANGLED.search(text):
        return Quantity(text, "")  # the sine of 30 degrees has no unit
    if coin := COIN.fullmatch(text):
        return Quantity(split_unit(coin[1] + coin[3]).text, coin[2])
    if code := CODE.fullmatch(text):
        return Quantity(code[2], OTHERS[code[1].lower()])
    if coin := COIN_AFTER.fullmatch(text):
        return Quantity(coin[1].strip(), coin[2])
    if based := BASED.fullmatch(text):
        return Quantity(based[1], f"base {based[2]}")
    if percent := re.fullmatch(rf"(.*) {PERCENT}", text, re.S):
        return Quantity(percent[1] + "%", "")
    if area := METRES.fullmatch(text):
        return Quantity(area[1], f"m^{area[2]}")
    if text[:1].isalpha() and (counted := _split_words(text)):
        return counted
    measured = UNIT.fullmatch(text)
    if measured is None:
        return Quantity(text, "")
    value, unit = measured[1].strip(), measured[2].strip()
    if not _is_unit(unit, touching=text[measured.end(1)] != " "):
        return Quantity(text, "")
    if re.fullmatch(PERCENT, unit):
        return Quantity(value + "%", "")
    return Quantity(value, normalise_unit(unit))


def _split_words(text: str) -> Quantity | None:
    """`eight hours` as 8 h; None for a number alone, such as two fifths."""
    counted, _, noun = text.rpartition(" ")
    value = read_number_words(counted)
    if value is None or not noun.isalpha() or read_number_words(text) is not None:
        return None
    return Quantity(str(value), normalise_unit(noun))


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
        or word.lower() in OTHERS
        or (not touching and word in PREFIXED_UNITS)
        for word in words
        if word not in LITTLE
    )


@lru_cache(10_000)
def normalise_unit(unit: str) -> str:
    """`square centimeters` as cm^2, `meters per second` as m/s; other words lower."""
    for pattern, into in SPELLINGS:
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
def unit_size(unit: str) -> Size | None:
    """How large a unit of measure is, or None where its words only count things."""
    over, _, under = unit.partition("/")
    dimensions: dict[str, int] = {}
    factor = Fraction(1)
    for side, sign in ((over, 1), (under, -1)):
        for name, power in re.findall(r"([^\s^/]+)(?:\^(-?\d))?", side):
            if name not in UNITS:
                return None
            dimension, size = UNITS[name]
            exponent = sign * int(power or 1)
            kind, times = LENGTHS.get(dimension, (dimension, 1))
            dimensions[kind] = dimensions.get(kind, 0) + times * exponent
            factor *= size**exponent
    spelled = " ".join(f"{kind}^{n}" for kind, n in sorted(dimensions.items()) if n)
    return Size(spelled, factor)


def units_differ(left: str, right: str) -> bool:
    """Whether two units cannot be of one quantity as written.

    cm and m differ, so do % and cm; words may vary, as apples and pieces.
    """
    if left == right or not left or not right:
        return False
    if "%" in (left, right):
        return True
    sizes = unit_size(left), unit_size(right)
    if sizes == (None, None):
        return "base" in left or "base" in right
    return sizes[0] != sizes[1]


def unit_is_wrong(gold: str, predicted: str, policy: str) -> bool:
    """Whether a unit is another than the gold one, or missing where "required"."""
    if policy == "required" and gold and not predicted:
        return True
    return units_differ(gold, predicted)


def unit_ratio(left: str, right: str) -> Fraction | None:
    """How many of `right` make one of `left`; None where they cannot be converted."""
    size, other = unit_size(left), unit_size(right)
    if size is None or other is None or size.dimension != other.dimension:
        return None
    return size.factor / other.factor
