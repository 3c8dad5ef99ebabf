"""The verifiers, kept warm and on a leash: they reward GRPO and grade evaluation.

The same `verify` filters the data (stage `grades`), so what is rewarded is what
was measured. Completions are hostile: each is judged in a worker process that is
killed when it runs past its time limit, and what it was judging stays undecided.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pipeline.parallel import Pool
from pipeline.verifiers.contract import Verdict, load


class Answer(NamedTuple):
    """What is judged: a completion against a gold answer, and by which verifier."""

    verifier: str
    answer: str | None
    verify_info: str
    completion: str


LATE = Verdict(None, why="verifier_timeout")

Judge = Callable[[list[Answer]], list[Verdict]]


@contextmanager
def judge(limit_s: float) -> Iterator[Judge]:
    """Judge lists of answers, in order; equal answers of one list are judged once.

    `limit_s` bounds one answer, the start of a fresh worker included.
    """
    pool: Pool[Answer, Verdict] = Pool(_verifying, limit_s=limit_s, late=_late)

    def verdicts(answers: list[Answer]) -> list[Verdict]:
        distinct = list(dict.fromkeys(answers))
        judged = dict(zip(distinct, pool.each(distinct), strict=True))
        return [judged[answer] for answer in answers]

    try:
        yield verdicts
    finally:
        pool.close()


def _verifying() -> Callable[[Answer], Verdict]:
    return _verify


def _verify(given: Answer) -> Verdict:
    verdict: Verdict = load(given.verifier).verify(
        given.answer, given.completion, json.loads(given.verify_info or "{}")
    )
    return verdict


def _late(given: Answer) -> Verdict:
    return LATE
