"""The guard: is a pair of near copies one problem, or two of one template?

A pair is a copy only if numbers, operators and relation signs agree, one after the
other, however they are spelt; or if the answers agree and one text has all the
numbers of the other. Else the two are siblings: same words, other numbers.
"""

import re
from fractions import Fraction

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Pairs, order_of

# Below this similarity, another answer means another problem: word puzzles of one
# template differ in words, and have no numbers to tell them apart.
CONFLICT = 0.9
Array = np.ndarray


def relations(
    rows: pl.DataFrame, pairs: Pairs, priority: Array | None, *, guard: bool
) -> Array:
    from pipeline.kernels import relations as kernels
    from pipeline.kernels.answer_codes import answer_codes

    order = order_of(rows.height, priority)
    involved = np.zeros(rows.height, bool)
    involved[pairs.first] = involved[pairs.second] = True
    place = np.cumsum(involved) - 1
    few = rows.select("problem", "answer")[order[involved]]
    codes = answer_codes(few["answer"])
    first, second = place[pairs.first], place[pairs.second]
    if not guard:
        known = (codes[first] != 0) & (codes[second] != 0)
        other = known & (codes[first] != codes[second])
        return np.where(other, kernels.OTHER_ANSWER, kernels.COPY).astype(np.uint8)
    return _guarded(few, first, second, pairs.score, codes)


def _guarded(
    rows: pl.DataFrame, first: Array, second: Array, score: Array, codes: Array
) -> Array:
    """The relation uint8 of each pair; `codes` of answers are 0 where unknown.

    Numbers and signs agree in order: a copy, unless the answers differ. Then it is
    one problem with two answers if nothing but words was added and the texts are
    as near as CONFLICT; else siblings. They agree in another order, or one text has
    numbers beside (a tag, a count of points): a copy if the answers agree.
    """
    from pipeline.kernels import relations as guard

    known = (codes[first] != 0) & (codes[second] != 0)
    same = known & (codes[first] == codes[second])
    other = known & ~same & (score >= CONFLICT)
    agree, numbers, words = readings(rows["problem"], first, second, same, other)
    relation = np.zeros(len(first), np.uint8)
    relation[(agree & (same | ~known)) | numbers] = guard.COPY
    disputed = np.flatnonzero(agree & words)
    answers = rows["answer"].gather(np.r_[first[disputed], second[disputed]])
    half = len(disputed)
    for pair, one, other in zip(disputed, answers[:half], answers[half:], strict=True):
        equal = _same_value(one, other)
        relation[pair] = guard.COPY if equal else guard.OTHER_ANSWER
    return relation


def readings(
    texts: pl.Series, first: Array, second: Array, same: Array, other: Array
) -> tuple[Array, Array, Array]:
    """Three bool arrays over pairs of texts, which are read only where they differ.

    Numbers and signs agree in order. One text has all numbers and signs of the
    other, and no more than numbers beside: asked where the answers are the `same`.
    One has all words of the other: asked where there is an `other` answer.
    """
    from pipeline.kernels import relations as guard
    from pipeline.kernels.latex_tokens import tokenise_ranges
    from pipeline.kernels.latex_vocabulary import plain_text
    from pipeline.kernels.shards import text_bytes

    data, offsets = text_bytes(plain_text(texts))
    made = np.zeros((3, len(first)), bool)
    step = 1 << 16
    for start in range(0, len(first), step):
        some = slice(start, start + step)
        spans = guard.differing_spans(data, offsets, first[some], second[some])
        tokens = tokenise_ranges(data, *spans)
        read = tokens.codes, tokens.kinds, tokens.ends
        codes = guard.quantity_hash(*read, False, False)
        made[0, some] = codes[::2] == codes[1::2]
        made[1, some] = guard.one_contains_other(
            *read, same[some] & ~made[0, some], True
        )
        made[2, some] = guard.one_contains_other(
            *read, other[some] & made[0, some], False
        )
    return made[0], made[1], made[2]


def quantity_codes(text: pl.Series) -> Array:
    """A uint64 for the numbers and signs of each text, in order.

    >>> one, other = quantity_codes(pl.Series(["$3 × x > 1,200$", "3*x>1200"]))
    >>> bool(one == other)
    True
    """
    from pipeline.kernels import relations as guard
    from pipeline.kernels.latex_tokens import tokenise

    tokens = tokenise(text)
    return guard.quantity_hash(tokens.codes, tokens.kinds, tokens.ends, False, False)


def answers_agree(answers: pl.Series, first: Array, second: Array) -> Array:
    """Whether the two answers of each pair are one, whatever their spelling (bool)."""
    from pipeline.kernels.answer_codes import answer_codes

    left, right = (
        answers.gather(pl.Series(p, dtype=pl.UInt32)) for p in (first, second)
    )
    agree = left.eq_missing(right).to_numpy().copy()
    rest = np.flatnonzero(~agree)
    if len(rest):
        codes = answer_codes(pl.concat([left.gather(rest), right.gather(rest)]))
        agree[rest] = codes[: len(rest)] == codes[len(rest) :]
    return agree


def _same_value(one: str | None, other: str | None) -> bool:
    left, right = _value(one or ""), _value(other or "")
    return left is not None and left == right


VALUE = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?(?:/\d{1,30})?")
FRACTION = re.compile(r"(-?)\\[dt]?frac\{?(\d{1,30})\}?\{?(\d{1,30})\}?")


def _value(answer: str) -> Fraction | None:
    r"""`0.5`, `1/2` and `\frac{1}{2}` as one number; None if it is not so plain."""
    text = FRACTION.sub(r"\1\2/\3", answer.strip().strip("$ ").replace(",", ""))
    if not VALUE.fullmatch(text):
        return None
    over, _, under = text.partition("/")
    return Fraction(over) / int(under or 1) if int(under or 1) else None
