"""The chance that each key is wrong, as columns, with what it rests on."""

from typing import TYPE_CHECKING

import polars as pl

from pipeline.grading.workers import Grader

if TYPE_CHECKING:
    from stages.verify.likelihood import Ballots

EVIDENCE = {
    "n_answered": pl.Int64,  # samples that gave an answer
    "for_key": pl.Int64,
    "for_other": pl.Int64,  # for the answer that is given most beside the key
    "models": pl.Int64,
    "reliability": pl.Float64,  # how often such a majority is right there
    "noise": pl.Float64,  # how many keys of the source are wrong
    "copy_agrees": pl.Boolean,  # whether a dropped copy had the other answer
    "reference_agrees": pl.Boolean,  # whether a reference has it
}
KEY_EVIDENCE = pl.Struct(EVIDENCE)


def add_chances(
    rows: pl.DataFrame,
    ranked: pl.DataFrame,
    votes: pl.DataFrame,
    noise: float,
    grade: Grader,
) -> pl.DataFrame:
    """Add key_wrong_p and key_evidence; null where nobody says anything of the key.

    `ranked` and `votes` are answers and who gave them, as ballots.py makes them; `rows`
    have `references_agree`, `_referred` and `_copies`.
    """
    from stages.verify.ballots import cast_ballots, label_strata
    from stages.verify.posterior import truth_chances
    from stages.verify.reliability import bound_by_reliability, measure_reliability
    from stages.verify.witnesses import find_ranks

    for column in ("_copies", "_referred"):
        rows = find_ranks(rows, ranked, grade, column)
    ballots, strata = cast_ballots(votes, ranked, rows), label_strata(rows)
    chances, shares = truth_chances(ballots, strata, noise)
    reliability = measure_reliability(ballots, strata, shares)
    chances = bound_by_reliability(chances, ballots, reliability)
    has_copies = pl.col("_copies").list.len() > 0
    agrees = pl.col("_copies_ranks").list.contains(1).fill_null(value=False)
    names = pl.col("_referred_ranks").list.contains(1).fill_null(value=False)
    rows = rows.with_columns(
        _count(ballots),
        reliability=pl.Series(reliability.round(4)),
        noise=pl.Series(shares.round(4)),
        copy_agrees=pl.when(has_copies).then(agrees),
        reference_agrees=pl.when(pl.col("_referred").list.len() > 0).then(names),
        # The last digits of sums depend on where arrays happen to lie in memory.
        key_wrong_p=pl.Series((1 - chances[:, 0]).round(9)),
    )
    is_heard = (
        (pl.col("n_answered") > 0)
        | pl.col("references_agree").is_not_null()
        | has_copies.fill_null(value=False)
    )
    return rows.with_columns(
        key_wrong_p=pl.when(is_heard).then("key_wrong_p"),
        key_evidence=pl.when(is_heard).then(pl.struct(*EVIDENCE)),
    ).drop(*EVIDENCE, "_copies_ranks", "_referred_ranks")


def _count(ballots: "Ballots") -> pl.DataFrame:
    votes = ballots.votes.sum(axis=2)
    per_model = ballots.votes.sum(axis=1) + ballots.scattered
    return pl.DataFrame(
        {
            "n_answered": per_model.sum(axis=1),
            "for_key": votes[:, 0],
            "for_other": votes[:, 1],
            "models": (per_model > 0).sum(axis=1),
        }
    )
