"""Values and units in words, or in another spelling, as the lexer reads them.

"two hundred and five" is 205, "two thirds" is 2/3, "3rd" is third, "12 000" is 12000,
"3 x 8" is 3 * 8, and "kilometers per hour" is km/h. A text pays only for what
`find_spellings` sees in it.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache, lru_cache, partial

import numpy as np
import polars as pl

from pipeline.kernels.layout import replace_all
from pipeline.kernels.shards import Array, freeze, text_bytes
from pipeline.kernels.spelled_marks import find_spellings, marked_words
from pipeline.kernels.spelled_words import (
    AMOUNTS,
    AREA,
    BELOW_TWENTY,
    CENT,
    GROUP,
    HOURLY,
    LENGTHS,
    ORDINAL,
    ORDINALS,
    PART,
    PARTS,
    PER,
    POWER,
    SCALE,
    SCALES,
    SHARES,
    SPEED,
    TENS_WORDS,
    TIMES,
)
from pipeline.kernels.splice import change_where, cut_spans, splice, text_series

CARDINALS = {word: value for value, word in enumerate(BELOW_TWENTY)}
CARDINALS |= {word: 10 * value for value, word in enumerate(TENS_WORDS, start=2)}
WORD = f"(?:{'|'.join(CARDINALS)})"
# A number in words that has a scale.
NUMBER = re.compile(
    rf"(?i)\b(?:{WORD}|[0-9]{{1,9}}(?:[.,][0-9]{{1,9}})?)(?:[ -]{WORD}){{0,2}}"
    rf"[ -](?:{'|'.join(SCALES)})"
    rf"(?:(?:[ -]|,? and |, )(?:{WORD}|{'|'.join(SCALES)})){{0,12}}\b"
)
NTH = re.compile(r"(?i)(^|[^0-9.,])([0-9]{1,2})(?:st|nd|rd|th)\b")
APART = re.compile(
    r"(?<![0-9.,/])(?<![0-9.,/] )[1-9][0-9]{0,2}(?: [0-9]{3}){1,5}"
    r"(?! ?[0-9/]|[.,][0-9])"
)
FRACTION = re.compile(
    rf"(?i)\b({'|'.join(BELOW_TWENTY[1:10])})(?:-|\s{{1,9}})({'|'.join(PARTS)})\b"
)
LENGTH, AMOUNT, SHARE = map("|".join, (LENGTHS, AMOUNTS, SHARES))
# What a text may hold with a unit: patterns, and what they become.
UNITS = {
    PER: ((rf"(?i)\b({AMOUNT})\s+per\s+({SHARE})\b", "$1/$2"),),
    CENT: ((r"(?i)\bper\s+cent\b", "percent"),),
    AREA: (
        (rf"(?i)\b(?:square|sq\.?)\s+({LENGTH})\b", "$1^2"),
        (rf"(?i)\bcubic\s+({LENGTH})\b", "$1^3"),
    ),
    POWER: (
        (r"(?i)([0-9a-z)])\s+squared\b", "$1^2"),
        (r"(?i)([0-9a-z)])\s+cubed\b", "$1^3"),
    ),
    SPEED: (
        (r"(?i)(^|[^a-z])mph\b", "$1 miles/hour"),
        (r"(?i)(^|[^a-z])(?:km?ph|kmh)\b", "$1 km/hour"),
    ),
    HOURLY: (
        (rf"(?i)\b({AMOUNT}) ?/ ?hr?\b", "$1/hour"),
        (rf"(?i)\b({AMOUNT}) ?/ ?s(?:ec)?\b", "$1/second"),
    ),
    TIMES: (
        (r"([0-9]) [xX] ([0-9])", "$1 * $2"),
        (r"([0-9]) [xX] ([0-9])", "$1 * $2"),  # 2 x 3 x 4
        (r"\b([1-9][0-9]*)[xX]([1-9][0-9]*)\b", "$1*$2"),
    ),
}
FEW = 100  # texts
Changes = tuple[tuple[str, str], ...]
# Characters that are a letter, a space or none to Python as to polars: ², joiners and
# the separators below the space are not.
AGREED = re.compile(r"[\x00-\x1b\x20-\x7f\xc0-\xff\u2010-\u2027\u4e00-\u9fff]*")


def spell_values(texts: pl.Series) -> pl.Series:
    """`texts` with values and units in the spelling that the lexer reads.

    >>> spell_values(pl.Series(["Two hundred of 12 000, at 60 km per hour"])).item()
    '200 of 12000, at 60 km/hour'
    """
    return text_series(*spell_bytes(*text_bytes(texts)))


def spell_bytes(data: Array, offsets: Array) -> tuple[Array, Array]:
    """The same of texts as `text_bytes` gives them."""
    _, spans, marks = find_spellings(data, offsets[:-1], offsets[1:], *marked_words())
    if not len(marks):
        return data, offsets
    parts = text_series(*cut_spans(data, spans))
    has = marks & sum(NUMBERS) != 0
    parts = change_where(parts, has, partial(_spell_numbers, marks[has]))
    for mark, changes in UNITS.items():
        parts = change_where(parts, marks & mark != 0, partial(_spell_units, changes))
    data, offsets = splice(data, offsets, spans, *text_bytes(parts))
    return freeze(data), freeze(offsets)


def _spell_numbers(marks: Array, texts: pl.Series) -> pl.Series:
    """By Python: polars keeps 32 patterns at hand; these would cost all others."""
    spelled = texts.to_list()
    for row, mark in enumerate(marks.tolist()):
        for bit, change in NUMBERS.items():
            if mark & bit:
                spelled[row] = change(spelled[row])
    return pl.Series(spelled)


def _spell_units(changes: Changes, texts: pl.Series) -> pl.Series:
    """`texts` with `changes` made, by Python where polars agrees.

    Polars reads many texts faster, however long it takes to compile its patterns.
    """
    if len(texts) > FEW:
        return replace_all(changes, texts)
    agreed = np.array([AGREED.fullmatch(text) is not None for text in texts.to_list()])
    texts = change_where(texts, agreed, partial(_change_units, changes))
    return change_where(texts, ~agreed, partial(replace_all, changes))


def _change_units(changes: Changes, texts: pl.Series) -> pl.Series:
    held = texts.to_list()
    for pattern, into in _compile(changes):
        held = [pattern.sub(into, text) for text in held]
    return pl.Series(held)


@cache
def _compile(changes: Changes) -> list[tuple[re.Pattern[str], str]]:
    """`changes` with patterns and groups as Python has them."""
    return [(re.compile(find), into.replace("$", "\\")) for find, into in changes]


def _join_groups(text: str) -> str:
    """12 000 is 12000; in a list of numbers, no group of three is a part of one."""
    return APART.sub(lambda found: found[0].replace(" ", ""), text)


def _spell_scales(text: str) -> str:
    return NUMBER.sub(lambda found: spell_number(found[0]), text)


@lru_cache(1 << 12)
def spell_number(text: str) -> str:
    """The digits of a number in words; `text` where it is none.

    >>> spell_number("two million, three hundred and five"), spell_number("1.5 million")
    ('2000305', '1500000')
    >>> spell_number("one hundred and two hundred")
    '100 and 200'
    """
    value = read_number(re.split(r"[ ,-]+(?:and )?", text.lower()))
    if value is not None:
        return str(value)
    parts = re.split(r"(,? and |, )", text)
    if len(parts) == 1:
        return text
    return "".join(
        part if number % 2 else spell_number(part) for number, part in enumerate(parts)
    )


def read_number(words: list[str]) -> int | None:
    """The value of a number in words, None where these are none."""
    total, section, last = Fraction(0), Fraction(0), 0
    for word in words:
        scale = SCALES.get(word)
        if scale == 100:
            if not 0 < section < 100:
                return None
            section *= 100
        elif scale and section and (not total or scale < last):
            total, section, last = total + section * scale, Fraction(0), scale
        elif scale is None and word in CARDINALS:
            count = CARDINALS[word]
            room = 10 if section % 100 >= 20 and section % 10 == 0 else 100
            if section % room or count >= room or count == 0:
                return None
            section += count
        elif scale is None and not section and not total:
            section = Fraction(word.replace(",", ""))
        else:
            return None
    value = total + section
    return int(value) if value.denominator == 1 else None


def _spell_parts(text: str) -> str:
    """Two thirds are 2/3."""

    def spell(found: re.Match[str]) -> str:
        count, part = found[1].lower(), found[2].lower()
        if count != "one" and not part.endswith("s"):
            return found[0]
        return f"{CARDINALS[count]}/{PARTS[part]}"

    return FRACTION.sub(spell, text)


def _spell_ordinals(text: str) -> str:
    """3rd is third, and 23rd twenty-third."""
    return NTH.sub(lambda found: found[1] + ordinal(int(found[2])), text)


def ordinal(value: int) -> str:
    """An ordinal below 100 in words.

    >>> ordinal(3), ordinal(40), ordinal(23)
    ('third', 'fortieth', 'twenty-third')
    """
    if value < 20:
        return ORDINALS[value]
    tens = TENS_WORDS[value // 10 - 2]
    return f"{tens}-{ORDINALS[value % 10]}" if value % 10 else f"{tens[:-1]}ieth"


NUMBERS: dict[int, Callable[[str], str]] = {
    GROUP: _join_groups,
    SCALE: _spell_scales,
    PART: _spell_parts,
    ORDINAL: _spell_ordinals,
}
