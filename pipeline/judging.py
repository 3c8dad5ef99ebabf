"""The verifiers, kept warm and on a leash: they grade, score and reward.

The same `verify` filters the data and rewards the model, so what is rewarded is
what was measured. Completions are hostile: they are judged in worker processes
that are killed when they run past their time limit. An answer that hangs costs
itself alone: what shared its batch is judged again, one by one.

Verdicts are kept under .cache/verdicts (`pipeline/verdicts.py`), so that none is
made twice; one that a time limit cut short is made anew.

Answers whose verifier is `judge` cost no computing here and much waiting elsewhere:
they are asked together, in threads, through one client whose budget is the run's.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache, partial
from typing import NamedTuple

from pipeline.endpoint import client
from pipeline.parallel import Pool
from pipeline.verdicts import Verdicts, key
from pipeline.verifiers.contract import Verdict, load
from pipeline.verifiers.judge import Case, from_environment, verify_all
from pipeline.verifiers.judge import Judge as ModelJudge


class Answer(NamedTuple):
    """What is judged: a completion against a gold answer, and by which verifier.

    The last two are for the verifier `judge`, which reads the question too.
    """

    verifier: str
    answer: str | None
    verify_info: str | None
    completion: str
    problem: str | None = None
    domain: str | None = None


Judge = Callable[[list[Answer]], list[Verdict]]

TIMEOUT = Verdict(None, why="verifier_timeout")
BATCH = 128
# So many verdicts are lost when a run is killed, at most.
KEPT = 4096
# Programs run test after test, each with a limit of its own in the sandbox.
PROGRAM_LIMIT_S = 600.0


@contextmanager
def judge(limit_s: float, model: ModelJudge | None = None) -> Iterator[Judge]:
    """Judge lists of answers, in order; equal answers of one list are judged once.

    `limit_s` bounds one answer, the start of a fresh worker included. `model` is who
    judges the answers of the verifier `judge`, or else GOLDSIEVE_JUDGE says so; its
    endpoint has limits of its own.
    """
    quick: Workers = Pool(_verifying, limit_s=limit_s, late=_late)
    slow: Workers = Pool(_verifying, limit_s=max(limit_s, PROGRAM_LIMIT_S), late=_late)

    opened = ExitStack()
    asking = cache(lambda: opened.enter_context(_model(model)))

    def verdicts(answers: list[Answer]) -> list[Verdict]:
        answers = [_needed(answer) for answer in answers]
        kinds: dict[str, list[Answer]] = {"code": [], "judge": [], "": []}
        for answer in dict.fromkeys(answers):
            kinds.get(answer.verifier, kinds[""]).append(answer)
        judged = _remembered(kinds[""], partial(_batched, quick))
        judged |= _remembered(kinds["code"], partial(_single, slow))
        if asked := kinds["judge"]:
            judged |= zip(asked, asking()(asked), strict=True)
        return [judged[answer] for answer in answers]

    try:
        yield verdicts
    finally:
        opened.close()
        quick.close()
        slow.close()


def _remembered(
    answers: list[Answer], ask: Callable[[list[Answer]], Iterable[Verdict]]
) -> dict[Answer, Verdict]:
    """Verdicts that are known from before, and `ask` for the others."""
    if not answers:
        return {}
    with closing(Verdicts()) as before:
        keys = {answer: key(*answer[:4]) for answer in answers}
        known = before.known(list(keys.values()))
        judged = {a: known[name] for a, name in keys.items() if name in known}
        fresh = [answer for answer in answers if answer not in judged]
        for start in range(0, len(fresh), KEPT):
            some = fresh[start : start + KEPT]
            made = list(zip(some, ask(some), strict=True))
            before.keep((keys[answer], verdict) for answer, verdict in made)
            judged |= made
    return judged


@contextmanager
def _model(settings: ModelJudge | None) -> Iterator[Judge]:
    """Judge answers by a model behind an endpoint."""
    chosen = settings or from_environment()
    with client(chosen.endpoint) as ask:
        yield lambda answers: verify_all(list(map(_case, answers)), chosen, ask)


def _case(given: Answer) -> Case:
    """The row's own words on what is asked win over its columns."""
    info = json.loads(given.verify_info or "{}")
    known = {"problem": given.problem, "domain": given.domain}
    return Case(given.answer, given.completion, known | info)


def _needed(answer: Answer) -> Answer:
    """Without the columns that no rule reads: equal answers are judged once."""
    if answer.verifier == "judge" or answer.problem is answer.domain is None:
        return answer
    return answer._replace(problem=None, domain=None)


# Answers and verdicts travel as plain tuples: a third of the cost of their classes.
Told = tuple[bool | None, str | None, str, float | None]
Asked = tuple[str, str | None, str | None, str]
Workers = Pool[list[Asked], list[Told]]


def _batched(pool: Workers, answers: list[Answer]) -> Iterator[Verdict]:
    """Small batches for few answers, so that every worker has something to do."""
    size = max(1, min(BATCH, len(answers) // 16))
    batches = [answers[i : i + size] for i in range(0, len(answers), size)]
    sent = ([_sent(answer) for answer in batch] for batch in batches)
    for batch, told in zip(batches, pool.each(sent), strict=True):
        if told:
            yield from (Verdict(*one) for one in told)
        else:
            yield from _single(pool, batch)


def _single(pool: Workers, answers: list[Answer]) -> Iterator[Verdict]:
    for told in pool.each([_sent(answer)] for answer in answers):
        yield Verdict(*told[0]) if told else TIMEOUT


def _sent(answer: Answer) -> Asked:
    """What a rule reads, and no more of the thinking than where it ends."""
    completion = answer.completion
    if (end := completion.rfind("</think>")) > 0 and answer.verifier != "code":
        completion = completion[end:]
    return answer.verifier, answer.answer, answer.verify_info, completion


def _late(batch: list[Asked]) -> list[Told]:
    """No verdicts: the batch is taken apart, or the answer given up."""
    return []


def _verifying() -> Callable[[list[Asked]], list[Told]]:
    return _verify_all


def _verify_all(batch: list[Asked]) -> list[Told]:
    verdicts = [_verify(Answer(*given)) for given in batch]
    return [(v.correct, v.extracted, v.why, v.score) for v in verdicts]


def _verify(given: Answer) -> Verdict:
    verdict: Verdict = load(given.verifier).verify(
        given.answer, given.completion, json.loads(given.verify_info or "{}")
    )
    return verdict
