"""Verdicts on samples while others are yet to be drawn.

The rules judge them, as `grades` will; it finds these verdicts kept. What a judge of
`grades` thinks of them plays no part here.
"""

import polars as pl

from pipeline.grading.workers import Answer, Grader

# Columns of a problem that are needed to judge its samples.
JUDGED_BY = "key", "problem", "verifier", "answer", "verify_info", "domain"


def judge_samples(
    problems: pl.DataFrame, samples: pl.DataFrame, grade: Grader
) -> pl.DataFrame:
    """The samples with `correct` (Boolean) and the columns of their problems.

    A sample whose prompt had no room is undecided.
    """
    cases = samples.join(
        problems.select(JUDGED_BY), on="key", how="inner", maintain_order="left"
    )
    verdicts = grade([Answer(*case) for case in cases.select(Answer._fields).rows()])
    correct = pl.Series([verdict.correct for verdict in verdicts], dtype=pl.Boolean)
    had_room = pl.col("finish_reason").ne_missing("prompt_too_long")
    return cases.with_columns(correct=pl.when(had_room).then(correct))
