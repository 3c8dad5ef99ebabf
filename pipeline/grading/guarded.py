"""A verifier, called so that nothing about a row can end a run.

Every verdict of every stage and trainer is made here, and every gold answer is read
here. The verifier gets texts without halves of surrogate pairs, and details in the
types that it declares (`pipeline/verifiers/details`). What is wrong with a row is a
verdict of None with the field and what was expected.

An exception is a mistake of ours and a verdict of None, too: `verifier_error`, with the
verifier, the exception and where it came from, so that it can be mended. A UserError
is about the machine or a setting, never about a row, and ends the run.
"""

import json
import re
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pipeline.endpoint.client import Ask
from pipeline.errors import UserError
from pipeline.surrogates import mend_surrogates
from pipeline.thinking import describe_lack
from pipeline.verifiers.contract import Verdict, load_verifier
from pipeline.verifiers.details.contract import BadInfo, load_info, read_info
from pipeline.verifiers.judge import Case, Judge, verify_all

T = TypeVar("T")
# Why the gold answer is unreadable, and what kind of answer it is.
GoldCheck = tuple[str | None, str | None]

# How `why` begins where a verifier raised, and where it ended its process.
ERROR, DIED = "verifier_error", "verifier_died"
UNVERIFIABLE = Verdict(None, why="no_verifier")
ROOT = Path(__file__).parents[2]
LONGEST = 200  # characters of an exception's message
# No answer is longer, and no verifier needs more than seconds or memory for it.
LONGEST_TEXT = 2_000_000
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def verify(
    verifier: str, answer: str | None, verify_info: str | None, completion: str
) -> Verdict:
    """The verdict of one verifier, here and without a time limit."""
    if fault := find_fault(verifier, answer, verify_info, completion):
        return fault

    def call() -> Verdict:
        info = parse_info(verifier, verify_info)
        texts = mend_surrogates((answer, completion))
        verdict: Verdict = load_verifier(verifier).verify(*texts, info)
        return verdict

    verdict = _mend(_guard(verifier, call, _undecided))
    is_lost = verdict.correct is False and not verdict.extracted
    lack = describe_lack(completion) if is_lost else ""
    return replace(verdict, why=f"{verdict.why}: {lack}") if lack else verdict


def judge_cases(
    cases: list[tuple[str | None, str | None, str, dict[str, Any]]],
    settings: Judge,
    ask: Ask,
) -> list[Verdict]:
    """A model's verdicts on (answer, verify_info, completion, columns), in order.

    All are asked together. Where that raises, each is asked alone, and only who is at
    fault is undecided. What a row's details say wins over its columns.
    """

    def judge(*rows: Any) -> list[Verdict]:
        return verify_all([_read_case(*row) for row in rows], settings, ask)

    def judge_alone(row: Any) -> Verdict:
        return _guard("judge", lambda: judge(row)[0], _undecided)

    try:
        verdicts = judge(*cases)
    except UserError:
        raise
    except Exception:
        verdicts = list(map(judge_alone, cases))
    return list(map(_mend, verdicts))


def read_gold(verifier: str, answer: str | None, verify_info: str | None) -> GoldCheck:
    """Why a gold answer cannot be judged against, or None, and what kind it is."""
    if fault := find_fault(verifier, answer, verify_info, ""):
        return fault.why, None

    def call() -> GoldCheck:
        info, gold = parse_info(verifier, verify_info), mend_surrogates(answer)
        module = load_verifier(verifier)
        why: str | None = module.unreadable(gold, info)
        name_kind = getattr(module, "kind", None)
        return why, None if why or name_kind is None else name_kind(gold, info)

    check = _guard(verifier, call, lambda why: (why, None))
    mended: GoldCheck = mend_surrogates(check)
    return mended


def write_empty(verifier: str, verify_info: str | None) -> str | None:
    """A completion that is certainly wrong, where the verifier runs programs.

    None where it does not, or where the details cannot be read.
    """
    write = getattr(load_verifier(verifier), "write_empty", None)
    if write is None:
        return None

    def call() -> str | None:
        completion: str = write(parse_info(verifier, verify_info))
        return completion

    return _guard(verifier, call, lambda _: None)


def read_refused(verifier: str, verify_info: str | None) -> list[str]:
    """The programs of a row that are known to be wrong; none where it has none."""

    def call() -> list[str]:
        refused: list[str] = parse_info(verifier, verify_info).get("refused", [])
        return refused

    return _guard(verifier, call, lambda _: [])


def read_versions(verifier: str, verify_info: str | None) -> str:
    """Versions of what a verdict rests on beside our code and its libraries.

    "" where the verifier names none, or the details cannot be read.
    """
    name_versions = getattr(load_verifier(verifier), "rests_on", None)
    if name_versions is None:
        return ""

    def call() -> str:
        versions: str = name_versions(parse_info(verifier, verify_info))
        return versions

    return _guard(verifier, call, lambda _: "")


def find_fault(
    verifier: Any, answer: Any, verify_info: Any, completion: Any
) -> Verdict | None:
    """The verdict on what is not even texts for a verifier that there is."""
    if verifier is None:  # a source without gold answers
        return UNVERIFIABLE
    try:
        load_info(verifier)
        _check_text("completion", completion)
        _check_text("answer", answer or "")
        _check_text("verify_info", verify_info or "")
    except BadInfo as error:
        return _mend(_undecided(str(error)))
    return None


@lru_cache(8)  # the samples of a problem come one after the other
def parse_info(verifier: str, verify_info: str | None) -> dict[str, Any]:
    """The details of a row in the types that its verifier declares, or BadInfo."""
    return read_info(verifier, _read_object(verify_info))


def add_option(verify_info: str | None, **options: Any) -> str | None:
    """`verify_info` with further options; as it is where it is no JSON object."""
    try:
        return json.dumps(_read_object(verify_info) | options)
    except BadInfo:
        return verify_info


def _read_object(verify_info: str | None) -> dict[str, Any]:
    try:
        info = mend_surrogates(json.loads(verify_info or "{}"))
    except (ValueError, RecursionError):
        info = None
    if not isinstance(info, dict):
        raise BadInfo("verify_info is not a JSON object")
    return info


def describe_error(verifier: str, error: BaseException) -> str:
    """`verifier_error: math: KeyError: 'x' (grammar.py:88)`: alike in every run."""
    lines = [
        (Path(frame.f_code.co_filename), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [f"{file.name}:{line}" for file, line in lines if file.is_relative_to(ROOT)]
    message = ADDRESS.sub("", str(error))[:LONGEST]
    described = f"{ERROR}: {verifier}: {type(error).__name__}: {message}"
    return f"{described.rstrip(': ')} ({own[-1] if own else 'unknown'})"


def is_mistake(verdict: Verdict) -> bool:
    """Whether nothing was decided because a verifier raised, or ended its process."""
    return verdict.correct is None and verdict.why.startswith((ERROR, DIED))


def _guard(verifier: str, call: Callable[[], T], fail: Callable[[str], T]) -> T:
    """What `call` gives, or what `fail` makes of why it gave nothing."""
    try:
        return call()
    except UserError:
        raise
    except BadInfo as error:
        return fail(str(error))
    except Exception as error:
        return fail(describe_error(verifier, error))


def _undecided(why: str) -> Verdict:
    return Verdict(None, why=why)


def _check_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise BadInfo(f"{name}: expected text, found a {type(value).__name__}")
    if len(value) > LONGEST_TEXT and name != "verify_info":
        most = f"{LONGEST_TEXT:,} characters at most"
        raise BadInfo(f"{name}: expected {most}, found {len(value):,}")


def _read_case(
    answer: str | None, verify_info: str | None, completion: str, columns: Any
) -> Case:
    info = columns | parse_info("judge", verify_info)
    return Case(*mend_surrogates((answer, completion, info)))


def _mend(verdict: Verdict) -> Verdict:
    fields = verdict.correct, verdict.extracted, verdict.why, verdict.score
    return Verdict(*mend_surrogates(fields))
