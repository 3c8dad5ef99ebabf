"""math-verify as a verifier of its own: its word, within a limit of CPU time."""

import pytest

from pipeline.verifiers import math_verify
from pipeline.verifiers.math_verify import unreadable, verify


@pytest.mark.parametrize(
    ("gold", "completion", "correct"),
    [
        (r"\frac12", "The answer is 0.5", True),
        ("x^2+1", r"\boxed{1+x^2}", True),
        ("5", r"So it is \boxed{6}.", False),
        # What it takes for right and `math` does not.
        ("2^{-98}", r"\boxed{2^{-99}}", True),
        ("A", r"\boxed{a}", True),
    ],
)
def test_its_verdict_is_that_of_the_library(
    gold: str, completion: str, correct: bool
) -> None:
    assert verify(gold, completion, {}).correct is correct


def test_a_completion_without_mathematics_is_wrong():
    verdict = verify("5", "no idea", {})

    assert (verdict.correct, verdict.why) == (False, "no answer found")


@pytest.mark.parametrize("gold", [None, " ", "7" * 2_001, "$$"])
def test_a_gold_answer_that_it_cannot_read_decides_nothing(gold: str | None):
    assert unreadable(gold, {})
    assert verify(gold, r"\boxed{5}", {}).correct is None


def test_what_takes_too_long_is_undecided(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(math_verify, "CPU_S", 0.2)

    verdict = verify("3", r"\boxed{9^{9^{9^{9}}}}", {})

    assert (verdict.correct, verdict.why) == (None, math_verify.TOO_LONG)
