"""Spellings of mathematics: what layout changes and meaning does not.

`plain` gives one spelling; `number` reads exact values; `quantity` parts a value
from its unit; `members` parts lists, sets, tuples and intervals; `rows` reads a
matrix. Nothing here computes more than the value of a fraction.
"""

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from pipeline.verifiers._final import last_box

SIGNS = {
    "−": "-", "–": "-", "×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "÷": "/",
    "π": "\\pi ", "∞": "\\infty ", "≤": "\\le ", "⩽": "\\le ", "≥": "\\ge ",
    "⩾": "\\ge ", "≠": "\\ne ", "∪": "\\cup ", "∩": "\\cap ", "√": "\\sqrt ",
    "°": "^\\circ ", "²": "^2", "³": "^3", "∈": "\\in ", "±": "\\pm ", "½": "1/2",
    "θ": "\\theta ", "∅": "\\emptyset ", "\u00a0": " ", "\u2009": " ", "\u202f": " ",
    "&lt;": "<", "&gt;": ">", "&le;": "\\le ", "&ge;": "\\ge ",
}  # fmt: skip
SIGN = re.compile("|".join(map(re.escape, SIGNS)))
RULES = [
    (r"(?<=\d)(?:\\,|\\!|\\ |\\;|~|,\\!|\{,\}|\u202f|\u2009|\u00a0| )(?=\d{3}(?!\d))",
     ","),
    (r"\\(?:left|right|big|Big|bigg|Bigg)[lr]?(?![a-zA-Z])\s*\.?", ""),
    (r"\\(?:displaystyle|textstyle|limits|mathstrut)(?![a-zA-Z])|\\!", ""),
    (r"\\[,;: ]|\\q?quad(?![a-zA-Z])|~", " "),
    (r"\\[dtc]frac(?![a-zA-Z])", r"\\frac"),
    (r"\\(?:text|textbf|textit|textrm|textsf|mathrm|mathbf|mathit|mbox|hbox|bf|rm"
     r"|operatorname)\s*\{([^{}]*)\}", r" \1 "),
    (r"\\(?:leq|leqslant)(?![a-zA-Z])", r"\\le"),
    (r"\\(?:geq|geqslant)(?![a-zA-Z])", r"\\ge"),
    (r"\\lt(?![a-zA-Z])", "<"),
    (r"\\gt(?![a-zA-Z])", ">"),
    (r"<=", r"\\le "),
    (r">=", r"\\ge "),
    (r"\\(?:varnothing)(?![a-zA-Z])", r"\\emptyset"),
    (r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
    (r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{"),
    (r"\\sqrt\s*(\d)", r"\\sqrt{\1}"),
    (r"\\sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
    (r"\\?%", "%"),
    (r"\{\s*\^\s*\\circ\s*\}|\^\s*\{?\s*\\circ\s*\}?|\\degree(?![a-zA-Z])",
     " degrees "),
    (r"\s+", " "),
]  # fmt: skip
LAYOUT = [(re.compile(pattern), into) for pattern, into in RULES]
WRAPPED = re.compile(r"\$\$?(.*?)\$?\$|\\\((.*)\\\)|\\\[(.*)\\\]|\*\*(.*)\*\*", re.S)
WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen "
    "fourteen fifteen sixteen seventeen eighteen nineteen twenty"
)
VALUES = {word: value for value, word in enumerate(WORDS.split())}


@lru_cache(50_000)
def plain(answer: str) -> str:
    """One spelling of what layout does not change; empty text stays empty."""
    text = answer.strip()
    if (inner := last_box(text)) is not None:
        text = inner
    text = text.strip().rstrip(".,;:").strip()
    while (found := WRAPPED.fullmatch(text)) and (inside := _first(found)):
        text = inside.strip().rstrip(".,;").strip()
    text = SIGN.sub(lambda sign: SIGNS[sign[0]], text)
    for pattern, into in LAYOUT:
        text = pattern.sub(into, text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text) if _grouped(text) else text
    return text.strip().rstrip(".,;").strip()


def _first(found: re.Match[str]) -> str:
    """What the one layer of wrapping holds; "" where it is two formulas."""
    inside = next((group for group in found.groups() if group), "")
    return "" if "$" in inside else inside


def _grouped(text: str) -> bool:
    """Whether commas group digits here; in (1,200) or {1,200} they part members."""
    return not re.search(r"[(\[{][^()\[\]{}]*,", text) and not re.search(r",\s", text)


def squeezed(text: str) -> str:
    """Without spaces and multiplication signs: for equality as text."""
    return re.sub(r"\\cdot|\\times|\s", "", text)


class Number(NamedTuple):
    """An exact value; a decimal also has its `places` and significant `digits`."""

    value: Fraction
    digits: int = 0
    places: int = 0
    is_percent: bool = False


DECIMAL = r"(?:\d+(?:\.\d*)?|\.\d+)"
FRACTION = re.compile(rf"([-+]?)\\frac\{{([-+]?{DECIMAL})\}}\{{([-+]?{DECIMAL})\}}")
RATIO = re.compile(rf"([-+]?{DECIMAL})/({DECIMAL})")
MIXED = re.compile(r"([-+]?)(\d+) ?(?:\\frac\{(\d+)\}\{(\d+)\}|(?<= )(\d+)/(\d+))")
POWER = re.compile(
    rf"([-+]?)(?:({DECIMAL}) ?(?:\\times|\\cdot|\*) ?)?10 ?\^ ?\{{?(-?\d{{1,3}})\}}?"
)
SCIENTIFIC = re.compile(rf"[-+]?{DECIMAL}(?:[eE][-+]?\d{{1,3}})?")


def number(text: str) -> Number | None:
    """The exact value of plain `text`: integer, decimal, fraction, mixed, percent."""
    text = text.strip()
    if len(text) > 4_000:
        return None
    if text.endswith("%"):
        inner = number(text[:-1])
        return inner and inner._replace(is_percent=True)
    if (word := text.lower()) in VALUES:
        return Number(Fraction(VALUES[word]))
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text)
    text = re.sub(r"^\{(.*)\}$|^\(([^,]*)\)$", r"\1\2", text)
    text = re.sub(r"^([-+]) ", r"\1", text)
    try:
        return _exact(text)
    except (ZeroDivisionError, InvalidOperation, ValueError):
        return None


def _exact(text: str) -> Number | None:
    if found := MIXED.fullmatch(text):
        sign, whole, *parts = found.groups()
        top, bottom = [part for part in parts if part]
        value = int(whole) + Fraction(int(top), int(bottom))
        return Number(-value if sign == "-" else value)
    tight = text.replace(" ", "") if not re.search(r"\d \d", text) else text
    if found := FRACTION.fullmatch(tight):
        value = Fraction(found[2]) / Fraction(found[3])
        return Number(-value if found[1] == "-" else value)
    if found := RATIO.fullmatch(tight):
        return Number(Fraction(found[1]) / Fraction(found[2]))
    if found := POWER.fullmatch(text):
        value = Fraction(found[2] or 1) * Fraction(10) ** int(found[3])
        return Number(-value if found[1] == "-" else value)
    if SCIENTIFIC.fullmatch(tight):
        return _decimal(tight)
    return None


def _decimal(text: str) -> Number:
    mantissa, _, exponent = text.lower().partition("e")
    whole, _, decimals = mantissa.partition(".")
    places = max(0, len(decimals) - int(exponent or 0))
    digits = len((whole + decimals).lstrip("+-0"))
    return Number(Fraction(Decimal(text)), digits, places)


# Two letters or fewer may be variables: only these are units.
SHORT_UNITS = {
    "cm", "mm", "km", "kg", "mg", "ml", "ft", "in", "yd", "mi", "lb", "oz", "hr",
    "m", "s", "g", "h", "L", "N", "J", "W", "V", "A", "K", "C", "F", "am", "pm",
}  # fmt: skip
NO_UNITS = {
    "and", "or", "pi", "sin", "cos", "tan", "log", "sqrt", "mod", "exp", "infty",
}  # fmt: skip
UNIT = re.compile(r"(.*?[\d}%)]) ?((?<=[ }])?[A-Za-z][A-Za-z ./^0-9{}-]*)")
ALIASES = {
    "centimeter": "cm", "centimetre": "cm", "meter": "m", "metre": "m",
    "kilometer": "km", "kilometre": "km", "millimeter": "mm", "gram": "g",
    "kilogram": "kg", "foot": "ft", "feet": "ft", "inch": "in", "inche": "in",
    "second": "s", "sec": "s", "hour": "h", "hr": "h", "liter": "L", "litre": "L",
    "minute": "min", "cent": "¢", "dollar": "$", "pound": "lb", "mile": "mi",
}  # fmt: skip


class Quantity(NamedTuple):
    """A text without its unit, and the unit ("" for none) in one spelling."""

    text: str
    unit: str


def quantity(text: str) -> Quantity:
    """Part plain `text` into what is measured and its unit, coin or base."""
    coin = re.fullmatch(r"([-+]?) ?\\?([$€£]) ?(.+)", text)
    if coin:
        rest = quantity(coin[1] + coin[3])
        return Quantity(rest.text, coin[2])
    if based := re.fullmatch(r"([0-9A-F]+)_\{?(\d+)\}?", text):
        return Quantity(based[1], f"base {based[2]}")
    found = UNIT.fullmatch(text)
    if not found or not _is_unit(found[2].strip(), touching=text[found.end(1)] != " "):
        return Quantity(text, "")
    words = re.split(r"[ .]+", found[2].strip())
    return Quantity(found[1].strip(), " ".join(map(_one_spelling, words)).strip())


def _is_unit(unit: str, *, touching: bool) -> bool:
    words = re.findall(r"[A-Za-z]+", unit)
    if not words or any(word.lower() in NO_UNITS for word in words):
        return False
    if touching and len(words[0]) == 1:
        return False
    return all(len(word) > 2 or word in SHORT_UNITS for word in words)


def _one_spelling(word: str) -> str:
    bare = re.sub(r"[{}]", "", word)
    if bare in SHORT_UNITS:
        return bare
    single = bare.lower().rstrip("s") or bare
    return ALIASES.get(single, single)


class Members(NamedTuple):
    """Brackets ("" where there are none) and what stands between their commas."""

    opens: str
    parts: list[str]
    closes: str


def members(text: str) -> Members:
    """Part `text` at its top-level commas, semicolons, "and" and "or"."""
    text, opens, closes = text.strip(), "", ""
    for left, right in (("\\{", "\\}"), ("(", ")"), ("[", "]"), ("(", "]"), ("[", ")")):
        if text.startswith(left) and text.endswith(right) and _encloses(text, left):
            opens, closes = left, right
            text = text[len(left) : -len(right)]
            break
    return Members(opens, _parted(text), closes)


def _encloses(text: str, left: str) -> bool:
    """Whether the first bracket closes at the end of the text and not before."""
    depth = 0
    inside = text[len(left) : -1].removesuffix("\\")
    for sign in inside:
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _parted(text: str) -> list[str]:
    if not opened_evenly(text):
        return [text.strip()]
    parts, depth, start = [], 0, 0
    for found in re.finditer(r"[(\[{]|[)\]}]|[,;]| (?:and|or) ", text):
        sign = found[0]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0:
            parts.append(text[start : found.start()].strip())
            start = found.end()
    return [part for part in [*parts, text[start:].strip()] if part]


def opened_evenly(text: str) -> bool:
    return sum(text.count(sign) for sign in "([{") == sum(
        text.count(sign) for sign in ")]}"
    )


MATRIX = re.compile(r"\\begin\{([pbvB]?matrix|array)\}(?:\{[lcr|]*\})?(.*)\\end\{\1\}")


def rows(text: str) -> list[list[str]] | None:
    """The cells of a matrix, or None where `text` is none."""
    found = MATRIX.fullmatch(text.strip())
    if not found:
        return None
    lines = re.split(r"\\\\", found[2])
    return [
        [cell.strip() for cell in line.split("&")] for line in lines if line.strip()
    ]


RANGE = re.compile(
    r"(?P<low>[^<>]+?) ?(?P<left><|\\le) ?(?P<name>[A-Za-z]) ?(?P<right><|\\le) ?"
    r"(?P<high>[^<>]+)"
)
BOUND = re.compile(r"(?P<name>[A-Za-z]) ?(?P<sign><|>|\\le|\\ge) ?(?P<value>[^<>\\]+"
                   r"|[^<>]*\\(?:frac|sqrt|pi)[^<>]*)")  # fmt: skip
INSIDE = re.compile(r"[A-Za-z] ?\\in ?(.+)")


def as_interval(text: str) -> str:
    """Inequalities in one letter as the interval they say; other texts unchanged."""
    if found := INSIDE.fullmatch(text):
        return found[1].strip()
    if found := RANGE.fullmatch(text):
        left = "(" if found["left"] == "<" else "["
        right = ")" if found["right"] == "<" else "]"
        return f"{left}{found['low'].strip()},{found['high'].strip()}{right}"
    if found := BOUND.fullmatch(text):
        value = found["value"].strip()
        return {
            "<": f"(-\\infty,{value})",
            "\\le": f"(-\\infty,{value}]",
            ">": f"({value},\\infty)",
            "\\ge": f"[{value},\\infty)",
        }[found["sign"]]
    return text
