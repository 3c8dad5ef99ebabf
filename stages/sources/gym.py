"""Procedural puzzles of reasoning-gym: maths, logic and words, with its scorers.

A task is a dataset's name there. Tasks with a plain number as their answer are
judged as mathematics, the others by the scorer of their own dataset.
"""

import json
from collections.abc import Iterator
from typing import Any

MATHS = {"basic_arithmetic", "chain_sum", "gcd", "lcm", "leg_counting", "products"}
SIZES = {"max_digits": 2, "max_terms": 3}


def generate(tasks: list[str], count: int, seed: int) -> Iterator[dict[str, Any]]:
    """`count` problems, the tasks in turn."""
    import reasoning_gym

    each = -(-count // len(tasks))
    datasets = [reasoning_gym.create_dataset(t, size=each, seed=seed) for t in tasks]
    for number in range(count):
        dataset, task = datasets[number % len(tasks)], tasks[number % len(tasks)]
        yield {"task": task, "entry": dataset[number // len(tasks)]}


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"task", "entry": {"question", "answer", "metadata"}}."""
    task, entry = row.get("task"), row.get("entry")
    if not isinstance(task, str) or not isinstance(entry, dict):
        return "task, entry: expected a name and an object"
    question, answer = entry.get("question"), entry.get("answer")
    if not isinstance(question, str) or not isinstance(answer, str):
        return "entry.question, entry.answer: expected two texts"
    is_maths = task in MATHS
    kept = {"question": question, "answer": answer, "metadata": entry.get("metadata")}
    return {
        "problem": question,
        "answer": answer,
        "domain": "math" if is_maths else "puzzle",
        "verifier": "math" if is_maths else "puzzle",
        "verify_info": {}
        if is_maths
        else {
            "task": "reasoning_gym",
            "dataset": task,
            "entry": json.loads(json.dumps(kept, default=str)),
        },
        "origin": ["reasoning-gym"],
        "meta": {"task": task},
    }
