"""The majority's answer takes the place of a suspect key."""

import polars as pl

from pipeline.grading.workers import Answer, Grader
from pipeline.pass_rates.interval import jeffreys_interval


def relabelled(
    rows: pl.DataFrame, grades: pl.DataFrame, voted: pl.DataFrame, grade: Grader
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with the majority's answer for a suspect key, and their grades anew.

    An answer that its verifier cannot read as a gold one is not taken; such rows
    stay suspect. `answer_before` holds what the key was.
    """
    torn = pl.col("arbiter_sides_with").eq_missing("neither")
    suspects = rows.filter(pl.col("key_suspect") & ~torn)
    columns = "verifier", "majority_answer", "verify_info"
    cases = [
        Answer(verifier, answer, info, f"\\boxed{{{answer}}}")
        for verifier, answer, info in suspects.select(columns).rows()
    ]
    sound = [verdict.correct is True for verdict in grade(cases)] if cases else []
    taken = suspects.filter(pl.Series(sound, dtype=pl.Boolean))
    new = pl.col("id").is_in(taken["id"].to_list())
    right, wrong = taken["_votes"], taken["_n"] - taken["_votes"]
    low, high = jeffreys_interval(right.to_numpy(), wrong.to_numpy())
    rates = taken.select(
        "id",
        _rate="majority_share",
        _low=pl.Series(low),
        _high=pl.Series(high),
    )
    rows = rows.join(rates, on="id", how="left", maintain_order="left").with_columns(
        answer_before=pl.when(new).then("answer"),
        answer=pl.when(new).then("majority_answer").otherwise("answer"),
        key_agrees=pl.when(new).then(pl.lit(value=True)).otherwise("key_agrees"),
        key_suspect=pl.col("key_suspect") & ~new,
        n_correct=pl.when(new).then("_votes").otherwise("n_correct"),
        pass_rate=pl.coalesce("_rate", "pass_rate"),
        rate_lo=pl.coalesce("_low", "rate_lo"),
        rate_hi=pl.coalesce("_high", "rate_hi"),
        _right=pl.when(new).then("_votes").otherwise("_right"),
    )
    return rows.drop("_rate", "_low", "_high"), _regraded(grades, voted, taken)


def _regraded(
    grades: pl.DataFrame, voted: pl.DataFrame, taken: pl.DataFrame
) -> pl.DataFrame:
    """Grades where samples of `taken` are right if they voted for its new answer."""
    key = ["id", "sample", "model"]
    new = voted.join(taken.select("id", won="_vote"), on="id", how="inner")
    new = new.select(*key, new=pl.col("vote").eq_missing(pl.col("won")))
    return grades.join(new, on=key, how="left", maintain_order="left").select(
        *[name for name in grades.columns if name != "correct"],
        correct=pl.coalesce("new", "correct"),
    )
