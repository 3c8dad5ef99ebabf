"""The verifiers in worker processes: they grade, score and reward.

The same `verify` filters the data and rewards the model, so what is rewarded is what
was measured. Completions are hostile: they are judged in worker processes that are
killed when they run past their time limit. An answer that hangs costs itself alone:
what shared its batch is judged again, one by one.

Verdicts are kept (`pipeline/grading/cache.py`), so that none is made twice; one that a
time limit cut short is made anew. Halves of surrogate pairs, which models do write and
no file can hold, are U+FFFD to every verifier.

Answers whose verifier is `judge` cost no computing here and much waiting elsewhere:
they are asked together, in threads, through one client whose budget is the run's.
"""

import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.endpoint.client import Ask, client
from pipeline.grading.cache import Verdicts, key
from pipeline.grading.guarded import (
    DIED,
    GoldCheck,
    find_fault,
    is_mistake,
    judge_cases,
    read_gold,
    read_versions,
    verify,
)
from pipeline.parallel import Pool, WorkerLost
from pipeline.surrogates import mend_surrogates
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.judge import Judge, from_environment

if TYPE_CHECKING:
    import polars as pl


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


# Verdicts on answers, in their order.
Grader = Callable[[list[Answer]], list[Verdict]]
# Answers, gold answers and verdicts travel as plain tuples: a third of the cost of
# their classes.
Gold = tuple[str, str | None, str | None]  # verifier, answer, verify_info
AnswerFields = tuple[str, str | None, str | None, str]
VerdictFields = tuple[bool | None, str | None, str, float | None]
Workers = Pool[AnswerFields, VerdictFields]
Pools = tuple[Workers, Workers]  # for quick answers, and for programs

TIMEOUT = Verdict(None, why="verifier_timeout")
LATE_GOLD = "reading the gold answer takes too long"
BATCH = 64
LOOKED_UP = 512  # answers in one look at the verdicts from before
# What is lost when a run is killed, at most: so many verdicts, and those of so long.
KEPT, KEPT_S = 4096, 1.0
# Programs run test after test, each with a limit of its own in the sandbox.
PROGRAM_LIMIT_S = 600.0


@contextmanager
def grader(
    timeout_s: float, model: Judge | None = None, *, pools: Pools | None = None
) -> Iterator[Grader]:
    """Grade lists of answers, in order; equal answers of one list are judged once.

    `timeout_s` bounds one answer, or a whole batch of quick ones. `model` is who judges
    the answers of the verifier `judge`, or else GOLDSIEVE_JUDGE says so; its endpoint
    has limits of its own. `pools` are workers that the caller has opened. The grader
    may be called from several threads. Raises UserError for a verifier that is not
    there, workers that cannot start, and a model that cannot be asked.
    """
    failed: Counter[str] = Counter()
    with ExitStack() as stack:
        quick, slow = pools or stack.enter_context(open_pools(timeout_s))

        @cache
        def open_kept(verifier: str) -> Verdicts:
            return stack.enter_context(closing(Verdicts(verifier)))

        @cache
        def judging_model() -> tuple[Judge, Ask]:
            settings = model or from_environment()
            return settings, client(settings.endpoint)

        def grade(answers: list[Answer]) -> list[Verdict]:
            faults = [find_fault(*answer[:4]) for answer in answers]
            answers = list(map(_without_columns, answers))
            by_verifier: dict[str, list[Answer]] = {}
            pairs = zip(answers, faults, strict=True)
            for answer in dict.fromkeys(a for a, fault in pairs if not fault):
                by_verifier.setdefault(answer.verifier, []).append(answer)
            verdicts: dict[Answer, Verdict] = {}
            for verifier, distinct in by_verifier.items():
                if verifier == "judge":
                    judged = judge_cases(list(map(_case, distinct)), *judging_model())
                    verdicts |= zip(distinct, judged, strict=True)
                elif verifier == "code":
                    verdicts |= _grade_new(distinct, open_kept(verifier), slow, 1)
                else:
                    size, kept = _batch_size(len(distinct)), open_kept(verifier)
                    verdicts |= _grade_new(distinct, kept, quick, size)
            failed.update(v.why for v in verdicts.values() if is_mistake(v))
            pairs = zip(answers, faults, strict=True)
            return [fault or verdicts[answer] for answer, fault in pairs]

        yield grade
    _tell(failed)


@contextmanager
def open_pools(timeout_s: float) -> Iterator[Pools]:
    """The workers of a grader: for quick answers, and for programs."""
    with (
        closing(Pool(_verify_all, limit_s=timeout_s)) as quick,
        closing(Pool(_verify_all, limit_s=max(timeout_s, PROGRAM_LIMIT_S))) as slow,
    ):
        yield quick, slow


def warm_up(pools: Pools) -> None:
    """Start every worker that there may be; UserError where one cannot start."""
    for pool in pools:
        items: list[AnswerFields] = [("math", "1", None, "1")] * pool.most
        for _ in pool.each(items, 1):
            pass


def read_golds(
    golds: Iterable[Gold], count: int, timeout_s: float
) -> Iterator[GoldCheck]:
    """(why, kind) of each of so many gold answers, in order, as they are read.

    `why` it cannot be judged against by its verifier, or None; the `kind` of answer
    that it is (`number`, `equation`, `set` …), None where the verifier names none.
    """
    verifiers = deque[str]()

    def noted() -> Iterator[Gold]:
        for gold in golds:
            verifiers.append(gold[0])
            yield gold

    with closing(Pool(_check_all, limit_s=timeout_s)) as pool:
        for check in pool.each(noted(), _batch_size(count)):
            verifier = verifiers.popleft()
            if isinstance(check, WorkerLost):
                check = (_why_lost(verifier, check, LATE_GOLD), None)
            yield check


def find_unreadable(golds: list[Gold], timeout_s: float) -> list[str | None]:
    """Why each gold answer cannot be judged against by its verifier, or None."""
    return [why for why, _ in read_golds(golds, len(golds), timeout_s)]


def are_equal(
    pairs: Iterable[tuple[str, str, str | None, str]], grade: Grader
) -> list[bool]:
    """Whether verifiers take an answer for another, of (verifier, gold, info, answer).

    The answer is put into a box.
    """
    answers = [
        Answer(verifier, gold, info, f"\\boxed{{{answer}}}")
        for verifier, gold, info, answer in pairs
    ]
    return [verdict.correct is True for verdict in grade(answers)]


def verdict_columns(verdicts: list[Verdict]) -> "list[pl.Series]":
    """Columns correct (Boolean), extracted and why (String) of the verdicts."""
    import polars as pl

    return [
        pl.Series("correct", [v.correct for v in verdicts], pl.Boolean),
        pl.Series("extracted", [v.extracted for v in verdicts], pl.String),
        pl.Series("why", [v.why for v in verdicts], pl.String),
    ]


def _without_columns(answer: Answer) -> Answer:
    """Without the columns that no rule reads: equal answers are judged once."""
    if answer.verifier == "judge" or answer.problem is answer.domain is None:
        return answer
    return answer._replace(problem=None, domain=None)


def _grade_new(
    answers: list[Answer],
    kept: Verdicts,
    pool: Workers,
    size: int,
) -> dict[Answer, Verdict]:
    """Verdicts on `answers` of one verifier: those from before, and new ones.

    Answers are looked up while workers are busy with those before them.
    """
    verdicts: dict[Answer, Verdict] = {}
    waiting: deque[tuple[Answer, bytes]] = deque()
    new: list[tuple[bytes, Verdict]] = []

    def unknown() -> Iterator[AnswerFields]:
        for start in range(0, len(answers), LOOKED_UP):
            part = answers[start : start + LOOKED_UP]
            keyed = list(map(_fields_and_key, part))
            before = kept.find([name for _, name in keyed])
            for answer, (fields, name) in zip(part, keyed, strict=True):
                if name in before:
                    verdicts[answer] = before[name]
                else:
                    waiting.append((answer, name))
                    yield fields

    kept_at = monotonic()
    try:
        for fields in pool.each(unknown(), size):
            answer, name = waiting.popleft()
            verdicts[answer] = (
                Verdict(None, why=_why_lost(answer.verifier, fields))
                if isinstance(fields, WorkerLost)
                else Verdict(*fields)
            )
            new.append((name, verdicts[answer]))
            if len(new) >= KEPT or monotonic() - kept_at > KEPT_S:
                kept.keep(new)
                new, kept_at = [], monotonic()
    finally:
        kept.keep(new)
    return verdicts


def _batch_size(count: int) -> int:
    """Small batches for few items, so that every worker has something to do."""
    return max(1, min(BATCH, count // 16))


def _fields_and_key(answer: Answer) -> tuple[AnswerFields, bytes]:
    """What a rule reads, and no more of the thinking than where it ends."""
    completion = answer.completion
    if (end := completion.rfind("</think>")) > 0 and answer.verifier != "code":
        completion = completion[end:]
    fields = answer.verifier, answer.answer, answer.verify_info, completion
    versions = read_versions(answer.verifier, answer.verify_info)
    try:
        return fields, key(*fields, versions)
    except UnicodeEncodeError:
        fields = mend_surrogates(fields)
        return fields, key(*fields, versions)


def _verify_all(batch: list[AnswerFields]) -> list[VerdictFields]:
    verdicts = [verify(*fields) for fields in batch]
    return [(v.correct, v.extracted, v.why, v.score) for v in verdicts]


def _check_all(golds: list[Gold]) -> list[GoldCheck]:
    return [read_gold(*gold) for gold in golds]


def _case(answer: Answer) -> tuple[str | None, str | None, str, dict[str, Any]]:
    columns = {"problem": answer.problem, "domain": answer.domain}
    return answer.answer, answer.verify_info, answer.completion, columns


def _why_lost(verifier: str, lost: WorkerLost, late: str = TIMEOUT.why) -> str:
    return late if lost.is_late else f"{DIED}: {verifier}: {lost}"


def _tell(failed: Counter[str]) -> None:
    """Say which mistakes of ours left answers undecided, the most frequent first."""
    if failed:
        total = f"{failed.total()} answers are undecided because a verifier failed:"
        print(total, file=sys.stderr)
    for why, count in failed.most_common(5):
        print(f"  {count} x {why}", file=sys.stderr)
