"""The reward of other frameworks: the verifier that filtered a problem rewards it.

verl calls `compute_score`, OpenRLHF `reward_func`. Both want numbers: a completion that
cannot be decided gets 0, as a wrong one does, and `undecided` beside it says which it
was. TRL alone can leave it out (`trainers/rewards.py`).
"""

import atexit
import json
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
    solution_str: str, ground_truth: str | None, extra_info: Details, **more: Any
) -> dict[str, float]:
    """The score of a completion in verl, and the rewards that it is made of.

    verl's `reward_kwargs` come in `more`: `weights` of rewards in FROM_TEXT, or else
    `correct` alone. verl filters groups and validates by `acc`.
    """
    verdict = judge(ground_truth, solution_str, extra_info)
    weights = more.get("weights") or {"correct": 1.0}
    parts = dict.fromkeys(weights, 0.0)
    if verdict.correct is not None:
        text = Completion(extra_info["problem"], solution_str, [], verdict, 1, [0])
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


def judge(gold: str | None, completion: str, details: Details) -> Verdict:
    """The verdict on a completion, from any thread, within a time limit."""
    verifier, info = details["verifier"], details["verify_info"]
    answer = Answer(verifier, gold, info, completion, details["problem"])
    return _grader()([answer])[0]


@cache
def _grader() -> Grader:
    """One for the process; its workers start as threads need them, and end with it."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(reward_grader(TIMEOUT_S))
