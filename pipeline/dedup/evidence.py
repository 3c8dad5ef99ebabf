"""Are two problems one, in other words or another language? The bits that speak for it.

Problems that share an answer and much of their numbers are brought together by a join,
without a look at their words. Then the bits are counted: those of the shared numbers
and of the answer, less those of numbers that one of the two has alone. If each has a
number that the other lacks, they are siblings of one template. An encoder is left to
say whether both talk of the same: the fewer bits, the nearer it must find them.

A problem whose numbers and answer are in many others is not looked for.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.dedup.quantities import IS_ENGLISH
from pipeline.dedup.witness import Witnesses
from pipeline.kernels.item_overlap import find_candidates

# With fewer bits for it, no problem is looked for: its numbers are in any other.
LEAST = 8.0
TWIN, CROWD = 12.0, 32  # so many in one pool, and so many rows with one key
# Of the bits of either problem, the share that the other must have to be looked at.
GATE = 0.4
# Bits that both problems may have beside each other: a `2` for `both`, a `1`.
SLACK = 2.0
# One of the two may have so much of the shared bits beside: a sentence more.
BESIDE = 0.34
# At RICH bits the least cosine is enough; for each bit less it must be so much higher.
RICH, PER_BIT = 16.0, 0.035
# Bits that an answer would have to add; another question has other answers.
UNANSWERED = 8.0
# Bits beyond those that make one chance pair likely: one in eight pools has one.
SURE = 3.0


@dataclass(frozen=True)
class Evidence:
    """Pairs of a text and another that share much: arrays (pairs,).

    `bits` float64 speak for one problem, and no number speaks against it. Where not
    `same_answer` (bool), one has no answer. `enough` are the bits that need no look at
    the words: by chance, no pair of so many texts has them.
    """

    first: Array
    second: Array
    bits: Array
    same_answer: Array
    across: Array  # bool: one is English and the other is not
    enough: float

    def take(self, which: Array) -> "Evidence":
        """Those that `which` names, by their numbers or by a mask (bool)."""
        parts = ("first", "second", "bits", "same_answer", "across")
        return replace(self, **{name: getattr(self, name)[which] for name in parts})

    @property
    def counted(self) -> Array:
        """The bits less what an answer would add, where one is unknown, float64."""
        counted: Array = self.bits - np.where(self.same_answer, 0, UNANSWERED)
        return counted

    def is_confirmed(self, cosines: Array, least: float) -> Array:
        """Whether each pair is one problem (bool), by its cosine and its bits.

        RICH bits need the cosine `least`, and each bit less a little more. An encoder
        of one language says nothing across languages: there `enough` bits do as well.
        """
        needed = least + PER_BIT * np.maximum(0, RICH - self.counted)
        is_near = cosines >= np.minimum(needed, 0.95)
        is_confirmed: Array = is_near | (self.across & (self.counted >= self.enough))
        return is_confirmed


def find_evidence(texts: Witnesses, others: Witnesses) -> Evidence:
    """The pairs of `texts` and `others` with the same answer and much the same numbers.

    Where an answer is unknown, the numbers of both must be the same.
    """
    by_answer, by_numbers = _join_by_answer(texts, others), _join_by_set(texts, others)
    first, second = np.concatenate([by_answer, by_numbers], axis=1)
    same_answer = np.arange(len(first)) < by_answer.shape[1]
    bits, agree = _count_bits(texts, others, first, second)
    left, right = (
        side.texts.str.contains(IS_ENGLISH).fill_null(value=True).to_numpy()
        for side in (texts, others)
    )
    across = left[first] != right[second]
    bits[across] += _count_names(texts, others, first[across], second[across])
    enough = SURE + np.log2(max(texts.height, 1)) + np.log2(max(others.height, 1))
    evidence = Evidence(first, second, bits, same_answer, across, float(enough))
    return evidence.take(agree & (bits >= LEAST))


NAMES = re.compile(r"\b[A-Z][a-z]{2,}\b")


def _count_names(
    texts: Witnesses, others: Witnesses, first: Array, second: Array
) -> Array:
    """Bits of the names that texts in two languages share: those of people stay."""
    left, right = texts.texts.gather(first), others.texts.gather(second)
    shared = [
        len({*NAMES.findall(text)} & {*NAMES.findall(other)})
        for text, other in zip(left, right, strict=True)
    ]
    return 4.0 * np.minimum(shared, 2)


def _join_by_answer(texts: Witnesses, others: Witnesses) -> Array:
    """(2, pairs) int64: those with the same answer and GATE of each other's numbers."""
    left, right = _answered_numbers(texts), _answered_numbers(others)
    right_total, left_total = _total_bits(right, others), _total_bits(left, texts)
    rich = right_total / 2 + others.bits >= LEAST  # a number counts by value and base
    right = right.filter(pl.Series(rich)[right["row"]])
    keys = right.select("key").unique(maintain_order=True).with_row_index("number")
    left, right = (
        side.join(keys, on="key", maintain_order="left") for side in (left, right)
    )
    weights = np.zeros(keys.height)
    weights[right["number"].to_numpy()] = right["bits"].to_numpy()
    holders = right.sort("number", "row")
    ends = np.searchsorted(left["row"].to_numpy(), np.arange(texts.height + 1))
    holder_ends = np.searchsorted(
        holders["number"].to_numpy(), np.arange(keys.height + 1)
    )
    first, second, share = find_candidates(
        left["number"].to_numpy(),
        ends,
        holders["row"].to_numpy().astype(np.int32),
        holder_ends,
        weights,
        right_total,
        GATE,
    )
    both = share * right_total[second] >= GATE * left_total[first]
    return np.stack([first[both], second[both]]).astype(np.int64)


def _answered_numbers(witnesses: Witnesses) -> pl.DataFrame:
    """(row, key, bits), by row: each number with its answer, in both codes."""
    rows = pl.DataFrame({"answer": witnesses.answers}).with_row_index("row")
    numbers = witnesses.quantities.filter(pl.col("cost") > 0)
    without = rows.join(numbers, on="row", how="anti")
    parts = [
        *(numbers.select("row", pl.col(code), "bits").rename({code: "code"})
          for code in ("value", "base")),
        without.select("row", code=pl.lit(0, pl.Int64), bits=pl.lit(1, pl.Float32)),
    ]  # fmt: skip
    table = pl.concat(
        [
            part.with_columns(which=pl.lit(which, pl.UInt8))
            for which, part in enumerate(parts)
        ]
    )
    table = table.join(rows.filter(pl.col("answer") != 0), on="row")
    key = pl.struct("answer", "code", "which").hash()
    return (
        table.select("row", "bits", key=key).unique(["row", "key"]).sort("row", "key")
    )


def _total_bits(numbers: pl.DataFrame, witnesses: Witnesses) -> Array:
    """The sum of the bits of each row, float64, and 1 where there are none."""
    total = np.bincount(
        numbers["row"].to_numpy(), numbers["bits"].to_numpy(), witnesses.height
    )
    return np.where(total > 0, total, 1.0)


def find_twins(rows: Witnesses) -> Evidence:
    """Earlier and later rows with the same answer and the same numbers, but small ones.

    A row is paired with the first CROWD of its kind. What is in quotes is no witness:
    a pool has many puzzles of one template.
    """
    numbers = rows.quantities.filter(pl.col("cost") > 0)
    rows = replace(rows, quantities=numbers)
    keys = _hash_sets(rows).filter(pl.col("answer") != 0).sort("row")
    kind = ["key", "answer"]
    rank = pl.int_range(pl.len()).over(kind)
    heads = keys.filter(rank < CROWD)
    pairs = keys.join(heads, on=kind, suffix="_head").filter(
        pl.col("row_head") < pl.col("row")
    )
    pairs = pairs.sort("row", "row_head")
    first, second = (
        pairs[name].to_numpy().astype(np.int64) for name in ("row_head", "row")
    )
    bits, agree = _count_bits(rows, rows, first, second)
    always = np.ones(len(first), bool)
    evidence = Evidence(first, second, bits, always, ~always, np.inf)
    return evidence.take(agree & (bits >= TWIN))


def _join_by_set(texts: Witnesses, others: Witnesses) -> Array:
    """(2, pairs) int64: the same numbers, and an answer is unknown."""
    left, right = _hash_sets(texts), _hash_sets(others)
    pairs = left.join(right, on="key", suffix="_other")
    unknown = (pl.col("answer") == 0) | (pl.col("answer_other") == 0)
    pairs = pairs.filter(unknown).sort("row", "row_other")
    return pairs.select("row", "row_other").to_numpy().T.astype(np.int64)


def _hash_sets(witnesses: Witnesses) -> pl.DataFrame:
    """(row, key, answer) of the texts whose numbers and names make LEAST bits."""
    rows = pl.DataFrame({"answer": witnesses.answers}).with_row_index("row")
    heavy = witnesses.quantities.filter(pl.col("bits") > SLACK)
    sets = heavy.group_by("row", maintain_order=True).agg(
        pl.col("bits").sum(), key=pl.col("base").sort().hash().sum()
    )
    return sets.filter(pl.col("bits") >= LEAST).join(rows, on="row")


def _count_bits(
    texts: Witnesses, others: Witnesses, first: Array, second: Array
) -> tuple[Array, Array]:
    """(bits of what is shared less those of one alone, whether the numbers agree)."""
    pairs = pl.DataFrame({"first": first, "second": second}).with_row_index("pair")
    pairs = pairs.cast({"first": pl.UInt32, "second": pl.UInt32})
    left = pairs.select("pair", row="first").join(texts.quantities, on="row")
    right = pairs.select("pair", row="second").join(others.quantities, on="row")
    shared, left_beside = _sum_bits(left, right, len(first))
    _, right_beside = _sum_bits(right, left, len(first))
    least = np.minimum(left_beside, right_beside)
    most = np.maximum(left_beside, right_beside)
    is_known = texts.answers[first] == others.answers[second]
    shared = shared + np.where(is_known, texts.bits[first], 0)
    agree = (least == 0) & (most <= BESIDE * shared) | (most <= SLACK)
    return shared - left_beside - right_beside, agree


def _sum_bits(
    left: pl.DataFrame, right: pl.DataFrame, pairs: int
) -> tuple[Array, Array]:
    """Of each pair the bits of `left` that are in `right`, and the cost of the rest."""
    for code in ("value", "base"):
        known = (
            right.select("pair", code)
            .unique()
            .with_columns(pl.lit(value=True).alias(f"has_{code}"))
        )
        left = left.join(known, on=["pair", code], how="left", maintain_order="left")
    has = (pl.col("has_value") | pl.col("has_base")).fill_null(value=False)
    left = left.select(
        "pair",
        shared=pl.when(has).then("bits").otherwise(0),
        beside=pl.when(~has).then("cost").otherwise(0),
    )
    pair = left["pair"].to_numpy()
    shared, beside = (
        np.bincount(pair, left[name].to_numpy(), pairs) for name in ("shared", "beside")
    )
    return shared, beside


WORD = re.compile(r"[^\W\d_]{2,}")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SIGN = re.compile(r"(?<=[\d)])\s*([-+*/^=<>×÷])\s*(?=[\d(])")
SAME_WORDS = 0.8


def keeps_order(text: str, other: str) -> bool:
    """Whether signs are the same, and numbers in one order where the words are.

    `sort 3, 9, 5` and `sort 5, 3, 9` are two problems of one template, and so are
    `5 + 4 + 2` and `5 * 4 - 2`. With other words, or with its sentences in another
    order, a problem is none of the template.

    >>> keeps_order("Sort the list 3, 9, 5 now.", "Sort the list 5, 3, 9 now.")
    False
    """
    signs, other_signs = (sorted(SIGN.findall(side)) for side in (text, other))
    if signs and other_signs and signs != other_signs:
        return False
    if not have_same_words(text, other):
        return True
    numbers, other_numbers, _ = _shared_parts(NUMBER, text, other)
    return numbers == other_numbers


def have_same_words(text: str, other: str) -> bool:
    """Whether two texts have nearly the same words, one after the other."""
    words, other_words, share = _shared_parts(WORD, text.lower(), other.lower())
    return share >= SAME_WORDS and words == other_words


def _shared_parts(
    pattern: re.Pattern[str], text: str, other: str
) -> tuple[list[str], list[str], float]:
    """The parts in both, in order, of either; and their share of the shorter one."""
    parts, others = pattern.findall(text), pattern.findall(other)
    both = {*parts} & {*others}
    left, right = ([part for part in side if part in both] for side in (parts, others))
    share = min(len(left), len(right)) / max(min(len(parts), len(others)), 1)
    return left, right, share
