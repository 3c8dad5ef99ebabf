r"""Are two near copies one problem, or two problems of one template?

"Tom has 3 apples" and "Tom has 4 apples" share nearly all their words, and any measure
of similarity takes them for copies. They are siblings: good data, each with an answer
of its own. So a near pair is one problem only if its numbers, operators and relation
signs agree, one after the other, however they are spelt (`\frac12` is 1/2, "twelve"
is 12); or if the answers agree and one text has all the numbers of the other and
beside them nothing but numbers, such as a tag or a count of points.
"""

import re
from fractions import Fraction

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array, Pairs

# Below this similarity, another answer means another problem: word puzzles of one
# template differ in words, and have no numbers to tell them apart.
DISPUTED_FROM = 0.9


def classify_pairs(rows: pl.DataFrame, pairs: Pairs, *, guard: bool) -> Array:
    """What each pair is, uint8: SIBLING, COPY or OTHER_ANSWER of `kernels.relations`.

    Numbers and signs agree in order: a copy, unless the answers differ. Then it is
    one problem with two answers if nothing but words was added and the texts are as
    near as DISPUTED_FROM; else siblings. They agree in another order, or one text has
    numbers beside: a copy if the answers agree. Without `guard`, all are one problem.
    """
    from pipeline.kernels.answer_codes import answer_codes
    from pipeline.kernels.relations import COPY, OTHER_ANSWER, SIBLING

    rows, first, second = _rows_of(rows, pairs.first, pairs.second)
    answers = answer_codes(rows["answer"])
    is_known = (answers[first] != 0) & (answers[second] != 0)
    same = is_known & (answers[first] == answers[second])
    if not guard:
        return np.where(is_known & ~same, OTHER_ANSWER, COPY).astype(np.uint8)
    other = is_known & ~same & (pairs.score >= DISPUTED_FROM)
    agree, has_numbers, has_words = compare_texts(
        rows["problem"], first, second, same, other
    )
    relation = np.full(len(first), SIBLING, np.uint8)
    relation[(agree & (same | ~is_known)) | has_numbers] = COPY
    disputed = agree & has_words
    left, right = (rows["answer"].gather(side[disputed]) for side in (first, second))
    relation[disputed] = [
        COPY if _equal_values(*answers) else OTHER_ANSWER
        for answers in zip(left, right, strict=True)
    ]
    return relation


def all_agree(rows: pl.DataFrame, first: Array, second: Array) -> Array:
    """Whether numbers, signs and answers of each pair of `rows` agree (bool)."""
    from pipeline.kernels.answer_codes import answer_codes

    rows, first, second = _rows_of(rows, first, second)
    never = np.zeros(len(first), bool)
    agree, _, _ = compare_texts(rows["problem"], first, second, never, never)
    left, right = (rows["answer"].gather(side) for side in (first, second))
    same = left.eq_missing(right).to_numpy().copy()
    codes = answer_codes(pl.concat([left.filter(~same), right.filter(~same)]))
    same[~same] = np.equal(*np.split(codes, 2))
    return np.asarray(agree & same)


def _rows_of(
    rows: pl.DataFrame, first: Array, second: Array
) -> tuple[pl.DataFrame, Array, Array]:
    """Problem and answer of the rows in pairs, and the pairs as places among them."""
    involved = np.zeros(rows.height, bool)
    involved[first] = involved[second] = True
    number = np.cumsum(involved) - 1
    rows = rows.select("problem", "answer").filter(pl.Series(involved))
    return rows, number[first], number[second]


def compare_texts(
    texts: pl.Series, first: Array, second: Array, same: Array, other: Array
) -> tuple[Array, Array, Array]:
    """Three bool arrays over pairs of texts, which are read only where they differ.

    Numbers and signs agree in order. One text has all numbers and signs of the
    other, and no more than numbers beside: looked at where the answers are the
    `same`. One has all words of the other: where there is an `other` answer.
    """
    from pipeline.kernels.latex_tokens import tokenise_ranges
    from pipeline.kernels.latex_vocabulary import plain_text
    from pipeline.kernels.relations import (
        differing_spans,
        one_contains_other,
        quantity_hash,
    )
    from pipeline.kernels.shards import text_bytes

    data, offsets = text_bytes(plain_text(texts))
    agree, has_numbers, has_words = np.zeros((3, len(first)), bool)
    step = 1 << 16
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        spans = differing_spans(data, offsets, first[part], second[part])
        tokens = tokenise_ranges(data, *spans)
        read = tokens.codes, tokens.kinds, tokens.ends
        codes = quantity_hash(*read, False, False)
        agree[part] = codes[::2] == codes[1::2]
        has_numbers[part] = one_contains_other(*read, same[part] & ~agree[part], True)
        has_words[part] = one_contains_other(*read, other[part] & agree[part], False)
    return agree, has_numbers, has_words


def hash_quantities(text: pl.Series) -> Array:
    """A uint64 for the numbers and signs of each text, in order.

    >>> left, right = hash_quantities(pl.Series(["$3 × x > 1,200$", "3*x>1200"]))
    >>> bool(left == right)
    True
    """
    from pipeline.kernels.latex_tokens import tokenise
    from pipeline.kernels.relations import quantity_hash

    tokens = tokenise(text)
    return quantity_hash(tokens.codes, tokens.kinds, tokens.ends, False, False)


VALUE = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:/\d{1,30})?")
FRACTION = re.compile(r"(-?)\\[dt]?frac\{?(\d{1,30})\}?\{?(\d{1,30})\}?")


def _equal_values(left: str | None, right: str | None) -> bool:
    value = _parse_value(left or "")
    return value is not None and value == _parse_value(right or "")


def _parse_value(answer: str) -> Fraction | None:
    r"""`0.5`, `1/2` and `\frac{1}{2}` as one number; None if it is not so plain."""
    text = FRACTION.sub(r"\1\2/\3", answer.strip().strip("$ ").replace(",", ""))
    if not VALUE.fullmatch(text):
        return None
    numerator, _, denominator = text.partition("/")
    whole = int(denominator or 1)
    return Fraction(numerator) / whole if whole else None
