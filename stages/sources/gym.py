"""Procedural puzzles of reasoning-gym: maths, logic and words, with its scorers.

A task is a dataset's name there. Tasks with a plain number as their answer are
judged as mathematics, the others by the scorer of their own dataset.
"""

import json
from collections.abc import Iterator
from typing import Any

from pipeline.errors import UserError
from stages.sources._fields import text

MATHS = {"basic_arithmetic", "chain_sum", "gcd", "lcm", "leg_counting", "products"}


def generate(tasks: list[str], count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` problems, the tasks in turn."""
    from reasoning_gym.factory import DATASETS, create_dataset

    if unknown := [task for task in tasks if task not in DATASETS]:
        raise UserError(
            f"reasoning-gym has no task {unknown[0]!r}",
            hint=f"it has {', '.join(sorted(DATASETS))}",
        )
    each = -(-count // len(tasks))
    datasets = [create_dataset(task, size=each, seed=seed) for task in tasks]
    for number in range(count):
        which = number % len(tasks)
        yield {"task": tasks[which], "entry": datasets[which][number // len(tasks)]}


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"task", "entry": {"question", "answer", "metadata"}}."""
    task, entry = text(row, "task"), row.get("entry")
    if task is None or not isinstance(entry, dict):
        return "task, entry: expected a name and an object"
    question, answer = text(entry, "question"), text(entry, "answer")
    if answer is None:
        return "entry.answer: expected text"
    kept = {"question": question, "answer": answer, "metadata": entry.get("metadata")}
    info = {
        "task": "reasoning_gym",
        "dataset": task,
        "entry": json.loads(json.dumps(kept, default=str)),
    }
    is_maths = task in MATHS
    return {
        "problem": question,
        "answer": answer,
        "domain": "math" if is_maths else "puzzle",
        "verifier": "math" if is_maths else "puzzle",
        "verify_info": {} if is_maths else info,
        "origin": ["reasoning-gym"],
        "meta": {"task": task},
    }
