"""Answers that no rule can compare: a model is asked, and not believed at once.

Votes must reach a quorum; with `both_ways` an equivalence is asked in either order
and both answers must agree; what cannot be read, was cut off or was not paid for is
no vote. Without a quorum there is no verdict: undecided is never wrong.

A row says what is judged, never by whom: `info` may hold the `problem`, a `domain`
and a `rubric`, but which model is asked, and with which key, comes from the stage's
params or from GOLDSIEVE_JUDGE (the same settings, as JSON). Data must not choose
the server that a key is sent to.
"""

import os
from functools import cache, partial
from itertools import chain
from typing import Any

from pydantic import ValidationError

from pipeline.endpoint.client import Ask, client
from pipeline.errors import UserError
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.llm.prompts import Case as Case
from pipeline.verifiers.llm.prompts import (
    Criterion,
    read_rubric,
    rubric_name,
    visible_response,
    write_criteria,
)
from pipeline.verifiers.llm.votes import Decision, poll
from pipeline.verifiers.llm.votes import Judge as Judge


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """The verdict of the model that GOLDSIEVE_JUDGE names; none where it does not."""
    if not (text := os.environ.get("GOLDSIEVE_JUDGE")):
        return Verdict(None, _read_final(completion), "judge_not_named")
    settings, ask = _shared_client(text)
    return verify_all([Case(answer, completion, info)], settings, ask)[0]


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why there is nothing to judge against, or None where there is."""
    rubric = rubric_name(info)
    if rubric == "rubric":
        try:
            read_rubric(info)
        except ValueError as error:
            return str(error)
        return None
    return None if rubric == "code" or (answer or "").strip() else "empty"


def verify_all(cases: list[Case], settings: Judge, ask: Ask) -> list[Verdict]:
    """One verdict a case, in order; all questions of one round are asked together.

    `ask` is what `pipeline.endpoint.client.client` gives.
    """
    verdicts = [_verify_unasked(case) for case in cases]
    write = partial(
        write_criteria, both_ways=settings.both_ways, max_chars=settings.max_chars
    )
    criteria = [
        [] if verdict else list(write(case))
        for case, verdict in zip(cases, verdicts, strict=True)
    ]
    decisions = iter(poll(list(chain(*criteria)), settings, ask))
    return [
        verdict or _sum_up(case, [(criterion, next(decisions)) for criterion in own])
        for case, verdict, own in zip(cases, verdicts, criteria, strict=True)
    ]


def from_environment() -> Judge:
    """The settings in GOLDSIEVE_JUDGE."""
    if text := os.environ.get("GOLDSIEVE_JUDGE"):
        return _read_settings(text)
    raise UserError(
        "a row is to be judged by a model, and none is named",
        hint="name it in the stage's `judge`, or in GOLDSIEVE_JUDGE as JSON",
    )


def _read_settings(text: str) -> Judge:
    try:
        return Judge.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the settings"
        raise UserError(
            f"GOLDSIEVE_JUDGE: {field}: {first['msg']}",
            hint='like {"endpoint": {"url": "http://host:8000/v1", "model": "name"}}',
        ) from None


@cache
def _shared_client(text: str) -> tuple[Judge, Ask]:
    """One client for all single verdicts of a process, so that a budget holds."""
    settings = _read_settings(text)
    return settings, client(settings.endpoint)


def _read_final(completion: str) -> str | None:
    """What a completion gives as its answer."""
    from pipeline.verifiers.extract.final import find_final_answer

    return find_final_answer(completion).text


def _verify_unasked(case: Case) -> Verdict | None:
    """The verdict where no model need be asked."""
    if why := unreadable(case.answer, case.info):
        return Verdict(None, _read_final(case.completion), f"gold answer: {why}")
    if not visible_response(case.completion):
        return Verdict(False, None, "no answer found")
    return None


def _sum_up(case: Case, decided: list[tuple[Criterion, Decision]]) -> Verdict:
    """The verdict on a case of one criterion or, by its own rubric, of many."""
    if rubric_name(case.info) != "rubric":
        ((_, (met, why)),) = decided
        extracted = _read_final(case.completion)
        return Verdict(met, extracted, why if met is None else f"judge: {why}")
    least, most = _score(decided, unknown=False), _score(decided, unknown=True)
    needed = float(case.info.get("min_score", 1.0)) - 1e-9
    unknown = [decision.why for _, decision in decided if decision.met is None]
    if (least >= needed) != (most >= needed):
        return Verdict(None, why=unknown[0])
    bad = [why for criterion, (met, why) in decided if met is (criterion.points <= 0)]
    n_good = len(decided) - len(bad) - len(unknown)
    why = f"judge: {n_good} of {len(decided)} criteria"
    return Verdict(
        least >= needed,
        why=f"{why}; {bad[0]}" if bad else why,
        score=None if unknown else least,
    )


def _score(decided: list[tuple[Criterion, Decision]], *, unknown: bool) -> float:
    """Points earned over points to earn, with the best or worst of the unknown."""
    earned = whole = 0.0
    for criterion, (met, _) in decided:
        points = criterion.points
        earned += points * (unknown == (points > 0) if met is None else met)
        whole += max(points, 0.0)
    return min(1.0, max(0.0, earned / whole))
