"""Judge every sample with the verifier of its problem.

Sampling is dear and judging is not, so they are two stages: a new verifier never
re-runs the GPU. Equal completions of one problem are judged once. A sample whose
judging hangs is given up alone, with `verifier_timeout`, and counts as undecided;
so does one whose prompt had no room in the model's context.
"""

import polars as pl
from pydantic import Field

from pipeline.judging import Answer, judge
from pipeline.schema import GRADE
from pipeline.settings import Settings

SCHEMA = GRADE
CHUNK = 20_000  # samples judged between two reports of progress


class Params(Settings):
    """How long one verdict may take; programs have limits of their own."""

    timeout_s: float = Field(default=20.0, gt=0)


def make(params: Params, rows: pl.DataFrame, rollouts: pl.DataFrame) -> pl.DataFrame:
    """One verdict a sample (GRADE), in the order of the rollouts."""
    from pipeline.console import track

    asked = rows.select("id", "verifier", "answer", "verify_info")
    samples = rollouts.join(asked, on="id", how="inner", maintain_order="left")
    cases = [Answer(*case) for case in samples.select(Answer._fields).rows()]
    chunks = [cases[i : i + CHUNK] for i in range(0, len(cases), CHUNK)]
    with judge(params.timeout_s) as judging:
        parts = [judging(chunk) for chunk in track(chunks, "grades")]
    verdicts = [verdict for part in parts for verdict in part]
    no_room = pl.col("finish_reason").eq_missing("prompt_too_long")
    correct = pl.Series("correct", [v.correct for v in verdicts], pl.Boolean)
    why = pl.Series("why", [v.why for v in verdicts], pl.String)
    return samples.with_columns(
        pl.Series("extracted", [v.extracted for v in verdicts], pl.String),
        correct=pl.when(~no_room).then(correct),
        why=pl.when(no_room).then(pl.lit("prompt_too_long")).otherwise(why),
    ).select(GRADE.names())
