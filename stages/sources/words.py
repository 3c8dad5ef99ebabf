"""Word problems from templates of our own, with worked solutions.

Two problems of one template are siblings: the same words with other numbers.
`generate` draws template, names and numbers from the seed; problems are distinct.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NAMES = [
    "Ada",
    "Bo",
    "Cleo",
    "Dov",
    "Ema",
    "Finn",
    "Gus",
    "Hana",
    "Ivo",
    "Jun",
    "Kira",
    "Leo",
]
THINGS = ["pears", "marbles", "stamps", "pencils", "shells", "buttons", "ribbons"]


@dataclass(frozen=True)
class Template:
    """`text` over {name}, {other}, {thing} and numbers; `steps` give the answer."""

    text: str
    steps: tuple[str, ...]
    ranges: dict[str, tuple[int, int]]
    level: int


TEMPLATES = [
    Template(
        "On Monday {name} had {a} {thing} in a wooden box. On Tuesday {name} found {b} "
        "more {thing} under the stairs and put them all into the same box. How many "
        "{thing} are in the box now?",
        ("a+b",),
        {"a": (3, 60), "b": (2, 40)},
        1,
    ),
    Template(
        "{name} baked {a} {thing} for the school fair, and {b} of them were sold "
        "before "
        "noon. In the afternoon {other} brought another {c} {thing} to the table. How "
        "many {thing} were on the table then?",
        ("a-b", "+c"),
        {"a": (30, 80), "b": (5, 29), "c": (2, 30)},
        2,
    ),
    Template(
        "A shop keeps its {thing} on {a} shelves, and there are {b} {thing} on every "
        "shelf. After a busy morning {c} of the {thing} have been sold to customers. "
        "How many {thing} does the shop still have?",
        ("a*b", "-c"),
        {"a": (3, 9), "b": (6, 15), "c": (2, 17)},
        3,
    ),
    Template(
        "{name} and {other} collect {thing} together during the summer. {name} finds "
        "{a} "
        "of them, while {other} finds {b} times as many as {name} does. How many "
        "{thing} do the two friends have together at the end?",
        ("a*b", "+a"),
        {"a": (3, 20), "b": (2, 6)},
        3,
    ),
    Template(
        "A train leaves the station with {a} passengers on board. At the first stop "
        "{b} "
        "people get off and {c} get on, and at the second stop {d} more get on while "
        "nobody leaves. How many passengers are on the train after the second stop?",
        ("a-b", "+c", "+d"),
        {"a": (60, 120), "b": (5, 50), "c": (3, 30), "d": (2, 25)},
        4,
    ),
    Template(
        "In her garden {name} plants {a} rows of tulips with {b} bulbs in each row. A "
        "storm ruins {c} of the bulbs, and after the storm {other} gives her {d} new "
        "ones. How many bulbs does {name} have in the end?",
        ("a*b", "-c", "+d"),
        {"a": (3, 9), "b": (5, 12), "c": (2, 14), "d": (2, 20)},
        4,
    ),
    Template(
        "A bus ticket costs {a} coins for a grown-up and {b} coins for a child. {name} "
        "travels with {c} children and pays for everybody, using a purse that holds "
        "exactly enough. How many coins were in the purse?",
        ("b*c", "+a"),
        {"a": (5, 19), "b": (2, 9), "c": (2, 8)},
        3,
    ),
    Template(
        "{name} reads {a} pages of a long novel on each of {b} evenings. The novel has "
        "{c} pages altogether, and {other} wants to borrow it afterwards. How many "
        "pages does {name} still have to read before handing it over?",
        ("a*b", "c-"),
        {"a": (8, 25), "b": (3, 8), "c": (210, 400)},
        3,
    ),
    Template(
        "A farmer fills {a} baskets with {b} {thing} each, and {c} {thing} are left "
        "over "
        "on the kitchen floor. How many {thing} did the farmer have to begin with?",
        ("a*b", "+c"),
        {"a": (3, 12), "b": (5, 16), "c": (1, 9)},
        3,
    ),
    Template(
        "There were {a} lamps burning in the old theatre when the evening began. "
        "During "
        "the first act {b} lamps went out, and during the second act another {c} went "
        "out. How many lamps were still burning when the curtain fell?",
        ("a-b", "-c"),
        {"a": (50, 99), "b": (5, 24), "c": (4, 24)},
        2,
    ),
]


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
