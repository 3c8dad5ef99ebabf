"""Solutions that came with the problems, judged against the problems' own answers.

A reference solution that reaches another answer than the gold one, or a reference
program that fails its own tests, is a witness against the key: one of the two is
wrong. Whether an answer was reached is asked only where a solution says what its
answer is (a box, a tag, a phrase); the last number of a text may be any number.
"""

import polars as pl

from pipeline.grading.workers import Answer, Grader
from pipeline.verifiers.contract import Verdict

# How an answer was found, where that leaves no doubt that it is the answer.
SAID = ("box", "tag", "phrase")
HUMAN = ("source", "reference")  # who wrote a reference, where no model did


def judged(rows: pl.DataFrame, grade: Grader) -> pl.DataFrame:
    """Rows with `solutions[].correct` filled, and the table of what was found.

    What a source recorded stays where the verifier cannot decide. Adds
    `references_agree`: whether a reference solution reaches the gold answer; null
    where none says.
    """
    told = rows.select("id", "verifier", "answer", "verify_info", "solutions")
    told = told.explode("solutions").filter(pl.col("solutions").is_not_null())
    told = told.unnest("solutions").filter(pl.col("text").fill_null("") != "")
    if not told.height:
        return rows.with_columns(references_agree=pl.lit(None, pl.Boolean))
    cases = [
        Answer(*case)
        for case in told.select("verifier", "answer", "verify_info", "text").rows()
    ]
    ours = [
        verdict.correct if _counts(case.verifier, verdict) else None
        for case, verdict in zip(cases, grade(cases), strict=True)
    ]
    told = told.with_columns(_ours=pl.Series(ours, dtype=pl.Boolean))
    told = told.with_columns(correct=pl.coalesce("_ours", "correct"))
    human = pl.col("model").fill_null(HUMAN[0]).is_in(list(HUMAN))
    by_row = told.group_by("id", maintain_order=True).agg(
        _solutions=pl.struct("text", "model", "correct"),
        references_agree=pl.col("_ours").filter(human).drop_nulls().max(),
    )
    rows = rows.join(by_row, on="id", how="left", maintain_order="left")
    return rows.with_columns(
        solutions=pl.coalesce("_solutions", "solutions").cast(rows.schema["solutions"])
    ).drop("_solutions")


def _counts(verifier: str, verdict: Verdict) -> bool:
    """Whether the verdict says something about the solution's own answer."""
    if verdict.correct or verifier == "code":
        return True
    return verdict.why.partition(":")[0] in SAID
