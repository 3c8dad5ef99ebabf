"""Judge every sample with the verifier of its problem.

Sampling is dear and judging is not, so they are two stages: a new verifier never
re-runs the GPU. Equal completions of one problem are judged once. A sample whose
judging hangs is given up alone, with `verifier_timeout`, and counts as undecided.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
from pydantic import Field

from pipeline.parallel import each
from pipeline.schema import GRADE
from pipeline.settings import Settings
from pipeline.verifiers import contract
from pipeline.verifiers.contract import Verdict

SCHEMA = GRADE
Case = tuple[str, str | None, str | None, str]


class Params(Settings):
    """How long one verdict may take, and how many a worker takes at a time."""

    timeout_s: float = Field(default=10.0, gt=0)
    batch_size: int = Field(default=64, ge=1)


def make(params: Params, rows: pl.DataFrame, rollouts: pl.DataFrame) -> pl.DataFrame:
    """One verdict a sample, in the order of the rollouts."""
    asked = ["verifier", "answer", "verify_info"]
    samples = rollouts.join(
        rows.select("id", *asked), on="id", how="inner", maintain_order="left"
    )
    case = [*asked, "completion"]
    cases = samples.select(case).unique(maintain_order=True)
    verdicts = list(judge_all(cases.rows(), params))
    judged = cases.with_columns(
        correct=pl.Series([v.correct for v in verdicts], dtype=pl.Boolean),
        extracted=pl.Series([v.extracted for v in verdicts], dtype=pl.String),
        why=pl.Series([v.why for v in verdicts], dtype=pl.String),
    )
    samples = samples.join(
        judged, on=case, how="left", nulls_equal=True, maintain_order="left"
    )
    too_long = pl.col("finish_reason").eq_missing("prompt_too_long")
    return samples.with_columns(
        correct=pl.when(~too_long).then("correct"),
        why=pl.when(too_long).then(pl.lit("prompt_too_long")).otherwise("why"),
    ).select(GRADE.names())


def judge_all(cases: list[Case], params: Params) -> Iterator[Verdict]:
    """A verdict for each (verifier, answer, verify_info, completion), in order."""
    size = params.batch_size
    batches = [cases[i : i + size] for i in range(0, len(cases), size)]
    limit = params.timeout_s * 3
    for batch, verdicts in zip(
        batches, each(_judge, batches, limit_s=limit, late=_late), strict=True
    ):
        yield from verdicts or _one_by_one(batch, params.timeout_s)


def _one_by_one(batch: list[Case], limit_s: float) -> Iterator[Verdict]:
    """A batch that hung, sample by sample, so that one costs only itself."""
    singles = [[case] for case in batch]
    for verdicts in each(_judge, singles, limit_s=limit_s, late=_late):
        yield verdicts[0] if verdicts else Verdict(None, None, "verifier_timeout")


def _late(batch: list[Case]) -> list[Verdict]:
    return []


def _judge() -> Callable[[list[Case]], list[Verdict]]:
    return _judge_batch


def _judge_batch(batch: list[Case]) -> list[Verdict]:
    return [_verdict(*case) for case in batch]


def _verdict(name: str, answer: str, info: str | None, completion: str) -> Verdict:
    details: dict[str, Any] = json.loads(info or "{}")
    verdict: Verdict = contract.load(name).verify(answer, completion, details)
    return verdict
