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

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.endpoint.client import Ask, client
from pipeline.grading.cache import Verdicts, key
from pipeline.parallel import Pool
from pipeline.surrogates import mend_surrogates
from pipeline.verifiers.contract import Verdict, load_verifier
from pipeline.verifiers.judge import Case, Judge, from_environment, verify_all

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
# Why the gold answer is unreadable, and what kind of answer it is.
GoldCheck = tuple[str | None, str | None]
AnswerFields = tuple[str, str | None, str | None, str]
VerdictFields = tuple[bool | None, str | None, str, float | None]

TIMEOUT = Verdict(None, why="verifier_timeout")
UNVERIFIABLE = Verdict(None, why="no_verifier")
NO_INFO = "verify_info is not a JSON object"
BATCH = 64
LOOKED_UP = 512  # answers in one look at the verdicts from before
# So many verdicts are lost when a run is killed, at most.
KEPT = 4096
# Programs run test after test, each with a limit of its own in the sandbox.
PROGRAM_LIMIT_S = 600.0


@contextmanager
def grader(timeout_s: float, model: Judge | None = None) -> Iterator[Grader]:
    """Grade lists of answers, in order; equal answers of one list are judged once.

    `timeout_s` bounds one answer, or a whole batch of quick ones. `model` is who judges
    the answers of the verifier `judge`, or else GOLDSIEVE_JUDGE says so; its endpoint
    has limits of its own. Raises UserError for a verifier that is not there, workers
    that cannot start, and a model that cannot be asked.
    """
    with ExitStack() as stack:

        def open_pool(limit_s: float) -> Pool[AnswerFields, VerdictFields]:
            return stack.enter_context(closing(Pool(_verify_all, limit_s=limit_s)))

        quick, slow = open_pool(timeout_s), open_pool(max(timeout_s, PROGRAM_LIMIT_S))

        @cache
        def judging_model() -> tuple[Judge, Ask]:
            settings = model or from_environment()
            return settings, client(settings.endpoint)

        def grade(answers: list[Answer]) -> list[Verdict]:
            answers = list(map(_without_columns, answers))
            by_verifier: dict[str | None, list[Answer]] = {}
            for answer in dict.fromkeys(answers):
                by_verifier.setdefault(answer.verifier, []).append(answer)
            verdicts: dict[Answer, Verdict] = {}
            for verifier, distinct in by_verifier.items():
                if verifier is None:  # a source without gold answers
                    verdicts |= dict.fromkeys(distinct, UNVERIFIABLE)
                elif verifier == "judge":
                    judged = verify_all(list(map(_case, distinct)), *judging_model())
                    verdicts |= zip(distinct, judged, strict=True)
                elif verifier == "code":
                    verdicts |= _grade_new(distinct, slow, 1)
                else:
                    size = _batch_size(len(distinct))
                    verdicts |= _grade_new(distinct, quick, size)
            return [verdicts[answer] for answer in answers]

        yield grade


def read_golds(golds: list[Gold], timeout_s: float) -> list[GoldCheck]:
    """(why, kind) of each gold answer.

    `why` it cannot be judged against by its verifier, or None; the `kind` of answer
    that it is (`number`, `equation`, `set` …), None where the verifier names none.
    """
    late = ("reading the gold answer takes too long", None)
    with closing(Pool(_check_all, limit_s=timeout_s)) as pool:
        checks = pool.each(golds, _batch_size(len(golds)))
        return [check or late for check in checks]


def find_unreadable(golds: list[Gold], timeout_s: float) -> list[str | None]:
    """Why each gold answer cannot be judged against by its verifier, or None."""
    return [why for why, _ in read_golds(golds, timeout_s)]


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
    pool: Pool[AnswerFields, VerdictFields],
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

    with closing(Verdicts(answers[0].verifier)) as kept:
        try:
            for fields in pool.each(unknown(), size):
                answer, name = waiting.popleft()
                verdicts[answer] = Verdict(*fields) if fields else TIMEOUT
                new.append((name, verdicts[answer]))
                if len(new) >= KEPT:
                    kept.keep(new)
                    new = []
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
    try:
        return fields, key(*fields)
    except UnicodeEncodeError:
        fields = mend_surrogates(fields)
        return fields, key(*fields)


def _verify_all(batch: list[AnswerFields]) -> list[VerdictFields]:
    verdicts = [verify(*fields) for fields in batch]
    fields = [(v.correct, v.extracted, v.why, v.score) for v in verdicts]
    return mend_surrogates(fields)


def verify(
    verifier: str, answer: str | None, verify_info: str | None, completion: str
) -> Verdict:
    """The verdict of one verifier, here and without a time limit."""
    info = _parse(verify_info)
    if info is None:
        return Verdict(None, why=NO_INFO)
    verdict: Verdict = load_verifier(verifier).verify(answer, completion, info)
    return verdict


def _check_all(golds: list[Gold]) -> list[GoldCheck]:
    return [read_gold(*gold) for gold in golds]


def read_gold(verifier: str, answer: str | None, verify_info: str | None) -> GoldCheck:
    """As `read_golds` of one gold answer, here and without a time limit."""
    why = why_unreadable(verifier, answer, verify_info)
    name_kind = getattr(load_verifier(verifier), "kind", None)
    if why or name_kind is None:
        return why, None
    return None, name_kind(mend_surrogates(answer), _parse(verify_info) or {})


def why_unreadable(
    verifier: str, answer: str | None, verify_info: str | None
) -> str | None:
    """As `find_unreadable` of one gold answer, here and without a time limit."""
    info = _parse(verify_info)
    if info is None:
        return NO_INFO
    why: str | None = load_verifier(verifier).unreadable(mend_surrogates(answer), info)
    return mend_surrogates(why)


def _parse(verify_info: str | None) -> dict[str, Any] | None:
    """The details of a row; None where they are no JSON object."""
    if not verify_info or verify_info == "{}":
        return {}
    try:
        info = mend_surrogates(json.loads(verify_info))
    except (ValueError, RecursionError):
        return None
    return info if isinstance(info, dict) else None


def _case(answer: Answer) -> Case:
    """The row's own words on what is asked win over its columns."""
    columns = {"problem": answer.problem, "domain": answer.domain}
    info = columns | (_parse(answer.verify_info) or {})
    return Case(*mend_surrogates((answer.answer, answer.completion, info)))
