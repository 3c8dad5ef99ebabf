"""The guard: is a pair of near copies one problem, or two of one template?

A pair is a copy only if numbers, operators and relation signs agree, one after the
other, however they are spelt; or if the answers agree and one text has all the
numbers of the other. Else the two are siblings: same words, other numbers.
"""

import re
from fractions import Fraction

import numpy as np
import polars as pl

from pipeline.pairs import Pairs, order_of

# Below this similarity, another answer means another problem: word puzzles of one
# template differ in words, and have no numbers to tell them apart.
CONFLICT = 0.9
Array = np.ndarray


def relations(
    rows: pl.DataFrame, pairs: Pairs, priority: Array | None, *, guard: bool
) -> Array:
    from pipeline.kernels import guard as kernels

    order = order_of(rows.height, priority)
    involved = np.zeros(rows.height, bool)
    involved[pairs.first] = involved[pairs.second] = True
    place = np.cumsum(involved) - 1
    few = rows[order[involved]].select("problem", "answer")
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
    from pipeline.kernels import guard
    from pipeline.kernels.scan import scan
    from pipeline.kernels.vocabulary import SIGN

    tokens = scan(rows["problem"])
    order = guard.orders(tokens.codes, tokens.kinds, tokens.ends, False, False)
    known = (codes[first] != 0) & (codes[second] != 0)
    same = known & (codes[first] == codes[second])
    agree = order[first] == order[second]
    signs = np.unique(tokens.codes[tokens.kinds == SIGN])
    relation = np.zeros(len(first), np.uint8)
    relation[agree & (same | ~known)] = guard.COPY

    def within(pairs: Array, *, quantities: bool) -> Array:
        asked = np.unique(np.concatenate([first[pairs], second[pairs]]))
        said = (tokens.codes, tokens.kinds, tokens.ends)
        bags = guard.bags(*said, asked, quantities)
        ours = np.searchsorted(asked, first[pairs])
        theirs = np.searchsorted(asked, second[pairs])
        return guard.within(*bags, ours, theirs, signs)

    more = np.flatnonzero(~agree & same)
    relation[more[within(more, quantities=True)]] = guard.COPY
    disputed = np.flatnonzero(agree & known & ~same & (score >= CONFLICT))
    disputed = disputed[within(disputed, quantities=False)]
    answers = rows["answer"].gather(np.r_[first[disputed], second[disputed]])
    half = len(disputed)
    for pair, one, other in zip(disputed, answers[:half], answers[half:], strict=True):
        equal = _same_value(one, other)
        relation[pair] = guard.COPY if equal else guard.OTHER_ANSWER
    return relation


def quantity_codes(text: pl.Series) -> Array:
    """A uint64 for the numbers and signs of each text, in order.

    >>> one, other = quantity_codes(pl.Series(["$3 × x > 1,200$", "3*x>1200"]))
    >>> bool(one == other)
    True
    """
    from pipeline.kernels import guard
    from pipeline.kernels.scan import scan

    tokens = scan(text)
    return guard.orders(tokens.codes, tokens.kinds, tokens.ends, False, False)


def answer_codes(answers: pl.Series) -> Array:
    """A uint64 for each answer, whatever its spelling; 0 where there is none."""
    from pipeline.kernels import guard
    from pipeline.kernels.scan import scan

    answers = answers.str.replace(r"^\s*\$?\s*[A-Za-z]\s*=\s*", "")  # n = 6 is 6
    tokens = scan(answers)
    codes = guard.orders(tokens.codes, tokens.kinds, tokens.ends, True, True)
    mute = (codes == 0) & (answers.fill_null("").str.strip_chars() != "").to_numpy()
    codes[mute] = answers.hash().to_numpy()[mute]
    return codes


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
