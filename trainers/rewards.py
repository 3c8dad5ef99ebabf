r"""What GRPO rewards, by name: `rewards: {correct: 1.0, format: 0.1}`.

correct     1 or 0, by the problem's own verifier
format      1 for one <think>…</think> first and a \boxed{} after it, else 0
overlong    0 down to -1 over the last part of the length limit (DAPO, eq. 13)
repetition  0 down to -1 by the share of repeated 3-grams of tokens

A completion that the verifier cannot decide is left out of its group altogether.
TRL does so only where every reward is None: otherwise one that is well formed and
undecided would count as wrong. So no reward speaks where `correct` cannot.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from pipeline.errors import UserError
from pipeline.grading.workers import Answer, Grader

Chat = list[dict[str, str]]


def rewards(
    names: Iterable[str], grade: Grader, *, max_tokens: int, overlong_tokens: int
) -> list[Any]:
    """The reward functions called `names`, as GRPOTrainer takes them.

    UserError where a name is unknown; the known ones are those of the table here.
    """
    from trl.rewards import (
        get_repetition_penalty_reward,
        get_soft_overlong_punishment,
    )

    functions: dict[str, Callable[..., Any]] = {
        "correct": correct,
        "format": well_formed,
        "overlong": get_soft_overlong_punishment(max_tokens, overlong_tokens),
        "repetition": get_repetition_penalty_reward(),
    }
    if unknown := sorted(set(names) - functions.keys()):
        raise UserError(
            f"grpo.rewards: no reward is called {unknown[0]!r}",
            hint=f"the rewards are {', '.join(functions)}",
        )
    grade_once = lru_cache(maxsize=1)(lambda answers: grade(list(answers)))
    return [_mask_undecided(name, functions[name], grade_once) for name in names]


def correct(verdicts: list[bool], **columns: Any) -> list[float]:
    return [float(verdict) for verdict in verdicts]


def well_formed(completions: list[Chat], **columns: Any) -> list[float]:
    return [float(_is_well_formed(_text(chat))) for chat in completions]


def _mask_undecided(name: str, reward: Callable[..., Any], grade_once: Any) -> Any:
    """`reward` over the decided completions of a step, None for the others.

    The rewards of one step judge the same completions, so one verdict serves all.
    """

    def masked(
        completions: list[Chat],
        completion_ids: list[list[int]],
        verifier: list[str],
        answer: list[str | None],
        verify_info: list[str],
        prompts: list[Chat | str],
        **columns: Any,
    ) -> list[float | None]:
        texts = map(_text, completions)
        problems = map(_question, prompts)
        answers = map(Answer, verifier, answer, verify_info, texts, problems)
        verdicts = [verdict.correct for verdict in grade_once(tuple(answers))]
        if log_metric := columns.get("log_metric"):
            undecided = sum(verdict is None for verdict in verdicts)
            log_metric("undecided", undecided / len(verdicts))
        decided = [i for i, verdict in enumerate(verdicts) if verdict is not None]
        values = reward(
            completions=[completions[i] for i in decided],
            completion_ids=[completion_ids[i] for i in decided],
            verdicts=[verdicts[i] for i in decided],
        )
        scored: list[float | None] = [None] * len(completions)
        for i, value in zip(decided, values, strict=True):
            scored[i] = value
        return scored

    masked.__name__ = name  # TRL logs the reward by it
    return masked


def _question(prompt: Chat | str) -> str:
    return prompt if isinstance(prompt, str) else prompt[-1]["content"]


def _text(chat: Chat) -> str:
    return chat[0]["content"]


def _is_well_formed(text: str) -> bool:
    thought, _, rest = text.partition("</think>")
    _, box, answer = rest.partition("\\boxed{")
    is_thought = thought.lstrip().startswith("<think>")
    is_only_one = (text.count("<think>"), text.count("</think>")) == (1, 1)
    return is_thought and is_only_one and bool(box) and "}" in answer
