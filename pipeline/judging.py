"""The verifiers, kept warm and on a leash: they grade, score and reward.

The same `verify` filters the data and rewards the model, so what is rewarded is
what was measured. Completions are hostile: they are judged in worker processes
that are killed when they run past their time limit. An answer that hangs costs
itself alone: what shared its batch is judged again, one by one.
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
    verify_info: str | None
    completion: str


Judge = Callable[[list[Answer]], list[Verdict]]

TIMEOUT = Verdict(None, why="verifier_timeout")
BATCH = 64
# Programs run test after test, each with a limit of its own in the sandbox.
PROGRAM_LIMIT_S = 600.0


@contextmanager
def judge(limit_s: float) -> Iterator[Judge]:
    """Judge lists of answers, in order; equal answers of one list are judged once.

    `limit_s` bounds one answer, the start of a fresh worker included.
    """
    quick: Pool[list[Answer], list[Verdict]] = Pool(
        _verifying, limit_s=limit_s, late=_late
    )
    slow: Pool[list[Answer], list[Verdict]] = Pool(
        _verifying, limit_s=max(limit_s, PROGRAM_LIMIT_S), late=_late
    )

    def verdicts(answers: list[Answer]) -> list[Verdict]:
        distinct = dict.fromkeys(answers)
        texts = [answer for answer in distinct if answer.verifier != "code"]
        programs = [answer for answer in distinct if answer.verifier == "code"]
        judged = dict(zip(texts, _batched(quick, texts), strict=True))
        judged |= zip(programs, _single(slow, programs), strict=True)
        return [judged[answer] for answer in answers]

    try:
        yield verdicts
    finally:
        quick.close()
        slow.close()


def _batched(
    pool: Pool[list[Answer], list[Verdict]], answers: list[Answer]
) -> Iterator[Verdict]:
    """Small batches for few answers, so that every worker has something to do."""
    size = max(1, min(BATCH, len(answers) // 16))
    batches = [answers[i : i + size] for i in range(0, len(answers), size)]
    for batch, verdicts in zip(batches, pool.each(batches), strict=True):
        yield from verdicts or _single(pool, batch)


def _single(
    pool: Pool[list[Answer], list[Verdict]], answers: list[Answer]
) -> Iterator[Verdict]:
    for verdicts in pool.each([answer] for answer in answers):
        yield verdicts[0] if verdicts else TIMEOUT


def _late(batch: list[Answer]) -> list[Verdict]:
    """No verdicts: the batch is taken apart, or the answer given up."""
    return []


def _verifying() -> Callable[[list[Answer]], list[Verdict]]:
    return _verify_all


def _verify_all(batch: list[Answer]) -> list[Verdict]:
    return [_verify(given) for given in batch]


def _verify(given: Answer) -> Verdict:
    verdict: Verdict = load(given.verifier).verify(
        given.answer, given.completion, json.loads(given.verify_info or "{}")
    )
    return verdict
