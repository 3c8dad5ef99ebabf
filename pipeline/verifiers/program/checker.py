"""Asks a problem's own checker, its special judge, whether what was printed is right.

Where many answers are right, a problem brings a program that judges them. As in
open-r1/codeforces, it is Python, and called with the paths of three files: the input,
the jury's answer (empty where a test has none) and what the program printed. It prints
1 for right and 0, or a part of 1, for wrong; one that prints nothing says it by its
exit code, as testlib's checkers do.

It runs in a sandbox of its own, where nothing of the program runs. Where it fails, is
stopped or says neither, the verdict is undecided; but where it raises, and takes the
jury's answer as output, what was printed is no answer (Open-R1's cf_scoring.py fails
it too): a program may not choose to be undecided by printing what is no number.
"""

import json

from pipeline.verifiers.program.calls import (
    START_S,
    Bounds,
    Undecidable,
    describe_failure,
    run_guest,
)

CHECKER_S, CHECKER_MB = 10.0, 1024
NAMES = "input.txt", "correct_output.txt", "solution_output.txt"


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
    job = {"checker": checker, "files": files}
    limits = Bounds(CHECKER_S, CHECKER_MB).process_limits(start_s=START_S)
    run = run_guest("run_checker", job, limits)
    if not run.channel:
        why = describe_failure(run) or "ended before it judged"
        raise Undecidable(f"its checker: {why}")
    verdict = json.loads(run.channel)
    if why := verdict.get("raised"):
        raise Raised(f"its checker raised {why}")
    return _read_verdict(verdict["printed"].split(), verdict["code"])


def _read_verdict(words: list[str], code: int) -> bool:
    """What the last word that the checker printed says, or its exit code."""
    if not words:
        return code == 0
    try:
        return float(words[-1]) == 1
    except ValueError:
        raise Undecidable("its checker prints neither 1 nor 0") from None
