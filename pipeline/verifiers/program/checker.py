"""Asks a problem's own checker, its special judge, whether what was printed is right.

Where many answers are right, a problem brings a program that judges them. As in
open-r1/codeforces, it is Python, and called with the paths of three files: the input,
the jury's answer (empty where a test has none) and what the program printed. It prints
1 for right and 0, or a part of 1, for wrong; one that prints nothing says it by its
exit code. Or it is C++, as testlib's checkers are, which have the same files in another
order and say it by exit codes of their own; what they use of testlib.h is ours
(`pipeline/sandbox/guest/testlib.h`).

It runs in a sandbox of its own, where nothing of the program runs. Where it fails, is
stopped or says neither, the verdict is undecided; but where it raises, and takes the
jury's answer as output, what was printed is no answer (Open-R1's cf_scoring.py fails
it too): a program may not choose to be undecided by printing what is no number.
"""

import base64
import json

from pipeline.sandbox.guests import TESTLIB, with_testlib
from pipeline.sandbox.run import compile_cpp
from pipeline.verifiers.program.calls import (
    START_S,
    Bounds,
    Undecidable,
    describe_failure,
    run_guest,
)
from pipeline.verifiers.program.tests import language_of

CHECKER_S, CHECKER_MB = 10.0, 1024
NAMES = "input.txt", "correct_output.txt", "solution_output.txt"
# What testlib's exit codes mean: right, the jury's own fault, and wrong in many ways.
RIGHT, JURYS_FAULT = 0, 3


class Raised(Undecidable):
    """The checker ended with an error of its own."""


def accepts(checker: str, stdin: str, answer: str, printed: str) -> bool:
    """Whether the checker takes `printed`; Undecidable where it does not say.

    Nothing at all is no answer where the jury has one, and no checker is asked.
    """
    if answer.strip() and not printed.strip():
        return False
    raised = None
    try:
        if _ask(checker, stdin, answer, printed):
            return True
    except Raised as error:
        raised = error
    if answer.strip():
        # A checker that is sound takes what the jury answered.
        if _ask(checker, stdin, answer, answer):
            return False
        raise raised or Undecidable("its checker refuses the jury's own answer")
    if raised:
        raise raised
    return False


def _ask(checker: str, stdin: str, answer: str, printed: str) -> bool:
    files = list(zip(NAMES, (stdin, answer, printed), strict=True))
    is_testlibs = TESTLIB.search(checker) is not None
    if is_testlibs:
        files = [files[0], files[2], files[1]]
    job = {"files": files, **_prepare(checker)}
    limits = Bounds(CHECKER_S, CHECKER_MB).process_limits(start_s=START_S)
    run = run_guest("run_checker", job, limits)
    if not run.channel:
        why = describe_failure(run) or "ended before it judged"
        raise Undecidable(f"its checker: {why}")
    verdict = json.loads(run.channel)
    if why := verdict.get("raised"):
        raise Raised(f"its checker raised {why}")
    if is_testlibs and verdict["code"] == JURYS_FAULT:
        raise Undecidable("its checker says that the jury is at fault")
    words = [] if is_testlibs else verdict["printed"].split()
    return _read_verdict(words, verdict["code"])


def _prepare(checker: str) -> dict[str, object]:
    """The checker as it is run: source in Python, or an executable.

    Undecidable where it does not compile.
    """
    if language_of("", checker) != "cpp":
        return {"checker": checker, "is_binary": False}
    binary, errors = compile_cpp(with_testlib(checker))
    if binary is None:
        first = errors.decode(errors="replace").strip().partition("\n")[0]
        raise Undecidable(f"its checker: does not compile: {first[:120]}")
    return {"checker": base64.b64encode(binary).decode(), "is_binary": True}


def _read_verdict(words: list[str], code: int) -> bool:
    """What the last word that the checker printed says, or its exit code."""
    if not words:
        return code == RIGHT
    try:
        return float(words[-1]) == 1
    except ValueError:
        raise Undecidable("its checker prints neither 1 nor 0") from None
