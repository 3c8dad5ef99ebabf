"""Tables of votes as arrays, and what other witnesses say of each key as factors.

Copies are rows that dedup dropped for the same text and another answer, references
the solutions that came with the problem. Neither is certain: a copy may be no copy, a
reference may be misread, and the solution to a wrong key usually leads to it.
"""

import numpy as np
import polars as pl

from pipeline.grading.voting import RIGHT, count_votes
from pipeline.grading.workers import Answer, Grader
from stages.verify.likelihood import ANSWERS, Array, Ballots

# How likely a reference that reaches the key, or another answer, is where the key is
# the truth and where it is not.
REFERENCE_AGREES = (0.95, 0.5)
REFERENCE_DIFFERS = (0.05, 0.5)
# How likely a copy with another answer is: where the key is the truth, where the copy's
# answer is, and where a third is.
COPY_DIFFERS = (0.05, 0.6, 0.1)


def rank_answers(voters: pl.DataFrame) -> pl.DataFrame:
    """(id, vote, votes, answer, rank): 0 is the key, others by votes from 1 on."""
    is_other = pl.col("vote") != RIGHT
    rank = pl.when(is_other).then(is_other.cum_sum().over("id")).otherwise(0)
    return count_votes(voters).with_columns(rank=rank.cast(pl.Int64))


def cast_ballots(
    voters: pl.DataFrame, ranked: pl.DataFrame, rows: pl.DataFrame
) -> Ballots:
    """The ballots of `rows`, in their order.

    Needs `references_agree` (what references say), `_copies` (other answers) and
    `_copy_ranks` (the ranks that these answers have among the votes) in `rows`.
    """
    numbers = rows.select("id").with_row_index("_row")
    model = pl.col("model").fill_null("").rank("dense").cast(pl.Int64) - 1
    voters = voters.with_columns(_model=model)
    cast = (
        voters.group_by("id", "vote", "_model")
        .agg(n=pl.len().cast(pl.Int64))
        .join(ranked.select("id", "vote", "rank"), on=["id", "vote"], how="inner")
        .join(numbers, on="id", how="inner")
    )
    columns = cast.select("_row", "rank", "_model", "n")
    row, rank, of_model, n = columns.cast(pl.Int64).to_numpy().T
    n_models = max(1, voters["_model"].n_unique())
    votes = np.zeros((rows.height, 1 + ANSWERS, n_models), np.int64)
    scattered = np.zeros((rows.height, n_models), np.int64)
    named = rank <= ANSWERS
    votes[row[named], rank[named], of_model[named]] = n[named]
    np.add.at(scattered, (row[~named], of_model[~named]), n[~named])
    witnesses = _weigh_witnesses(rows) * _weigh_pets(ranked, rows)
    return Ballots(votes, scattered, witnesses)


def _weigh_witnesses(rows: pl.DataFrame) -> Array:
    """Factors (n, 2 + ANSWERS): the key is the truth, answer j is, none is."""
    factors = np.ones((rows.height, 2 + ANSWERS))
    agree = rows["references_agree"]
    for says, (right, wrong) in {
        True: REFERENCE_AGREES,
        False: REFERENCE_DIFFERS,
    }.items():
        speaks = agree.eq_missing(pl.Series([says])).to_numpy()
        factors[speaks] *= [right] + [wrong] * (1 + ANSWERS)
    key, theirs, third = COPY_DIFFERS
    has_copies = (rows["_copies"].list.len().fill_null(0) > 0).to_numpy()
    factors[has_copies] *= [key] + [third] * (1 + ANSWERS)
    for number, ranks in enumerate(rows["_copy_ranks"]):
        for rank in () if ranks is None else ranks:
            factors[number, rank] *= theirs / third
    return factors


def _weigh_pets(ranked: pl.DataFrame, rows: pl.DataFrame) -> Array:
    """Factors (n, 2 + ANSWERS) below 1 for answers that models give to anything.

    An answer that is the most frequent wrong one of g other problems of the pool, and
    the key of k, weighs (k + 1) / (g + 1), in powers of a half: so often it is the
    truth where it is given against a key.
    """
    numbers = rows.select("id", key=pl.col("answer").str.strip_chars())
    guesses = ranked.filter(pl.col("rank").is_between(1, ANSWERS)).select(
        "id", "rank", key=pl.col("answer").str.strip_chars()
    )
    is_first = guesses.filter(pl.col("rank") == 1)
    given = is_first.group_by("key").agg(g=pl.len())
    right = numbers.drop_nulls("key").group_by("key").agg(k=pl.len())
    pets = (
        guesses.join(given, on="key", how="inner")
        .join(right, on="key", how="left")
        .join(rows.select("id").with_row_index("_row"), on="id", how="inner")
        .with_columns(g=pl.col("g") - (pl.col("rank") == 1), k=pl.col("k").fill_null(0))
        .filter(pl.col("k") < pl.col("g"))
    )
    halves = ((pets["g"] + 1) / (pets["k"] + 1)).log(2).round()
    factors = np.ones((rows.height, 2 + ANSWERS))
    factors[pets["_row"].to_numpy(), pets["rank"].to_numpy()] = 0.5 ** halves.to_numpy()
    return factors


def find_copy_ranks(
    rows: pl.DataFrame, ranked: pl.DataFrame, grade: Grader
) -> pl.DataFrame:
    """`rows` with `_copy_ranks`: which answers of samples equal one of `_copies`."""
    contested = rows.filter(pl.col("_copies").list.len() > 0)
    pairs = (
        contested.select("id", "verifier", "verify_info", _copy="_copies")
        .explode("_copy")
        .join(ranked.filter(pl.col("rank").is_between(1, ANSWERS)), on="id")
        .drop_nulls(["_copy", "answer"])
        .unique(["id", "rank", "_copy"], maintain_order=True)
    )
    fields = pairs.select("verifier", "_copy", "verify_info", "answer").rows()
    verdicts = grade(
        [
            Answer(verifier, copy, info, f"\\boxed{{{answer}}}")
            for verifier, copy, info, answer in fields
        ]
    )
    is_equal = [verdict.correct is True for verdict in verdicts]
    equal = pairs.filter(
        pl.Series(is_equal, dtype=pl.Boolean) | (pl.col("_copy") == pl.col("answer"))
    )
    ranks = equal.group_by("id").agg(_copy_ranks=pl.col("rank").unique().sort())
    return rows.join(ranks, on="id", how="left", maintain_order="left")


def label_strata(rows: pl.DataFrame) -> Array:
    """Labels (n, 3) of where problems come from: source, domain, level.

    The level is the recipe's (`difficulty.levels`), or else what `meta` calls so.
    """
    recorded = pl.col("meta").str.json_path_match("$.level")
    level = recorded
    if "source_level" in rows.columns:
        level = pl.coalesce(pl.col("source_level").cast(pl.String), recorded)
    labels = rows.select(
        pl.col(name).fill_null("").rank("dense").cast(pl.Int64)
        for name in ("source", "domain")
    ).with_columns(rows.select(level=level.fill_null("").rank("dense").cast(pl.Int64)))
    return labels.to_numpy()
