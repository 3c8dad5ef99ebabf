"""Judge every sample with the verifier of its problem.

Sampling is dear and judging is not, so they are two stages: a new verifier never
re-runs the GPU. Equal completions of one problem are judged once. A sample whose
judging hangs is given up alone, with `verifier_timeout`, and counts as undecided;
so does one whose prompt had no room in the model's context.

Rules err on the side of rejecting: an answer in an unforeseen form is wrong to them.
So a model can be asked for a second opinion on complete samples that the rules
rejected or could not decide. Where it decides, its verdict is the sample's; the
rule's stays beside it, and where the two differ can be looked up.
"""

from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.grading.workers import Answer, grader
from pipeline.schema import GRADE
from pipeline.settings import Settings
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Judge

SCHEMA = GRADE
CHUNK = 20_000  # samples judged between two reports of progress


class Params(Settings):
    """How long one verdict may take, and which model is asked about what.

    `judge` also judges the rows whose verifier is `judge`. Of the others it sees
    those in `judge_verifiers` only: tests that a program failed need no opinion.
    """

    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None
    judge_when: Literal["never", "rejected", "undecided", "rejected_or_undecided"] = (
        "never"
    )
    judge_verifiers: tuple[str, ...] = ("math", "numeric", "choice", "exact")

    @model_validator(mode="after")
    def _names_whom_to_ask(self) -> "Params":
        if self.judge_when != "never" and self.judge is None:
            raise ValueError(f"judge_when is {self.judge_when}, and judge is not set")
        return self


def make(params: Params, rows: pl.DataFrame, rollouts: pl.DataFrame) -> pl.DataFrame:
    """One verdict a sample (GRADE), in the order of the rollouts."""
    from pipeline.console import track

    known = ("verifier", "answer", "verify_info", "problem", "domain")
    samples = rollouts.join(
        rows.select("id", *known), on="id", how="inner", maintain_order="left"
    )
    chunks = [samples.slice(at, CHUNK) for at in range(0, samples.height, CHUNK)]
    parts = [GRADE.to_frame()]
    with grader(params.timeout_s, params.judge) as grade:
        for chunk in track(chunks, "grades", total=len(chunks)):
            cases = [Answer(*case) for case in chunk.select(Answer._fields).rows()]
            verdicts = grade(cases)
            asked = _doubtful(chunk, verdicts, params)
            again = grade([cases[i]._replace(verifier="judge") for i in asked])
            parts.append(_graded(chunk, verdicts, dict(zip(asked, again, strict=True))))
    return pl.concat(parts)


def _doubtful(
    samples: pl.DataFrame, verdicts: list[Verdict], params: Params
) -> list[int]:
    """The samples that are put to the model although a rule has seen them."""
    wanted = WANTED[params.judge_when]
    told = samples.select("verifier", "finish_reason").rows()
    return [
        i
        for i, ((verifier, finish), verdict) in enumerate(
            zip(told, verdicts, strict=True)
        )
        if verdict.correct in wanted
        and verifier in params.judge_verifiers
        and (finish == "stop" or (finish is None and verdict.extracted is not None))
    ]


WANTED: dict[str, tuple[bool | None, ...]] = {
    "never": (),
    "rejected": (False,),
    "undecided": (None,),
    "rejected_or_undecided": (False, None),
}


def _graded(
    samples: pl.DataFrame, verdicts: list[Verdict], opinions: dict[int, Verdict]
) -> pl.DataFrame:
    is_model = samples["verifier"] == "judge"
    opinions = opinions | {i: verdicts[i] for i in is_model.arg_true()}
    second = [opinions.get(i, Verdict(None, why="")) for i in range(len(verdicts))]
    no_room = pl.col("finish_reason").eq_missing("prompt_too_long")
    made = samples.with_columns(
        pl.Series("extracted", [v.extracted for v in verdicts], pl.String),
        pl.Series("why", [v.why for v in verdicts], pl.String),
        pl.Series("rule_correct", [v.correct for v in verdicts], pl.Boolean),
        pl.Series("judge_correct", [v.correct for v in second], pl.Boolean),
        pl.Series("judge_why", [v.why or None for v in second], pl.String),
    )
    made = made.with_columns(rule_correct=pl.when(~is_model).then("rule_correct"))
    made = made.with_columns(correct=pl.coalesce("judge_correct", "rule_correct"))
    unseen = [
        pl.when(~no_room).then(name).alias(name)
        for name in ("correct", "rule_correct", "judge_correct", "judge_why")
    ]
    why = pl.when(no_room).then(pl.lit("prompt_too_long")).otherwise("why")
    return made.with_columns(*unseen, why=why).select(GRADE.names())
