r"""The verdict of math-verify, the library that many published rewards are.

Open R1 filters and rewards with it (github.com/huggingface/Math-Verify). `math` is
stricter and some thirty times as fast; this is for runs that must be comparable with
published ones, and for a second look at what `math` says. It finds the answer by its
own rules, reads what it can of it by sympy and drops the rest: "The answer is not 5."
meets 5, `\boxed{a}` meets the option A, and 2^-98 meets 2^-99.

Its alarms go by the clock, and so would its verdicts. Here the limit is CPU time, and
what runs past it is undecided, as is a gold answer that it cannot read.
"""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeline.verifiers.contract import Verdict

COMPARES_VALUES = True
MAY_BE_OVERRULED = True
CPU_S = 5.0
MAX_LENGTH = 2_000  # of a gold answer
TAIL = 20_000  # characters of a completion: its patterns take time
TOO_LONG = "math-verify needs too long"


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether math-verify takes the completion's answer for the gold one."""
    if why := unreadable(answer, info):
        return Verdict(None, None, why)
    from math_verify import verify as accepts

    try:
        with _limit_cpu():
            predicted = _parse(completion[-TAIL:])
            gold = _parse_gold(answer or "")
            is_equal = bool(accepts(gold, predicted, timeout_seconds=None))
    except _OutOfTime:
        return Verdict(None, None, TOO_LONG)
    if not predicted:
        return Verdict(False, None, "no answer found")
    return Verdict(is_equal, str(predicted[-1]), "compared by math-verify")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why math-verify cannot compare anything with the gold answer, if it cannot."""
    if not answer or not answer.strip():
        return "the gold answer is empty"
    if len(answer) > MAX_LENGTH:
        return f"the gold answer is {len(answer):,} characters long"
    try:
        with _limit_cpu():
            return None if _parse_gold(answer) else "math-verify reads no gold answer"
    except _OutOfTime:
        return TOO_LONG


def _parse_gold(answer: str) -> list[Any]:
    """What it reads in a gold answer, which is mathematics though nothing says so."""
    return _parse(answer if "$" in answer or "\\boxed" in answer else f"${answer}$")


def _parse(text: str) -> list[Any]:
    from math_verify import parse

    # It warns of every text that it cannot read.
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    parsed: list[Any] = parse(text, parsing_timeout=None)
    return parsed


class _OutOfTime(BaseException):
    """Past everything that catches exceptions, for sympy catches many."""


@contextmanager
def _limit_cpu() -> Iterator[None]:
    """_OutOfTime after CPU_S seconds of this process's own time.

    Signals work in the main thread only. Long sums of big integers do not hear them:
    those end with the limit of the worker process (`pipeline/grading/workers.py`).
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
