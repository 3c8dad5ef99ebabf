"""Solutions that came with the problems, judged against the problems' own answers.

A reference solution that reaches another answer than the gold one, or a reference
program that fails its own tests, is a witness against the key: one of the two is
wrong. Whether an answer was reached is asked only where a solution says what its
answer is (a box, a tag, a phrase); the last number of a text may be any number.
"""

import polars as pl

from pipeline.grading.workers import Answer, Grader
from pipeline.schema import HUMAN, REFERENCE_AUTHORS
from pipeline.verifiers.contract import Verdict

# How an answer was extracted, where that leaves no doubt that it is the answer.
STATED = ("box", "tag", "phrase")


def grade_references(rows: pl.DataFrame, grade: Grader) -> pl.DataFrame:
    """Rows with `solutions[].correct` filled, and `references_agree`.

    What a source recorded stays where the verifier cannot decide. `references_agree`:
    whether a solution by one of REFERENCE_AUTHORS reaches the gold answer; null where
    none says. What a model wrote is a trace and no reference. `_referred` are the
    answers that such solutions reach instead.
    """
    solutions = rows.select("id", "verifier", "answer", "verify_info", "solutions")
    solutions = solutions.explode("solutions").filter(pl.col("solutions").is_not_null())
    solutions = solutions.unnest("solutions").filter(pl.col("text").fill_null("") != "")
    if solutions.is_empty():
        return without_references(rows)
    columns = ("verifier", "answer", "verify_info", "text")
    answers = [Answer(*fields) for fields in solutions.select(columns).rows()]
    verdicts = grade(answers)
    decided = [
        verdict.correct if _is_stated(answer.verifier, verdict) else None
        for answer, verdict in zip(answers, verdicts, strict=True)
    ]
    solutions = solutions.with_columns(
        _decided=pl.Series(decided, dtype=pl.Boolean),
        _extracted=pl.Series([v.extracted for v in verdicts], dtype=pl.String),
    )
    solutions = solutions.with_columns(correct=pl.coalesce("_decided", "correct"))
    is_reference = pl.col("model").fill_null(HUMAN).is_in(list(REFERENCE_AUTHORS))
    differs = is_reference & ~pl.col("_decided") & (pl.col("verifier") != "code")
    by_row = solutions.group_by("id", maintain_order=True).agg(
        _solutions=pl.struct("text", "model", "correct"),
        references_agree=pl.col("_decided").filter(is_reference).drop_nulls().max(),
        _referred=pl.col("_extracted").filter(differs).drop_nulls(),
    )
    rows = rows.join(by_row, on="id", how="left", maintain_order="left")
    solutions_type = rows.schema["solutions"]
    return rows.with_columns(
        solutions=pl.coalesce("_solutions", "solutions").cast(solutions_type)
    ).drop("_solutions")


def without_references(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows where no reference says anything."""
    silent = {"references_agree": pl.Boolean(), "_referred": pl.List(pl.String)}
    return rows.with_columns(pl.lit(None, t).alias(name) for name, t in silent.items())


def _is_stated(verifier: str, verdict: Verdict) -> bool:
    """Whether the verdict says something about the solution's own answer."""
    if verdict.correct or verifier == "code":
        return True
    return verdict.why.partition(":")[0] in STATED
