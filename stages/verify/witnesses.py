"""What references and copies say of each key, as factors of how likely it is.

References are solutions that came with the problem, copies are rows that dedup dropped
for the same text and another answer. Either has answered like a model of its own, and
what it answered is a vote for an answer, not just one against the key. Neither is
certain: a copy may be no copy, a reference may be misread, and the solution to a wrong
key usually leads to it. How often references fail is measured where they come from.
"""

import numpy as np
import polars as pl

from pipeline.grading.workers import Grader, are_equal
from stages.verify.likelihood import ANSWERS, NOBODY, Array

# How likely a copy, or a reference of which nothing is known, has another answer where
# the key is the truth. A source's references differ at most as often as not.
DIFFERS, MOST = 0.05, 0.5
PRIOR_PROBLEMS = 20.0  # weight of DIFFERS against what a source's references do
# Where the key is not the truth: a reference leads to it all the same; either has the
# answer that is; either has yet another.
FOLLOWS, NAMES, MISSES = 0.5, 0.5, 0.1


def find_ranks(
    rows: pl.DataFrame, ranked: pl.DataFrame, grade: Grader, column: str
) -> pl.DataFrame:
    """`rows` with `<column>_ranks`: which answers of samples equal one of `column`."""
    given = rows.filter(pl.col(column).list.len() > 0)
    pairs = (
        given.select("id", "verifier", "verify_info", _answer=column)
        .explode("_answer")
        .join(ranked.filter(pl.col("rank").is_between(1, ANSWERS)), on="id")
        .drop_nulls(["_answer", "answer"])
        .unique(["id", "rank", "_answer"], maintain_order=True)
    )
    fields = pairs.select("verifier", "_answer", "verify_info", "answer").rows()
    is_equal = are_equal(fields, grade)
    equal = pairs.filter(
        pl.Series(is_equal, dtype=pl.Boolean) | (pl.col("_answer") == pl.col("answer"))
    )
    ranks = equal.group_by("id").agg(pl.col("rank").unique().sort())
    ranks = ranks.rename({"rank": f"{column}_ranks"})
    return rows.join(ranks, on="id", how="left", maintain_order="left")


def weigh_witnesses(rows: pl.DataFrame) -> Array:
    """Factors (n, 2 + ANSWERS): the key is the truth, answer j is, none is.

    `rows` need `references_agree`, `_referred` (answers of references that differ) and
    `_copies` (answers of copies), and the ranks of either among the votes.
    """
    differs = _measure_references(rows)
    factors = np.ones((rows.height, 2 + ANSWERS))
    agrees = rows["references_agree"].eq_missing(pl.Series([True])).to_numpy()
    factors[agrees, 0] = 1 - differs[agrees]
    factors[agrees, 1:] = FOLLOWS
    copied = (rows["_copies"].list.len().fill_null(0) > 0).to_numpy()
    usual = np.full(rows.height, DIFFERS)
    contradicts = rows["references_agree"].eq_missing(pl.Series([False])).to_numpy()
    factors *= _weigh_others(rows, contradicts, differs, "_referred")
    factors *= _weigh_others(rows, copied, usual, "_copies")
    return factors


def _measure_references(rows: pl.DataFrame) -> Array:
    """How often (n,) references of the row's source differ, but for its own."""
    agree = pl.col("references_agree")
    n_differ = (~agree).sum().over("source") - (~agree).fill_null(value=False)
    n = agree.is_not_null().sum().over("source") - agree.is_not_null()
    rate = (n_differ + PRIOR_PROBLEMS * DIFFERS) / (n + PRIOR_PROBLEMS)
    measured = rows.select(rate.clip(upper_bound=MOST)).to_series()
    return measured.cast(pl.Float64).to_numpy()


def _weigh_others(
    rows: pl.DataFrame, speaks: Array, differs: Array, column: str
) -> Array:
    """Factors of witnesses with another answer than the key, in the rows that have."""
    factors = np.ones((rows.height, 2 + ANSWERS))
    factors[speaks, 0], factors[speaks, 1:] = differs[speaks], MISSES
    of_rows = zip(rows[column], rows[f"{column}_ranks"], strict=True)
    for number, (answers, ranks) in enumerate(of_rows):
        if not speaks[number]:
            continue
        if answers is None or not len(answers):
            factors[number, 1:] = FOLLOWS  # a program: which answer it has is unknown
            continue
        named = [NOBODY] if ranks is None else list(ranks)
        factors[number, named] = NAMES
    return factors
