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
from contextlib import ExitStack
from functools import cache
from typing import Any

from pydantic import ValidationError

from pipeline.endpoint.client import Ask, client
from pipeline.errors import UserError
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import find_final_answer, strip_thinking
from pipeline.verifiers.llm.prompts import Case as Case
from pipeline.verifiers.llm.prompts import Point, criteria, kind, points
from pipeline.verifiers.llm.votes import Finding, poll
from pipeline.verifiers.llm.votes import Judge as Judge

OPEN = ExitStack()  # the clients of single verdicts, until the process ends


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """The verdict of the model that GOLDSIEVE_JUDGE names; none where it does not."""
    named = os.environ.get("GOLDSIEVE_JUDGE")
    if not named:
        return Verdict(None, find_final_answer(completion).text, "judge_not_named")
    settings, ask = _shared(named)
    return verify_all([Case(answer, completion, info)], settings, ask)[0]


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why there is nothing to judge against, or None where there is."""
    asked = kind(info)
    if asked == "rubric":
        try:
            criteria(info)
        except ValueError as error:
            return str(error)
        return None
    return None if asked == "code" or (answer or "").strip() else "empty"


def verify_all(cases: list[Case], settings: Judge, ask: Ask) -> list[Verdict]:
    """One verdict a case, in order; all questions of one round are asked together.

    `ask` is what `pipeline.endpoint.client.client` gives.
    """
    verdicts = [_unasked(case) for case in cases]
    polled = [
        (number, point)
        for number, case in enumerate(cases)
        if verdicts[number] is None
        for point in points(
            case, both_ways=settings.both_ways, max_chars=settings.max_chars
        )
    ]
    texts = [cases[number].completion for number, _ in polled]
    found = poll([point for _, point in polled], texts, settings, ask)
    by_case: dict[int, list[tuple[Point, Finding]]] = {}
    for (number, point), finding in zip(polled, found, strict=True):
        by_case.setdefault(number, []).append((point, finding))
    return [
        verdict or _verdict(case, by_case[number])
        for number, (case, verdict) in enumerate(zip(cases, verdicts, strict=True))
    ]


def from_environment() -> Judge:
    """The settings in GOLDSIEVE_JUDGE."""
    if text := os.environ.get("GOLDSIEVE_JUDGE"):
        return _settings(text)
    raise UserError(
        "a row is to be judged by a model, and none is named",
        hint="name it in the stage's `judge`, or in GOLDSIEVE_JUDGE as JSON",
    )


def _settings(text: str) -> Judge:
    try:
        return Judge.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the settings"
        raise UserError(
            f"GOLDSIEVE_JUDGE: {place}: {first['msg']}",
            hint='like {"endpoint": {"url": "http://host:8000/v1", "model": "name"}}',
        ) from None


@cache
def _shared(text: str) -> tuple[Judge, Ask]:
    """One client for all single verdicts of a process, so that a budget holds."""
    settings = _settings(text)
    return settings, OPEN.enter_context(client(settings.endpoint))


def _unasked(case: Case) -> Verdict | None:
    """The verdict where no model need be asked."""
    if why := unreadable(case.answer, case.info):
        return Verdict(
            None, find_final_answer(case.completion).text, f"gold answer: {why}"
        )
    if not strip_thinking(case.completion).strip():
        return Verdict(False, None, "no answer found")
    return None


def _verdict(case: Case, found: list[tuple[Point, Finding]]) -> Verdict:
    """The verdict on a case of one point or, by its rubric, of many."""
    said = find_final_answer(case.completion).text
    if kind(case.info) != "rubric":
        ((_, finding),) = found
        return Verdict(finding.met, said, _why(finding))
    least, most = _score(found, unknown=False), _score(found, unknown=True)
    needed = float(case.info.get("min_score", 1.0)) - 1e-9
    unsure = [finding for _, finding in found if finding.met is None]
    if (least >= needed) != (most >= needed):
        return Verdict(None, None, unsure[0].why)
    good = [finding.met == (point.points > 0) for point, finding in found]
    bad = [
        why
        for is_good, (_, (met, why)) in zip(good, found, strict=True)
        if not is_good and met is not None
    ]
    told = f"judge: {sum(good)} of {len(found)} criteria"
    return Verdict(
        least >= needed,
        why=f"{told}; {bad[0]}" if bad else told,
        score=least if not unsure else None,
    )


def _why(finding: Finding) -> str:
    return finding.why if finding.met is None else f"judge: {finding.why}"


def _score(found: list[tuple[Point, Finding]], *, unknown: bool) -> float:
    """Points earned over points to earn, with the best or worst of the unknown."""
    earned = 0.0
    for point, finding in found:
        met = finding.met if finding.met is not None else unknown == (point.points > 0)
        earned += point.points * met
    whole = sum(max(point.points, 0.0) for point, _ in found)
    return min(1.0, max(0.0, earned / whole))
