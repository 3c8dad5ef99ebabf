"""The verifiers, kept warm and on a leash: they grade, score and reward.

The same `verify` filters the data and rewards the model, so what is rewarded is
what was measured. Completions are hostile: they are judged in worker processes
that are killed when they run past their time limit. An answer that hangs costs
itself alone: what shared its batch is judged again, one by one.

Verdicts are kept under .cache/verdicts (`pipeline/grading/cache.py`), so that none is
made twice; one that a time limit cut short is made anew.

Answers whose verifier is `judge` cost no computing here and much waiting elsewhere:
they are asked together, in threads, through one client whose budget is the run's.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache, partial
from itertools import islice
from typing import NamedTuple

import polars as pl

from pipeline.endpoint.client import client
from pipeline.grading.cache import Verdicts, key
from pipeline.parallel import Pool
from pipeline.verifiers.contract import Verdict, load_verifier
from pipeline.verifiers.judge import Case, Judge, from_environment, verify_all


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


Grader = Callable[[list[Answer]], list[Verdict]]

# Answers and verdicts travel as plain tuples: a third of the cost of their classes.
Told = tuple[bool | None, str | None, str, float | None]
Asked = tuple[str, str | None, str | None, str]
Workers = Pool[list[Asked], list[Told]]
# Verdicts on answers in order; of how many there may be at most.
Ask = Callable[[Iterable[Answer], int], Iterator[Verdict]]

TIMEOUT = Verdict(None, why="verifier_timeout")
BATCH = 64
LOOKED_UP = 512  # answers in one look at the verdicts from before
# So many verdicts are lost when a run is killed, at most.
KEPT = 4096
# Programs run test after test, each with a limit of its own in the sandbox.
PROGRAM_LIMIT_S = 600.0


@contextmanager
def grader(timeout_s: float, model: Judge | None = None) -> Iterator[Grader]:
    """Judge lists of answers, in order; equal answers of one list are judged once.

    `timeout_s` bounds one answer. `model` is who
    judges the answers of the verifier `judge`, or else GOLDSIEVE_JUDGE says so; its
    endpoint has limits of its own.
    """
    quick: Workers = Pool(_verifying, limit_s=timeout_s, late=_late)
    slow: Workers = Pool(
        _verifying, limit_s=max(timeout_s, PROGRAM_LIMIT_S), late=_late
    )

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


def verdict_columns(verdicts: list[Verdict]) -> list[pl.Series]:
    """Columns correct (Boolean), extracted and why (String) of the verdicts."""
    return [
        pl.Series("correct", [v.correct for v in verdicts], pl.Boolean),
        pl.Series("extracted", [v.extracted for v in verdicts], pl.String),
        pl.Series("why", [v.why for v in verdicts], pl.String),
    ]


def _remembered(answers: list[Answer], ask: Ask) -> dict[Answer, Verdict]:
    """Verdicts that are known from before, and what `ask` says of the others.

    Answers are looked up while workers are busy with those before them.
    """
    if not answers:
        return {}
    judged: dict[Answer, Verdict] = {}
    keys: dict[Answer, bytes] = {}
    asked: deque[Answer] = deque()
    made: list[tuple[bytes, Verdict]] = []

    def unknown() -> Iterator[Answer]:
        for start in range(0, len(answers), LOOKED_UP):
            some = {
                answer: key(*_sent(answer)) for answer in answers[start:][:LOOKED_UP]
            }
            known = before.known(list(some.values()))
            for answer, name in some.items():
                if name in known:
                    judged[answer] = known[name]
                else:
                    keys[answer] = name
                    asked.append(answer)
                    yield answer

    with closing(Verdicts()) as before:
        try:
            for verdict in ask(unknown(), len(answers)):
                answer = asked.popleft()
                judged[answer] = verdict
                made.append((keys.pop(answer), verdict))
                if len(made) >= KEPT:
                    before.keep(made)
                    made = []
        finally:
            before.keep(made)
    return judged


@contextmanager
def _model(settings: Judge | None) -> Iterator[Grader]:
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


def _batched(pool: Workers, answers: Iterable[Answer], most: int) -> Iterator[Verdict]:
    """Small batches for few answers, so that every worker has something to do."""
    size = max(1, min(BATCH, most // 16))
    out: deque[list[Answer]] = deque()

    def sent() -> Iterator[list[Asked]]:
        left = iter(answers)
        while batch := list(islice(left, size)):
            out.append(batch)
            yield [_sent(answer) for answer in batch]

    for told in pool.each(sent()):
        batch = out.popleft()
        if told:
            yield from (Verdict(*one) for one in told)
        else:
            yield from _single(pool, batch, size)


def _single(pool: Workers, answers: Iterable[Answer], most: int) -> Iterator[Verdict]:
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
    info = given.verify_info or "{}"
    verdict: Verdict = load_verifier(given.verifier).verify(
        given.answer, given.completion, {} if info == "{}" else json.loads(info)
    )
    return verdict
