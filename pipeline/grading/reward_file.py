"""The reward of other frameworks: the verifier that filtered a problem rewards it.

verl calls `compute_score`, OpenRLHF `reward_func`, a rubric or a task of verifiers
`rubric_reward`. All want numbers: a completion that cannot be decided gets 0, as a
wrong one does, and `undecided` beside it says which it was. TRL alone can leave it out
(`trainers/rewards.py`). `import goldsieve` has all of them.
"""

import asyncio
import atexit
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cache
from typing import Any

from pipeline.grading.remote import reward_grader
from pipeline.grading.rewards import REWARDS, Completion, Values
from pipeline.grading.workers import Answer, Grader
from pipeline.verifiers.contract import Verdict

Details = dict[str, Any]  # of a problem, as the export writes them for frameworks

TIMEOUT_S = 20.0
# Rewards that read no tokens.
FROM_TEXT = {"correct", "partial", "format", "tags", "language"}


def compute_score(
    solution_str: str, ground_truth: str | None, extra_info: Details | None, **more: Any
) -> dict[str, float]:
    """The score of a completion in verl, and the rewards that it is made of.

    verl's `reward_kwargs` come in `more`: `weights` of rewards in FROM_TEXT, or else
    `correct` alone. verl filters groups and validates by `acc`.
    """
    extra_info = extra_info or {}
    verdict = judge(ground_truth, solution_str, extra_info)
    weights = more.get("weights") or {"correct": 1.0}
    parts = dict.fromkeys(weights, 0.0)
    if verdict.correct is not None:
        text = Completion(
            extra_info.get("problem") or "", solution_str, [], verdict, 1, [0]
        )
        parts = {name: REWARDS[name](text, Values()) for name in weights}
    score = sum(weight * parts[name] for name, weight in weights.items())
    correct, undecided = float(verdict.correct is True), float(verdict.correct is None)
    return {"score": score, "acc": correct, "undecided": undecided, **parts}


def reward_func(queries: list[str], prompts: list[str], labels: list[str]) -> Details:
    """Rewards (N,) for OpenRLHF: a query is a prompt and what the model wrote after."""
    import torch

    rows = map(json.loads, labels)
    scores = [
        compute_score(query.removeprefix(prompt), row["answer"], row)
        for query, prompt, row in zip(queries, prompts, rows, strict=True)
    ]
    rewards = torch.tensor([score["score"] for score in scores])
    undecided = torch.tensor([score["undecided"] for score in scores])
    return dict(rewards=rewards, scores=rewards, extra_logs={"undecided": undecided})


async def rubric_reward(
    completion: Any, answer: str | None, info: Details | str | None = None
) -> float:
    """1.0 for right, else 0.0: for `vf.Rubric(funcs=[…])`, or within a `vf.Task`.

    `completion` is a text or a list of messages, of which the last one counts; `info`
    is what `verifiers.parquet` holds of the problem. Waits in a thread, so that others
    of the event loop go on.
    """
    details = json.loads(info) if isinstance(info, str) else info or {}
    verdict = await asyncio.to_thread(judge, answer, last_text(completion), details)
    return float(verdict.correct is True)


def last_text(completion: Any) -> Any:
    """The text of the last message; what is none is for the verdict to say."""
    is_chat = isinstance(completion, Sequence) and not isinstance(completion, str)
    if not is_chat or not completion or not isinstance(completion[-1], Mapping):
        return completion
    return completion[-1].get("content")


def judge(gold: str | None, completion: str, details: Details) -> Verdict:
    """The verdict on a completion, from any thread, within a time limit.

    `details` are those of `export`; a set of another has maths without options.
    """
    verifier, info = details.get("verifier", "math"), details.get("verify_info")
    problem = details.get("problem")
    return grade([Answer(verifier, gold, as_json(info), completion, problem)])[0]


def as_json(info: Any) -> str:
    """`info` as JSON; what JSON cannot say becomes null, which no verifier takes."""
    try:
        return info if isinstance(info, str) else json.dumps(dict(info or {}))
    except (TypeError, ValueError, RecursionError):
        return "null"


def grade(answers: list[Answer]) -> list[Verdict]:
    """The verdicts on answers, in their order, from any thread."""
    return _grader()(answers)


@cache
def _grader() -> Grader:
    """One for the process; its workers start as threads need them, and end with it."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(reward_grader(TIMEOUT_S))
