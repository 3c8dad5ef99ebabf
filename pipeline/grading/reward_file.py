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
from decimal import Decimal
from functools import cache
from numbers import Number
from typing import Any

from pipeline.grading.remote import reward_grader
from pipeline.grading.rewards import REWARDS, Completion, Values
from pipeline.grading.workers import Answer, Grader
from pipeline.text import as_text
from pipeline.verifiers.contract import Verdict

Details = dict[str, Any]  # of a problem, as the export writes them for frameworks

TIMEOUT_S = 20.0
# Rewards that read no tokens.
FROM_TEXT = {"correct", "partial", "format", "tags", "language"}


def compute_score(
    data_source: str | None,
    solution_str: str,
    ground_truth: Any,
    extra_info: Details | None = None,
    **more: Any,
) -> dict[str, float]:
    """The score of a completion in verl, and the rewards that it is made of.

    The arguments are those that verl gives; which source a row is of does not count.
    verl's `reward_kwargs` come in `more`: `weights` of rewards in FROM_TEXT, or else
    `correct` alone. verl filters groups and validates by `acc`.
    """
    del data_source
    extra_info = extra_info if isinstance(extra_info, Mapping) else {}
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
    """Rewards (N,) for OpenRLHF: a query is a prompt and what the model wrote after.

    A label is what `export` writes, or the gold answer alone.
    """
    import torch

    rows = map(_read_label, labels)
    scores = [
        compute_score(None, query.removeprefix(prompt), row["answer"], row)
        for query, prompt, row in zip(queries, prompts, rows, strict=True)
    ]
    rewards = torch.tensor([score["score"] for score in scores])
    undecided = torch.tensor([score["undecided"] for score in scores])
    return dict(rewards=rewards, scores=rewards, extra_logs={"undecided": undecided})


def _read_label(label: str) -> Details:
    try:
        row = json.loads(label)
    except ValueError:
        row = label
    return row if isinstance(row, dict) and "answer" in row else {"answer": label}


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
    last = completion
    if isinstance(completion, Sequence) and not isinstance(completion, str):
        last = completion[-1] if completion else completion
    content = last.get("content") if isinstance(last, Mapping) else last
    if not isinstance(content, list):
        return content if isinstance(last, Mapping | str) else completion
    parts = [part.get("text") for part in content if isinstance(part, Mapping)]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts else None


def as_gold(answer: Any) -> Any:
    """A gold answer as text; the columns of trainers may hold numbers, numpy's too."""
    if isinstance(answer, Number) and not isinstance(answer, bool):
        return as_text(answer if isinstance(answer, int) else Decimal(str(answer)))
    return answer


def judge(gold: Any, completion: Any, details: Details) -> Verdict:
    """The verdict on a completion, from any thread, within a time limit.

    `details` are those of `export`; a set of another has maths without options.
    """
    verifier, info = details.get("verifier", "math"), details.get("verify_info")
    problem = details.get("problem")
    answer = Answer(verifier, as_gold(gold), as_json(info), completion, problem)
    return grade([answer])[0]


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
