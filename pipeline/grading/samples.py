"""Samples of problems graded, with the answers that they vote for."""

import polars as pl

from pipeline.grading.voting import cast_votes, merge_equal_votes
from pipeline.grading.workers import Answer, grader, verdict_columns
from pipeline.verifiers.judge import Judge


def grade_samples(
    samples: pl.DataFrame, timeout_s: float = 20.0, judge: Judge | None = None
) -> pl.DataFrame:
    """`samples` with the verdict on each, and the answer that it votes for.

    A prompt that the model has no room for is a problem it did not solve.
    """
    columns = ("verifier", "answer", "verify_info", "completion", "problem")
    answers = [Answer(*row) for row in samples.select(columns).iter_rows()]
    no_room = pl.col("finish_reason") == "prompt_too_long"
    with grader(timeout_s, judge) as grade:
        graded = samples.with_columns(verdict_columns(grade(answers))).with_columns(
            correct=pl.when(no_room).then(pl.lit(False)).otherwise("correct"),
            why=pl.when(no_room).then(pl.lit("prompt_too_long")).otherwise("why"),
        )
        # Wrong answers can win only where there are as many of them as right ones.
        n_right = pl.col("correct").sum()
        right = graded.group_by("id").agg(least=n_right, most=n_right + 1)
        bounds = right.filter(pl.col("least") > 0)
        return merge_equal_votes(cast_votes(graded), graded, bounds, grade)
