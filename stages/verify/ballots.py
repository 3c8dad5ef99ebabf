"""Tables of votes as arrays, and answers that are given to anything.

An answer that models fall back on where they know none says little where it is given.
"""

import numpy as np
import polars as pl

from pipeline.grading.voting import RIGHT, count_votes
from stages.verify.likelihood import ANSWERS, Array, Ballots
from stages.verify.witnesses import weigh_witnesses


def rank_answers(voters: pl.DataFrame) -> pl.DataFrame:
    """(id, vote, votes, answer, rank): 0 is the key, others by votes from 1 on."""
    is_other = pl.col("vote") != RIGHT
    rank = pl.when(is_other).then(is_other.cum_sum().over("id")).otherwise(0)
    return count_votes(voters).with_columns(rank=rank.cast(pl.Int64))


def count_ballots(voters: pl.DataFrame, ranked: pl.DataFrame) -> pl.DataFrame:
    """(id, rank, model, n): how many samples of a model gave an answer."""
    cast = voters.group_by("id", "vote", "model").agg(n=pl.len().cast(pl.Int64))
    cast = cast.join(ranked, on=["id", "vote"], how="inner")
    return cast.select("id", "rank", "model", "n")


def cast_ballots(
    counts: pl.DataFrame, ranked: pl.DataFrame, rows: pl.DataFrame
) -> Ballots:
    """The ballots of `rows`, in their order.

    `counts` are those of `count_ballots`. `rows` need what witnesses.py reads.
    """
    numbers = rows.select("id").with_row_index("_row")
    model = pl.col("model").fill_null("").rank("dense").cast(pl.Int64) - 1
    cast = counts.with_columns(_model=model).join(numbers, on="id", how="inner")
    columns = cast.select("_row", "rank", "_model", "n")
    row, rank, of_model, n = columns.cast(pl.Int64).to_numpy().T
    n_models = max(1, cast["_model"].n_unique())
    votes = np.zeros((rows.height, 1 + ANSWERS, n_models), np.int64)
    scattered = np.zeros((rows.height, n_models), np.int64)
    named = rank <= ANSWERS
    votes[row[named], rank[named], of_model[named]] = n[named]
    np.add.at(scattered, (row[~named], of_model[~named]), n[~named])
    witnesses = weigh_witnesses(rows) * _weigh_pets(ranked, rows)
    return Ballots(votes, scattered, witnesses)


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
