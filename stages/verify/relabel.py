"""The majority's answer takes the place of a suspect key."""

import json
from collections.abc import Callable

import polars as pl

from pipeline.grading.workers import Grader, are_equal
from pipeline.pass_rates.interval import jeffreys_interval


def relabel_suspects(
    rows: pl.DataFrame, grade: Grader
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with the majority's answer for a suspect key, and those that were so.

    An answer that its verifier cannot read as a gold one is not taken; such rows
    stay suspect. `answer_before` holds what the source's key was.
    """
    is_torn = pl.col("arbiter_sides_with").eq_missing("neither")
    has_other = ~pl.col("key_agrees").fill_null(value=True)
    suspects = rows.filter(pl.col("key_suspect") & ~is_torn & has_other)
    suspects = suspects.with_columns(_without_alternatives(suspects["verify_info"]))
    answer = pl.col("majority_answer")
    itself = suspects.select("verifier", answer, "verify_info", again=answer)
    is_sound = are_equal(itself.rows(), grade)
    taken = suspects.filter(pl.Series(is_sound, dtype=pl.Boolean))
    is_taken = pl.col("id").is_in(taken["id"].to_list())
    right, wrong = taken["_votes"], taken["_n"] - taken["_votes"]
    lo, hi = jeffreys_interval(right.to_numpy(), wrong.to_numpy())
    rates = taken.select(
        "id",
        _rate="majority_share",
        _lo=pl.Series(lo),
        _hi=pl.Series(hi),
        _info="verify_info",
    )
    known = ["answer_before"] if "answer_before" in rows.columns else []
    rows = rows.join(rates, on="id", how="left", maintain_order="left").with_columns(
        answer_before=pl.coalesce(*known, pl.when(is_taken).then("answer")),
        answer=pl.when(is_taken).then("majority_answer").otherwise("answer"),
        verify_info=pl.coalesce("_info", "verify_info"),
        key_agrees=is_taken | pl.col("key_agrees"),
        key_suspect=pl.col("key_suspect") & ~is_taken,
        n_correct=pl.when(is_taken).then("_votes").otherwise("n_correct"),
        pass_rate=pl.coalesce("_rate", "pass_rate"),
        rate_lo=pl.coalesce("_lo", "rate_lo"),
        rate_hi=pl.coalesce("_hi", "rate_hi"),
        _right=pl.when(is_taken).then("_votes").otherwise("_right"),
    )
    return rows.drop("_rate", "_lo", "_hi", "_info"), taken


def _without_alternatives(infos: pl.Series) -> pl.Series:
    """Details without the answers that were right beside the old key."""
    left = [
        _drop_alternatives(info) if info and '"alternatives"' in info else info
        for info in infos
    ]
    return pl.Series(infos.name, left, dtype=pl.String)


def _drop_alternatives(info: str) -> str:
    details = json.loads(info)
    details.pop("alternatives", None)
    return json.dumps(details, sort_keys=True, ensure_ascii=False)


def judge_by_votes(
    grades: pl.DataFrame,
    votes: Callable[[pl.DataFrame], pl.DataFrame],
    taken: pl.DataFrame,
) -> pl.DataFrame:
    """Grades where samples of `taken` are right if they voted for its new answer."""
    key = ["id", "sample", "model"]
    voted = votes(grades.join(taken, on="id", how="semi", maintain_order="left"))
    new = voted.join(taken.select("id", winner="_vote"), on="id", how="inner")
    new = new.select(*key, _new=pl.col("vote").eq_missing(pl.col("winner")))
    grades = grades.join(new, on=key, how="left", maintain_order="left")
    return grades.with_columns(correct=pl.coalesce("_new", "correct")).drop("_new")
