"""What the answers of two rows say of them: one rare answer is a witness."""

import re
from fractions import Fraction

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array

# Answers up to here are too common to be a witness; see `are_rare`.
COMMON_INTEGERS, COMMON_FRACTIONS = 30, 10
TELLING = r"\w{2}.*\W.*\w|\d.*\d"  # two words, or two numbers
LIKELY_VALUE = r"^[\s\d$.,/{}\\dtfrac-]+$"
VALUE = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:/\d{1,30})?")
FRACTION = re.compile(r"(-?)\\[dt]?frac\{?(\d{1,30})\}?\{?(\d{1,30})\}?")


def tell(answers: pl.Series) -> Array:
    """Whether an answer says more than a letter, yes or no (bool)."""
    return np.asarray(answers.fill_null("").str.contains(r"\d|\w\W+\w"))


def are_rare(answers: pl.Series) -> Array:
    """Whether it says something that two problems have this answer (bool).

    Of real answers one in ten is an integer up to 10, one in four up to 30, one in
    sixteen 1/2 or another small fraction; letters, yes and no, and other single words
    are chosen from few, and so are lists of one value again and again. All others are
    rare.
    """
    text = answers.fill_null("")
    tells = text.str.strip_chars("()$. {}").str.contains(TELLING)
    rare: Array = tells.to_numpy().copy()
    # [[0, 0], [0, 0]] repeats one value.
    parts = text.filter(tells).str.extract_all(r"\w+").to_list()
    rare[rare] = [len(words) < 2 or len({*words}) > 1 for words in parts]
    is_likely = text.str.contains(LIKELY_VALUE)
    values = [parse_value(answer) for answer in text.filter(is_likely)]
    rare[is_likely.to_numpy()] = [
        before if value is None else _is_rare_value(value)
        for value, before in zip(values, rare[is_likely.to_numpy()], strict=True)
    ]
    return rare


def _is_rare_value(value: Fraction) -> bool:
    if value.denominator == 1:
        return abs(value) > COMMON_INTEGERS
    return abs(value.numerator) + value.denominator > COMMON_FRACTIONS


def find_equal_values(answers: pl.Series, first: Array, second: Array) -> Array:
    """Whether answers of pairs, which are not written alike, are one number (bool)."""
    is_likely = answers.str.contains(LIKELY_VALUE).fill_null(False)
    likely = answers.filter(is_likely)
    is_whole = is_likely.to_numpy().copy()
    digits = likely.str.strip_chars("0123456789") == ""
    is_whole[is_whole] = (digits & ~likely.str.starts_with("0")).to_numpy()
    out: Array = is_likely.to_numpy()[first] & is_likely.to_numpy()[second]
    out &= ~(is_whole[first] & is_whole[second])
    left, right = (
        [parse_value(answer) for answer in answers.gather(side[out])]
        for side in (first, second)
    )
    values = zip(left, right, strict=True)
    out[out] = [a is not None and a == b for a, b in values]
    return out


def parse_value(answer: str) -> Fraction | None:
    r"""`0.5`, `1/2` and `\frac{1}{2}` as one number; None if it is not so plain."""
    text = answer.strip().strip("$ ").replace(",", "")
    if "\\" in text:
        text = FRACTION.sub(r"\1\2/\3", text)
    if not VALUE.fullmatch(text):
        return None
    numerator, _, denominator = text.partition("/")
    whole = int(denominator or 1)
    return Fraction(numerator) / whole if whole else None
