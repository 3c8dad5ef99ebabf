"""Word problems from templates of our own, with worked solutions.

Two problems of one template are siblings: the same words with other numbers.
`generate` draws template, names and numbers from the seed; problems are distinct.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

NAMES = (
    "Ada", "Bo", "Cleo", "Dov", "Ema", "Finn", "Gus", "Hana", "Ivo", "Jun", "Kira",
    "Leo",
)  # fmt: skip
THINGS = ["pears", "marbles", "stamps", "pencils", "shells", "buttons", "ribbons"]


@dataclass(frozen=True)
class Template:
    """`text` over {name}, {other}, {thing} and numbers; `steps` give the answer."""

    text: str
    steps: tuple[str, ...]
    ranges: dict[str, tuple[int, int]]
    level: int


@cache
def read_templates() -> list[Template]:
    """The templates, a line of words.jsonl each."""
    lines = Path(__file__).with_suffix(".jsonl").read_text().splitlines()
    return [Template(**json.loads(line)) for line in lines]


def generate(
    count: int, seed: int, templates: list[int] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield `count` distinct problems, the `templates` (by number) in turn."""
    rng = random.Random(seed)
    seen: set[str] = set()
    chosen = templates or range(len(read_templates()))
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
    chosen = read_templates()[template]
    numbers = {name: rng.randint(*span) for name, span in chosen.ranges.items()}
    name, other = rng.sample(NAMES, 2)
    text = chosen.text.format(
        name=name, other=other, thing=rng.choice(THINGS), **numbers
    )
    work, answer = _solved(chosen.steps, numbers)
    return {
        "text": text,
        "work": work,
        "answer": answer,
        "level": chosen.level,
        "template": template,
    }


def _solved(steps: tuple[str, ...], numbers: dict[str, int]) -> tuple[str, int]:
    """The running total of `a*b`, `+c`, and `c-` (the total taken from c)."""
    first = steps[0]
    left, sign, right = numbers[first[0]], first[1], numbers[first[2]]
    total = {"+": left + right, "-": left - right, "*": left * right}[sign]
    work = f"{left}{sign}{right}={total}"
    for step in steps[1:]:
        if step.endswith("-"):
            number = numbers[step[0]]
            work, total = f"{work}; {number}-{total}={number - total}", number - total
        else:
            number = numbers[step[1]]
            after = total + number if step[0] == "+" else total - number
            work, total = f"{work}{step[0]}{number}={after}", after
    return work, total
