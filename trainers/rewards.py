"""The rewards of `pipeline/grading/rewards.py` as functions that TRL takes.

A completion that the verifier cannot decide is left out of its group altogether.
TRL does so only where every reward is None: otherwise one that is well formed and
undecided would count as wrong. So no reward speaks where `correct` cannot.
"""

from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache
from itertools import compress
from typing import Any

from pipeline.errors import UserError
from pipeline.grading.guarded import add_option, is_mistake
from pipeline.grading.rewards import REWARDS, Completion, Values
from pipeline.grading.workers import Answer, Grader
from pipeline.verifiers.contract import Verdict, verifiers_that_claim

Chat = list[dict[str, str]]


def rewards(
    names: list[str], grade: Grader, *, max_tokens: int, values: Values
) -> list[Any]:
    """The reward functions called `names`, as GRPOTrainer takes them.

    UserError where a name is unknown; the known ones are those of the table here.
    """
    if unknown := sorted(set(names) - REWARDS.keys()):
        raise UserError(
            f"grpo.rewards: no reward is called {unknown[0]!r}",
            hint=f"the rewards are {', '.join(REWARDS)}",
        )
    # The rewards of one step see the same completions: one verdict serves all.
    counted = verifiers_that_claim("COUNTS_TESTS") if "partial" in names else []

    @lru_cache(maxsize=1)
    def grade_once(answers: tuple[Answer, ...]) -> list[Verdict]:
        return grade([_count_tests(a) if a.verifier in counted else a for a in answers])

    return [_reward(name, names[0], grade_once, max_tokens, values) for name in names]


def _count_tests(answer: Answer) -> Answer:
    """The same answer, whose tests go on after the first that fails."""
    return answer._replace(verify_info=add_option(answer.verify_info, all_tests=True))


def _reward(
    name: str, first: str, grade_once: Any, max_tokens: int, values: Values
) -> Any:
    """The reward `name` of the decided completions of a step, None for the others."""

    def reward(
        prompts: list[Chat | str],
        completions: list[Chat],
        completion_ids: list[list[int]],
        verifier: list[str],
        answer: list[str | None],
        verify_info: list[str],
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        problems = [p if isinstance(p, str) else p[-1]["content"] for p in prompts]
        texts = [chat[0]["content"] for chat in completions]
        answers = map(Answer, verifier, answer, verify_info, texts, problems)
        verdicts: list[Verdict] = grade_once(tuple(answers))
        is_decided = [verdict.correct is not None for verdict in verdicts]
        pairs = zip(problems, completion_ids, strict=True)
        lengths = defaultdict(list)
        for problem, tokens in compress(pairs, is_decided):
            lengths[problem].append(len(tokens))
        if log_metric and name == first:
            log_metric("undecided", is_decided.count(False) / len(is_decided))
            failed = sum(map(is_mistake, verdicts))
            log_metric("verifier_failed", failed / len(is_decided))
        rows = zip(problems, texts, completion_ids, verdicts, strict=True)
        return [
            REWARDS[name](Completion(*row, max_tokens, lengths[row[0]]), values)
            if decided
            else None
            for row, decided in zip(rows, is_decided, strict=True)
        ]

    reward.__name__ = name  # TRL logs the reward by it
    return reward
