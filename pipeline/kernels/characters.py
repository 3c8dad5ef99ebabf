r"""Characters beyond ASCII: what each is, and the plain text that the lexer reads.

What a character is comes from Unicode's own properties, so that no list has to grow:
whatever is no letter, space or punctuation of sentences is a symbol, and a symbol is a
token. Digits and numbers of all scripts become ASCII: ٣٧, ३७, ３７, 三十七 and ㊲ are
37. `plain_text` also folds compatibility forms, superscripts (x² is x^2, where NFKC
alone would read x2) and subscripts.
"""

import unicodedata
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import polars as pl

from pipeline.kernels.layout import strip_layout
from pipeline.kernels.shards import Array

# What a character beyond ASCII is.
BLANK, LETTER, IDEOGRAPH, SYMBOL, OPENING, CLOSING = range(6)
PLANES = 0x20000  # code points with a class of their own; ideographs follow
PROPERTIES = (  # later ones win
    (BLANK, r"\p{White_Space}|\p{Cc}|\p{Default_Ignorable_Code_Point}|\p{Cf}"),
    (BLANK, r"\p{Terminal_Punctuation}|\p{Quotation_Mark}|\p{Pi}|\p{Pf}|[¡¿、。・—―]"),
    (LETTER, r"\p{L}|\p{M}"),
    (IDEOGRAPH, r"[\x{3040}-\x{9fff}\x{f900}-\x{faff}--\p{P}--\p{S}]"),
    (OPENING, r"\p{Ps}"),
    (CLOSING, r"\p{Pe}"),
    (BLANK, r"[「」『』„‚]"),
    (SYMBOL, r"[⌊⌋⌈⌉]"),
)
SUPER = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni", strict=True))
SUB = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙᵢₖⱼₘ", "0123456789+-=()nikjm", strict=True))
LETTERS = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩϕϵ"
NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma
tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega phi
epsilon
"""
GREEK = dict(zip(LETTERS, NAMES.split(), strict=True))
# What the lexer reads by its neighbours, and so as ASCII.
ASCII = {
    "−": "-", "–": "-", "‐": "-", "‑": "-", "‒": "-", "﹣": "-", "’": "'", "‘": "'",
    "´": "'", "ʹ": "'", "ʼ": "'", "″": "′′", "‴": "′′′", "⁗": "′′′′", "؟": "?",
    "º": "°", "∛": r"\sqrt[3]", "∜": r"\sqrt[4]", "٫": ".", "٬": ",", "⁄": "/",
}  # fmt: skip
SMALL, LARGE = "〇一二三四五六七八九", {"十": 10, "百": 100, "千": 1000}
DIGIT = "[〇零一二两三四五六七八九]"
HAN_NUMBER = rf"{DIGIT}(?:{DIGIT}|[十百千万亿])+|十[一二三四五六七八九]"


@cache
def character_classes() -> Array:
    """The class of each code point below PLANES, uint8."""
    points = [chr(code) for code in range(PLANES) if not 0xD800 <= code < 0xE000]
    column = pl.Series(points)
    classes = np.full(PLANES, SYMBOL, np.uint8)
    numbers = np.array([code for code in range(PLANES) if not 0xD800 <= code < 0xE000])
    for class_, pattern in PROPERTIES:
        classes[numbers[column.str.contains(pattern).to_numpy()]] = class_
    return classes


@cache
def numerals() -> dict[str, str]:
    """What numbers beyond ASCII are in ASCII; digits stand together, others alone."""
    spelt = {}
    for code in range(128, PLANES):
        character = chr(code)
        digit = unicodedata.decimal(character, None)
        value = unicodedata.numeric(character, None)
        if digit is not None:
            spelt[character] = str(digit)
        elif value is not None and unicodedata.category(character) in ("No", "Nl"):
            if value < 0:
                continue
            fraction = Fraction(value).limit_denominator(1000)
            spelt[character] = f" {fraction} "
    return {
        key: spelt[key]
        for key in spelt
        if key not in SUPER and key not in SUB and key != "〇"
    }


def plain_text(text: pl.Series) -> pl.Series:
    """`text` less its layout, with compatibility forms and numbers as ASCII.

    Only rows that are not ASCII change, or that hold layout.
    """
    return where_odd(strip_layout(text), _plain)


def where_odd(text: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """`change` made to the texts that are not ASCII."""
    odd = text.str.len_bytes() != text.str.len_chars()
    if not odd.any():
        return text
    return text.scatter(odd.arg_true(), change(text.filter(odd)))


def _plain(texts: pl.Series) -> pl.Series:
    texts = texts.str.replace_all(r"([\d=(+*/])[ \t]*—[ \t]*(\d)", "$1-$2")
    texts = texts.str.replace_all(f"([{''.join(SUPER)}]+)", "^{$1}")
    texts = texts.str.replace_all(f"([{''.join(SUB)}]+)", "_{$1}")
    swaps = ASCII | {letter: f"\\{name} " for letter, name in GREEK.items()}
    swaps |= SUPER | SUB
    texts = texts.str.replace_many(list(swaps), list(swaps.values()))
    texts = _where(texts, r"[\p{Nd}\p{Nl}\p{No}--[0-9]]", _spell_numerals)
    texts = _where(texts, HAN_NUMBER, _spell_han)
    # NFKC is slow, and makes some of the signs out of others.
    return where_odd(
        texts,
        lambda rest: rest.str.normalize("NFKC").str.replace_many(
            list(swaps), list(swaps.values())
        ),
    )


def _where(
    texts: pl.Series, pattern: str, change: Callable[[pl.Series], pl.Series]
) -> pl.Series:
    rows = texts.str.contains(pattern).arg_true()
    return texts.scatter(rows, change(texts.gather(rows))) if len(rows) else texts


def _spell_numerals(texts: pl.Series) -> pl.Series:
    return texts.str.replace_many(list(numerals()), list(numerals().values()))


def _spell_han(texts: pl.Series) -> pl.Series:
    """Chinese numbers of two characters or more: 三十七 is 37, 二〇二四 is 2024."""
    runs = texts.str.extract_all(HAN_NUMBER).explode().drop_nulls().unique().to_list()
    runs = sorted(runs, key=lambda run: (-len(run), run))
    spelt = {run: value for run in runs if (value := _read_han(run)) is not None}
    if not spelt:
        return texts
    return texts.str.replace_many(
        list(spelt), [f" {value} " for value in spelt.values()], leftmost=True
    )


def _read_han(run: str) -> int | None:
    """The value of a Chinese number; None where it is none, as 二三 (two or three)."""
    run = run.replace("零", "〇").replace("两", "二")
    if all(character in SMALL for character in run):
        digits = "".join(str(SMALL.index(character)) for character in run)
        return int(digits) if len(digits) > 2 else None
    total, section, digit = 0, 0, 0
    for character in run:
        if character in SMALL:
            if digit and character != "〇":
                return None
            digit = SMALL.index(character)
        elif character in LARGE:
            section += (digit or 1) * LARGE[character]
            digit = 0
        else:
            total = (total + section + digit) * (10**4 if character == "万" else 10**8)
            section = digit = 0
    return total + section + digit
