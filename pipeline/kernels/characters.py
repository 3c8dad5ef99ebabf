r"""Characters beyond ASCII: what each is, and the plain text that the lexer reads.

What a character is comes from Unicode's own properties, so that no list has to grow:
whatever is no letter, space or punctuation of sentences is a symbol, and a symbol is a
token. Digits and numbers of all scripts become ASCII: ٣٧, ३७, ３７, 三十七 and ㊲ are
37. `plain_text` also folds compatibility forms, superscripts (x² is x^2, where NFKC
alone would read x2) and subscripts.
"""

import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import cache, partial

import numpy as np
import polars as pl

from pipeline.kernels.hash_table import grow
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.lookalikes import DRAWN_LETTERS
from pipeline.kernels.shards import Array, compiled, freeze, text_bytes
from pipeline.kernels.spelled_values import spell_bytes
from pipeline.kernels.splice import change_where, cut_spans, splice, text_series
from pipeline.kernels.swar import next_non_ascii
from pipeline.kernels.utf8 import code_point, width

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
RUNS = [
    (re.compile(f"[{''.join(digits)}]+"), sign, str.maketrans(digits))
    for sign, digits in (("^", SUPER), ("_", SUB))
]
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
    "ё": "е", "Ё": "Е",
}  # fmt: skip
SMALL, LARGE = "〇一二三四五六七八九", {"十": 10, "百": 100, "千": 1000}
LOOKED_AT = {"—": "—", "．": "．"}  # beside their neighbours
SWAPS = ASCII | DRAWN_LETTERS | LOOKED_AT
SWAPS |= {letter: f"\\{name} " for letter, name in GREEK.items()}
# What `plain_text` has to do with a character.
SWAP, RAISED, NUMERAL, HAN, COMPATIBLE = (1 << bit for bit in range(5))
BLANKS = (32, 9)
DASH = re.compile(r"([0-9=(+*/])[ \t]*—[ \t]*([0-9])")  # a minus
LABEL = re.compile(r"(?<![A-Za-z])([A-Z])．")  # A．0.5 is option A
DIGIT = "[〇零一二两三四五六七八九]"
HAN_NUMBER = rf"{DIGIT}(?:{DIGIT}|[十百千万亿])+|十[一二三四五六七八九]"


CODES = np.array([code for code in range(PLANES) if not 0xD800 <= code < 0xE000])


@cache
def character_classes() -> Array:
    """The class of each code point below PLANES, uint8."""
    classes = np.full(PLANES, SYMBOL, np.uint8)
    for class_, pattern in PROPERTIES:
        classes[_find_codes(pattern)] = class_
    return classes


def _find_codes(pattern: str) -> Array:
    """The code points below PLANES that a pattern finds.

    In a thread of its own: polars keeps 32 patterns at hand for each, and these are
    not looked for again.
    """
    with ThreadPoolExecutor(1) as own:
        found = own.submit(_all_characters().str.contains, pattern).result()
    codes: Array = CODES[found.to_numpy()]
    return codes


@cache
def _all_characters() -> pl.Series:
    return pl.Series([chr(code) for code in CODES])


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
    others = {*SUPER, *SUB, "〇"}
    return {key: spelt[key] for key in spelt if key not in others}


@cache
def character_folds() -> Array:
    """What `plain_text` has to do with each code point below PLANES: bits, uint8."""
    folds = np.zeros(PLANES, np.uint8)
    for bit, characters in (
        (SWAP, SWAPS),
        (RAISED, SUPER | SUB),
        (NUMERAL, numerals()),
    ):
        folds[[ord(character) for character in characters]] |= bit
    folds[[ord(character) for character in "〇零一二两三四五六七八九十"]] |= HAN
    column = _all_characters()
    folds[CODES[(column.str.normalize("NFKC") != column).to_numpy()]] |= COMPATIBLE
    folds[_find_codes(r"\p{M}")] |= COMPATIBLE
    folds[:128] = 0
    return folds


def plain_text(text: pl.Series) -> pl.Series:
    """`text` less its layout, with compatibility forms, numbers and units as ASCII.

    Only rows that are not ASCII change, or that hold layout or values in words. NFKC
    alone would read x² as x2.
    """
    return plain_characters(strip_layout(text))


def plain_characters(text: pl.Series) -> pl.Series:
    """As `plain_text`, of `text` that has no layout any more."""
    return text_series(*plain_bytes(text))


def plain_bytes(text: pl.Series) -> tuple[Array, Array]:
    """The bytes of `plain_characters`, and where each text begins; see `text_bytes`."""
    data, offsets = text_bytes(text)
    spans, folds = find_odd(data, offsets, character_folds())
    if len(spans):
        parts = _plain(text_series(*cut_spans(data, spans)), folds)
        whole = splice(data, offsets, spans, *text_bytes(parts))
        data, offsets = map(freeze, whole)
    return spell_bytes(data, offsets)


def _plain(parts: pl.Series, folds: Array) -> pl.Series:
    for fold, change in (
        (SWAP, _swap),
        (RAISED, _raise),
        (NUMERAL, _spell_numerals),
        (HAN, _spell_han),
        # NFKC makes some of the signs out of others.
        (COMPATIBLE, lambda some: _swap(some.str.normalize("NFKC"))),
    ):
        parts = change_where(parts, folds & fold != 0, change)
    return parts


@compiled
def find_odd(data: Array, offsets: Array, table: Array) -> tuple[Array, Array]:
    """Stretches around what is not ASCII: (spans int64 (n, 2) of `data`, bits uint8).

    The bits are those of `table` for all characters of the text; one without any has no
    stretch. Blanks beside such characters, and the character beyond, are in it too:
    nothing that is done to it depends on what is farther away.
    """
    spans, bits = np.empty((64, 2), np.int64), np.empty(64, np.uint8)
    used = 0
    for row in range(len(offsets) - 1):
        first, end, begin, fold = offsets[row], offsets[row + 1], used, np.uint8(0)
        position = next_non_ascii(data, first, end)
        while position < end:
            start = position
            while start > first and data[start - 1] in BLANKS:
                start -= 1
            start = max(first, start - 1)
            while position < end and (data[position] > 127 or data[position] in BLANKS):
                code = code_point(data, position, end)
                fold |= table[code] if code < PLANES else 0
                position += width(data, position, end)
            stop = min(end, position + 1)
            if used > begin and start < spans[used - 1, 1]:
                spans[used - 1, 1] = stop
            else:
                if used == len(spans):
                    spans, bits = grow(spans), grow(bits)
                spans[used] = start, stop
                used += 1
            position = next_non_ascii(data, position, end)
        used = used if fold else begin
        bits[begin:used] = fold
    return spans[:used].copy(), bits[:used].copy()


def _rewrite(texts: pl.Series, pattern: re.Pattern[str], into: str) -> pl.Series:
    """`texts` with a pattern replaced, by Python.

    Polars keeps 32 patterns at hand: one that few texts need would cost all others.
    """
    changed = [pattern.sub(into, text) for text in texts.to_list()]
    return pl.Series(changed, dtype=pl.String)


def _swap(texts: pl.Series) -> pl.Series:
    found = texts.str.contains_any([*LOOKED_AT]).to_numpy()  # no pattern, see above
    texts = change_where(texts, found, _read_beside)
    return _translate(SWAPS, texts)


def _read_beside(texts: pl.Series) -> pl.Series:
    return _rewrite(_rewrite(texts, DASH, r"\1-\2"), LABEL, r"\1. ")


def _translate(characters: dict[str, str], texts: pl.Series) -> pl.Series:
    """`texts` with those of `characters` that are there replaced.

    To make ready for a thousand of them takes longer than to look which there are.
    """
    found = sorted(characters.keys() & set("".join(texts.to_list())))
    if not found:
        return texts
    return texts.str.replace_many(found, [characters[one] for one in found])


def _spell_numerals(texts: pl.Series) -> pl.Series:
    table = _numeral_table()
    return pl.Series(
        [text.translate(table) for text in texts.to_list()], dtype=pl.String
    )


@cache
def _numeral_table() -> dict[int, str]:
    return str.maketrans(numerals())


def _raise(texts: pl.Series) -> pl.Series:
    """Superscripts and subscripts: x² is x^{2}."""
    raised = texts.to_list()
    for run, sign, digits in RUNS:
        into = partial(_raise_run, sign, digits)
        raised = [run.sub(into, text) for text in raised]
    return pl.Series(raised)


def _raise_run(sign: str, digits: dict[int, str], run: re.Match[str]) -> str:
    return f"{sign}{{{run[0].translate(digits)}}}"


def _spell_han(texts: pl.Series) -> pl.Series:
    """Chinese numbers of two characters or more: 三十七 is 37, 二〇二四 is 2024."""

    def spell(found: re.Match[str]) -> str:
        value = _read_han(found[0])
        return found[0] if value is None else f" {value} "

    return pl.Series(
        [re.sub(HAN_NUMBER, spell, text) for text in texts], dtype=pl.String
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
