"""Grade every sample with the verifier of its problem.

Sampling is dear and grading is not, so they are two stages: a new verifier never
re-runs the GPU. Equal completions of one problem are judged once. A sample whose
verdict hangs is given up alone, with `verifier_timeout`, and counts as undecided;
so does one whose prompt had no room in the model's context.

Rules err on the side of rejecting: an answer in an unforeseen form is wrong to them.
So a model can be asked for a second opinion on complete samples that the rules
rejected or could not decide. Where it decides, its verdict is the sample's; the
rule's stays beside it, and where the two differ can be looked up.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal, NamedTuple

import polars as pl
from pydantic import Field, model_validator

from pipeline.cluster.each import Work, each
from pipeline.grading.workers import Answer, Grader, grader, verdict_columns
from pipeline.schema import GRADE
from pipeline.settings import Settings
from pipeline.shards import Parts, Shards, as_shards, regroup
from pipeline.verifiers.contract import Verdict, verifiers_that_claim
from pipeline.verifiers.judge import Judge

SCHEMA = GRADE
CHUNK = 20_000  # samples of a part that are judged at once, at most
CHUNK_BYTES = 32 << 20  # of completions and of the tests that judge them


class Params(Settings):
    """How long one verdict may take, and which model is asked about what.

    `judge` also judges the rows whose verifier is `judge`. Of the others it sees those
    whose verifier says so (MAY_BE_OVERRULED): failed tests need no opinion.
    """

    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None
    judge_when: Literal["never", "rejected", "undecided", "rejected_or_undecided"] = (
        "never"
    )

    @model_validator(mode="after")
    def _names_whom_to_ask(self) -> "Params":
        if self.judge_when != "never" and self.judge is None:
            raise ValueError(f"judge_when is {self.judge_when}, and judge is not set")
        return self


class Part(NamedTuple):
    """Samples, and the columns of their problems that they are judged by."""

    samples: pl.LazyFrame
    about: pl.DataFrame


def make(
    params: Params, rows: Shards | pl.DataFrame, rollouts: Shards | pl.DataFrame
) -> Parts:
    """One verdict a sample (GRADE), in the order of the rollouts."""
    from pipeline.console import track

    rollouts = as_shards(rollouts)
    columns = ("verifier", "answer", "verify_info", "problem", "domain")
    about = as_shards(rows).select("id", *columns).collect()
    total, parts = 0, list[Part]()
    for samples, ids in zip(rollouts.parts, rollouts.select("id"), strict=True):
        total += int(ids["id"].is_in(about["id"].implode()).sum())
        parts.append(Part(samples, about.join(ids, on="id", how="semi")))
    graded = each(partial(_open_grading, params), parts)
    return Parts(GRADE, track(graded, "grades", total=total, weight=len))


@contextmanager
def _open_grading(params: Params) -> Iterator[Work[Part, pl.DataFrame]]:
    """A function that gives GRADE of the samples of a part, in their order."""
    with grader(params.timeout_s, params.judge) as grade:

        def judge(part: Part) -> pl.DataFrame:
            samples = part.samples.collect()
            samples = samples.join(
                part.about, on="id", how="inner", maintain_order="left"
            )
            chunks = regroup([samples], rows=CHUNK, size=CHUNK_BYTES)
            graded = (_grade_chunk(chunk, params, grade) for chunk in chunks)
            return pl.concat([GRADE.to_frame(), *graded])

        yield judge


# What a rule's verdict must be for the model to be asked.
SECOND_OPINION: dict[str, tuple[bool | None, ...]] = {
    "never": (),
    "rejected": (False,),
    "undecided": (None,),
    "rejected_or_undecided": (False, None),
}


def _grade_chunk(chunk: pl.DataFrame, params: Params, grade: Grader) -> pl.DataFrame:
    answers = [Answer(*fields) for fields in chunk.select(Answer._fields).rows()]
    verdicts = grade(answers)
    finish_reasons = chunk["finish_reason"]
    fallible = verifiers_that_claim("MAY_BE_OVERRULED")
    doubtful = [
        number
        for number, (answer, verdict, finish) in enumerate(
            zip(answers, verdicts, finish_reasons, strict=True)
        )
        if verdict.correct in SECOND_OPINION[params.judge_when]
        and answer.verifier in fallible
        and (finish == "stop" or (finish is None and verdict.extracted is not None))
    ]
    opinions = grade([answers[i]._replace(verifier="judge") for i in doubtful])
    judged = dict(zip(doubtful, opinions, strict=True))
    return _combine(chunk, verdicts, judged)


def _combine(
    samples: pl.DataFrame, verdicts: list[Verdict], judged: dict[int, Verdict]
) -> pl.DataFrame:
    """GRADE of the samples; where the model decided, its verdict is the sample's."""
    is_model = samples["verifier"] == "judge"
    judged = judged | {i: verdicts[i] for i in is_model.arg_true()}
    opinions = [judged.get(i, Verdict(None)) for i in range(len(verdicts))]
    correct, extracted, why = verdict_columns(verdicts)
    judge_why = [opinion.why or None for opinion in opinions]
    graded = samples.with_columns(
        extracted,
        why,
        rule_correct=pl.when(~is_model).then(correct),
        judge_correct=verdict_columns(opinions)[0],
        judge_why=pl.Series(judge_why, dtype=pl.String),
    ).with_columns(correct=pl.coalesce("judge_correct", "rule_correct"))
    no_room = pl.col("finish_reason").eq_missing("prompt_too_long")
    seen = ("correct", "rule_correct", "judge_correct", "judge_why")
    return graded.with_columns(
        pl.when(~no_room).then(pl.col(*seen)),
        why=pl.when(no_room).then(pl.lit("prompt_too_long")).otherwise("why"),
    ).select(GRADE.names())
