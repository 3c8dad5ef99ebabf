"""Word problems from templates of our own, with worked solutions.

Two problems of one template are siblings: the same words with other numbers.
`generate` draws template, names and numbers from the seed; problems are distinct.

A line of words.jsonl is a template: `text` over {name}, {other}, {thing} and numbers,
the `ranges` of these, and `steps` to the answer (`a * b`, then `c - t`), where t is the
total so far.
"""

import json
import random
from collections.abc import Iterator
from operator import add, mul, sub
from pathlib import Path
from typing import Any

NAMES = (
    "Ada", "Bo", "Cleo", "Dov", "Ema", "Finn", "Gus", "Hana", "Ivo", "Jun", "Kira",
    "Leo",
)  # fmt: skip
THINGS = ["pears", "marbles", "stamps", "pencils", "shells", "buttons", "ribbons"]
OPERATIONS = {"+": add, "-": sub, "*": mul}
LINES = Path(__file__).with_suffix(".jsonl").read_text("utf-8").splitlines()
TEMPLATES = [json.loads(line) for line in LINES]


def generate(
    count: int, seed: int, templates: list[int] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield `count` distinct problems, the `templates` (by number) in turn."""
    rng = random.Random(seed)
    seen: set[str] = set()
    chosen = templates or range(len(TEMPLATES))
    while len(seen) < count:
        row = draw(chosen[len(seen) % len(chosen)], rng)
        if row["text"] not in seen:
            seen.add(row["text"])
            yield row


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    if not isinstance(row.get("text"), str) or not isinstance(row.get("answer"), int):
        return "text, answer: expected a text and a whole number"
    solution = f"<think>{row['work']}</think>\\boxed{{{row['answer']}}}"
    return {
        "problem": row["text"],
        "answer": str(row["answer"]),
        "domain": "math",
        "verifier": "math",
        "solutions": [{"text": solution, "model": "words", "correct": True}],
        "meta": {"level": row["level"], "template": row["template"]},
    }


def draw(template: int, rng: random.Random) -> dict[str, Any]:
    """A problem of the template with that number."""
    chosen = TEMPLATES[template]
    numbers = {name: rng.randint(*span) for name, span in chosen["ranges"].items()}
    name, other = rng.sample(NAMES, 2)
    text = chosen["text"].format(
        name=name, other=other, thing=rng.choice(THINGS), **numbers
    )
    work, answer = _solve(chosen["steps"], numbers)
    return {
        "text": text,
        "work": work,
        "answer": answer,
        "level": chosen["level"],
        "template": template,
    }


def _solve(steps: list[str], numbers: dict[str, int]) -> tuple[str, int]:
    """The running total, as a worked solution writes it, and the last total."""
    work, total = "", 0
    for step in steps:
        left, sign, right = step.split()
        values = numbers | {"t": total}
        total = OPERATIONS[sign](values[left], values[right])
        if left != "t":
            work += f"; {values[left]}" if work else f"{values[left]}"
        work += f"{sign}{values[right]}={total}"
    return work, total
