"""Every reward against values written by hand, with the real maths verifier."""

from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.grading.workers import Answer, verify
from pipeline.verifiers.contract import Verdict
from trainers.rewards import rewards

NAMES = ("correct", "format", "overlong", "repetition")


def verdicts(answers: list[Answer]) -> list[Verdict]:
    """A judge that stays in this process: nothing here is hostile."""
    return [verify(*answer[:4]) for answer in answers]


def scored(*completions: str, tokens: int = 3, gold: str = "6") -> dict[str, Any]:
    """What each reward gives, by name; a completion has `tokens` different tokens."""
    functions = rewards(NAMES, verdicts, max_tokens=10, overlong_tokens=4)
    count = len(completions)
    return {
        function.__name__: function(
            completions=[[{"role": "assistant", "content": c}] for c in completions],
            completion_ids=[list(range(tokens))] * count,
            verifier=["math"] * count,
            answer=[gold] * count,
            verify_info=["{}"] * count,
            prompts=["Compute 1+5."] * count,
        )
        for function in functions
    }


def test_correct_is_what_the_verifier_says():
    given = scored("<think>1+5=6</think>\\boxed{6}", "\\boxed{7}", "It is 6")

    assert given["correct"] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<think>1+5=6</think>\\boxed{6}", 1.0),
        (" <think>1+5\n=6</think> so \\boxed{6}.", 1.0),
        ("\\boxed{6}", 0.0),
        ("<think>\\boxed{6}</think>", 0.0),
        ("<think>1+5=6</think>6", 0.0),
        ("so <think>1+5=6</think>\\boxed{6}", 0.0),
        ("<think>1</think><think>2</think>\\boxed{6}", 0.0),
        ("<think>1+5=6</think>\\boxed{6", 0.0),
    ],
)
def test_format_is_one_thought_and_then_a_box(text: str, expected: float):
    assert scored(text)["format"] == [expected]


@pytest.mark.parametrize(
    ("tokens", "expected"), [(6, 0.0), (7, -0.25), (9, -0.75), (10, -1.0)]
)
def test_overlong_falls_over_the_last_tokens(tokens: int, expected: float):
    # A limit of 10 of which the last 4 are punished: (10 - 4 - tokens) / 4.
    assert scored("6", tokens=tokens)["overlong"] == [expected]


def test_repetition_is_nothing_where_no_token_repeats():
    assert scored("6")["repetition"] == [0.0]


def test_no_reward_speaks_of_what_the_verifier_cannot_decide():
    well_formed = "<think>1+5=6</think>\\boxed{6}"

    assert scored(well_formed, gold="") == {name: [None] for name in NAMES}


def test_an_unknown_reward_is_a_mistake_that_names_the_known():
    with pytest.raises(UserError, match="no reward is called 'corect'") as mistake:
        rewards(["corect"], verdicts, max_tokens=10, overlong_tokens=4)

    assert mistake.value.hint.startswith("the rewards are correct, format, ")


def test_a_judge_is_told_the_question():
    seen = []

    def grade(answers):
        seen.extend(answers)
        return [Verdict(True)] * len(answers)

    (reward,) = rewards(["correct"], grade, max_tokens=10, overlong_tokens=2)
    chat = [{"role": "system", "content": "s"}, {"role": "user", "content": "1+5?"}]
    reward(
        prompts=[chat, "2+2?"],
        completions=[[{"role": "assistant", "content": "6"}]] * 2,
        completion_ids=[[1]] * 2,
        verifier=["judge"] * 2,
        answer=["6"] * 2,
        verify_info=["{}"] * 2,
    )

    assert [answer.problem for answer in seen] == ["1+5?", "2+2?"]
