r"""The numbers in a text, as values: the same in other words, units and languages.

`12`, `twelve`, `a dozen` and `12.0` are one value; so are `1/2`, `\frac12`, `half` and
`50%`. A quantity has two codes: its value as it is written, and its value in the base
unit of its kind where a unit that is sure stands behind it, so that `1.5 hours` is `90
minutes`. Every number weighs some bits: how little one expects it in another problem.
Signs, order and repetitions do not count: a paraphrase changes them.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

import polars as pl

from pipeline.dedup.number_words import (
    ENGLISH,
    FOREIGN,
    FRACTIONS,
    HAN,
    HAN_SCALES,
    PARTS,
    SCALES,
    TIMES,
)
from pipeline.kernels.characters import plain_text

QUANTITIES = pl.Schema(
    {
        "row": pl.UInt32,
        "value": pl.Int64,  # as it is written
        "base": pl.Int64,  # in the smallest unit of its kind
        "bits": pl.Float32,  # for one problem, where another has it too
        "cost": pl.Float32,  # against it, where another lacks it
    }
)
# Kinds of units, each with the size of its units in the smallest one.
TIME, LENGTH, MASS, VOLUME, MONEY, IMPERIAL, PERCENT = range(1, 8)
UNITS: dict[str, tuple[int, int]] = {
    "second": (TIME, 1), "sec": (TIME, 1), "minute": (TIME, 60), "min": (TIME, 60),
    "hour": (TIME, 3600), "hr": (TIME, 3600), "day": (TIME, 86400),
    "week": (TIME, 7 * 86400), "mm": (LENGTH, 1), "millimeter": (LENGTH, 1),
    "millimetre": (LENGTH, 1), "cm": (LENGTH, 10), "centimeter": (LENGTH, 10),
    "centimetre": (LENGTH, 10), "meter": (LENGTH, 1000), "metre": (LENGTH, 1000),
    "m": (LENGTH, 1000), "km": (LENGTH, 10**6), "kilometer": (LENGTH, 10**6),
    "kilometre": (LENGTH, 10**6), "mg": (MASS, 1), "milligram": (MASS, 1),
    "g": (MASS, 1000), "gram": (MASS, 1000), "kg": (MASS, 10**6),
    "kilo": (MASS, 10**6), "kilogram": (MASS, 10**6), "ml": (VOLUME, 1),
    "milliliter": (VOLUME, 1), "millilitre": (VOLUME, 1), "liter": (VOLUME, 1000),
    "litre": (VOLUME, 1000), "l": (VOLUME, 1000), "cent": (MONEY, 1),
    "dollar": (MONEY, 100), "inch": (IMPERIAL, 1), "inche": (IMPERIAL, 1),
    "foot": (IMPERIAL, 12), "feet": (IMPERIAL, 12), "yard": (IMPERIAL, 36),
    "mile": (IMPERIAL, 63360),
}  # fmt: skip


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))


DIGITS = (
    r"\\[dt]?frac\s*\{?\d+\}?\s*\{?\d+\}?|\d+\s+\d+/\d+|"
    r"\d+(?:[.,]\d+|\{,\}\d{3}|\\,\d{3}|[\u00a0\u202f]\d{3})*(?:\s*/\s*\d+)?"
)
IS_ENGLISH = (
    r"(?i)\b(?:the|how|what|which|where|of|is|are|has|and|for|with|by|each|than|find|"
    r"compute|determine|solve|let|given|return|write)\b"
)
ENGLISH_WORDS = {*ENGLISH, *TIMES, *PARTS, *list(SCALES)[:6]}
FOREIGN_WORDS = {*FOREIGN, *SCALES}
UNIT = rf"(?:{_any_of(UNITS)})s?\b"
HAN_NUMBER = rf"[{''.join([*HAN, *HAN_SCALES])}]+"


def _pattern(words: set[str]) -> str:
    """Numbers in digits or `words`, runs of them, and the unit behind."""
    word = rf"\b(?:{_any_of(words)})\b"
    link = r"[\s-]+(?:(?:and|et|und|y|e)[\s-]+)?(?:an?\s+)?"
    unit = rf"(?:[\s-]*(?:an?\s+)?{UNIT}|\s*\\?%|\s*percent\b)?"
    number = rf"(?:{DIGITS}|{word}|\ban?\s+(?:{_any_of(PARTS)})\b)"
    return rf"(?i)\$?{number}(?:{link}{word})*{unit}"


ENGLISH_PATTERN = _pattern(ENGLISH_WORDS)
FOREIGN_PATTERN = rf"\d*{HAN_NUMBER}|{_pattern(FOREIGN_WORDS)}"


def find_quantities(texts: pl.Series) -> pl.DataFrame:
    """QUANTITIES of `texts`: each value of a row once, in order of row and value.

    >>> find_quantities(pl.Series(["Half an hour, a dozen eggs in 1.5 hours"])).height
    3
    """
    plain = plain_text(texts)
    english = plain.str.contains(IS_ENGLISH)
    parts = []
    for is_english, pattern in ((True, ENGLISH_PATTERN), (False, FOREIGN_PATTERN)):
        table = pl.DataFrame({"text": plain, "english": english})
        table = table.with_row_index("row").filter(pl.col("english") == is_english)
        spelt = table.select("row", spelt=pl.col("text").str.extract_all(pattern))
        spelt = spelt.explode("spelt").drop_nulls()
        parts.append(spelt.join(_read_spellings(spelt["spelt"], is_english), "spelt"))
    rows = pl.concat(parts).select(*QUANTITIES.names()).cast(QUANTITIES)
    return rows.unique(["row", "value", "base"]).sort("row", "value", "base")


def _read_spellings(spelt: pl.Series, english: bool) -> pl.DataFrame:
    """What each distinct spelling says: a row for every number in it."""
    rows = [
        (text, hash(value), base, weigh(value), weigh(value))
        for text in spelt.unique().sort()
        for value, base in read_spelling(text, english)
    ]
    schema = pl.Schema({"spelt": pl.String()} | dict([*QUANTITIES.items()][1:]))
    return pl.DataFrame(rows, schema, orient="row")


def weigh(value: Fraction) -> float:
    """Bits of a number: three a significant digit, less for zeros and for 0, 1, 2.

    >>> [weigh(Fraction(n)) for n in (2, 7, 40, 365)]
    [1.0, 3.0, 3.7, 9.0]
    """
    if value.denominator > 1:
        return min(12.0, sum(map(weigh, map(Fraction, value.as_integer_ratio()))))
    if value <= 2:
        return 1.0
    digits = str(value)
    significant = digits.rstrip("0")
    bits = 3 * len(significant) + 0.7 * (len(digits) - len(significant))
    return round(min(bits, 12.0), 2)


def read_spelling(text: str, english: bool) -> list[tuple[Fraction, int]]:
    """The (value, code in base units) of each number in a matched spelling."""
    text = text.lower().strip()
    unit = TRAILING_UNIT.search(text)
    kind, size = _unit_of(unit, text, english)
    values = _read_numbers(text[: unit.start()] if unit and kind else text, english)
    codes = [hash(value) for value in values]
    if ordinal := ORDINAL.fullmatch(text):  # a fourth test, a fourth of it
        codes = [hash(Fraction(1, PARTS[ordinal[1]]))]
    if values and kind:
        base = values[-1] * size
        codes[-1] = hash(base) if kind == PERCENT else hash((kind, base))
    return list(zip(values, codes, strict=True))


ORDINAL = re.compile(rf"an?\s+({_any_of(set(PARTS) - FRACTIONS)})")
TRAILING_UNIT = re.compile(rf"(?<![^\W\d_])({_any_of(UNITS)})s?$|(%|percent)$")


def _unit_of(
    unit: re.Match[str] | None, text: str, english: bool
) -> tuple[int, int | Fraction]:
    """The kind of the unit and its size; kind 0 where there is none."""
    if text.startswith("$"):
        return UNITS["dollar"]
    if unit is None:
        return 0, 1
    is_hundred = unit[1] == "cent" and not text[: unit.start()].strip()[-1:].isdecimal()
    if is_hundred and not english:  # in French
        return 0, 1
    return UNITS[unit[1]] if unit[1] else (PERCENT, Fraction(1, 100))


TOKEN = re.compile(rf"{DIGITS}|{HAN_NUMBER}|dix-(?:sept|huit|neuf)|[^\W\d_]+")


def _read_numbers(text: str, english: bool) -> list[Fraction]:
    """The numbers in a run of digits and words: `two and a half` is 5/2."""
    words = ENGLISH if english else FOREIGN
    numbers: list[Fraction] = []
    before = ""  # the token before, where it can go on
    for token in TOKEN.findall(text):
        if token in words:
            value = Fraction(words[token])
            is_ones = words.get(before, 0) >= 20 and value < 10
            if is_ones or SCALES.get(before, 12) != 12:
                numbers[-1] += value
            else:
                numbers.append(value)
        elif token in SCALES:
            numbers[-1:] = [_scale(numbers[-1:], before, words, SCALES[token])]
        elif token in PARTS:
            numbers[-1:] = _part(numbers[-1:], token, before, "and" in text)
        elif token in TIMES:
            numbers.append(Fraction(TIMES[token]))
        elif token[0].isdecimal() or token[0] == "\\":
            numbers += _digits(token, english)
        elif token[0] in HAN or token[0] in HAN_SCALES:
            numbers[-1:] = _han(numbers[-1:], token)
        else:  # a connector
            before = before if token in {"and", "et", "und", "y", "e"} else token
            continue
        before = token
    is_article = [token in {"one", "a", "an"} for token in TOKEN.findall(text)]
    return [] if all(is_article) else numbers


def _scale(
    number: list[Fraction], before: str, words: dict[str, int], scale: int
) -> Fraction:
    """A number times hundred, thousand, …: what was read last, or all of it."""
    if not number:
        return Fraction(scale)
    last = Fraction(words.get(before, 0))
    if number[0] > scale and last and scale < 1000:  # two thousand three *hundred*
        return number[0] + last * (scale - 1)
    return number[0] * scale


def _part(
    number: list[Fraction], token: str, before: str, joined: bool
) -> list[Fraction]:
    """`half`, `two thirds`, `two and a half`; else an ordinal: `third`."""
    part = Fraction(1, PARTS[token])
    if number and joined:
        return [number[0] + part]
    if number:
        return [number[0] * part]
    is_part = token in FRACTIONS or token.endswith("s")
    return [part if is_part else Fraction(PARTS[token])]


def _han(number: list[Fraction], token: str) -> list[Fraction]:
    """三百五十 is 350, 二〇二三 is 2023, and 万 behind 3 makes 30000 of it."""
    if not any(sign in HAN_SCALES for sign in token):
        return [*number, Fraction(int("".join(str(HAN[sign]) for sign in token)))]
    if token[0] in HAN_SCALES and number:
        return [number[0] * HAN_SCALES[token[0]]]
    total, section, digit = 0, 0, 0
    for sign in token:
        if sign in HAN:
            digit = HAN[sign]
        elif HAN_SCALES[sign] < 10**4:
            section, digit = section + (digit or 1) * HAN_SCALES[sign], 0
        else:
            total, section, digit = total + (section + digit) * HAN_SCALES[sign], 0, 0
    return [*number, Fraction(total + section + digit)]


FRACTION = re.compile(r"\\[dt]?frac\s*\{?(\d+?)\}?\s*\{?(\d+)\}?")


def _digits(token: str, english: bool) -> list[Fraction]:
    """The numbers of a token of digits: `1,200` is one, `3,5` is two in English."""
    if match := FRACTION.fullmatch(token):
        return _divide(match[1], match[2])
    if match := re.fullmatch(r"(\d+)\s+(\d+)/(\d+)", token):
        return [int(match[1]) + part for part in _divide(match[2], match[3])]
    token = re.sub(r"\{,\}|\\,|[\u00a0\u202f]", "", token)
    if "/" in token:
        numerator, denominator = (part.strip() for part in token.split("/"))
        tops = _decimals(numerator, english)
        return tops[:-1] + _divide(tops[-1], denominator)
    return _decimals(token, english)


def _divide(numerator: str | Fraction, denominator: str) -> list[Fraction]:
    bottom = int(denominator[:30])
    return [Fraction(numerator) / bottom] if bottom else [Fraction(numerator)]


def _decimals(token: str, english: bool) -> list[Fraction]:
    thousands, point = (",", ".") if english else (".", ",")
    token = token.rstrip(".,")
    if re.fullmatch(rf"\d{{1,3}}(\{thousands}\d{{3}})+(\{point}\d+)?", token):
        token = token.replace(thousands, "")
    elif thousands == "," and "," in token:
        return [
            value for part in token.split(",") for value in _decimals(part, english)
        ]
    token = token.replace(",", ".")
    if token.count(".") > 1:
        return [Fraction(part[:30]) for part in token.split(".")]
    return [Fraction(token[:40])]
