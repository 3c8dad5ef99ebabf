"""Arithmetic chains, graded by length and operand size, with worked solutions.

A chain is solved from left to right and the worked solution keeps a running
total: each step is a small fact, which is what a small model can learn.
Expressions are parted by a hash into nine tenths for training and one tenth
held out, so that a held-out expression appears in no training row and in no
corpus, however small the space of its level is.
"""

import random
import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Literal

Part = Literal["train", "heldout"]

OPERATIONS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}  # level: operations on digits
LEVELS = (*OPERATIONS, 7, 8)  # 7: a product first; 8: operands of two digits
TRIES = 400  # in vain, before a level counts as exhausted


def generate(
    count: int, seed: int, levels: list[int] | None = None, part: Part = "train"
) -> Iterator[dict[str, Any]]:
    """Yield `count` distinct chains of `part`, the levels in turn.

    A level that runs out of expressions leaves its turns to the others.
    """
    rng = random.Random(seed)
    seen: set[str] = set()
    left = list(levels or LEVELS)
    while len(seen) < count and left:
        level = left[len(seen) % len(left)]
        chain = _unseen(level, rng, part, seen)
        if chain is None:
            left.remove(level)
            continue
        seen.add(chain)
        yield {"expression": chain, "level": level}


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    expression = row.get("expression")
    if not isinstance(expression, str) or not CHAIN.fullmatch(expression):
        return f"expression: expected a chain like 3+5-2, found {expression!r}"
    text = solution(expression)
    return {
        "problem": problem(expression),
        "answer": str(totals(expression)[-1]),
        "domain": "math",
        "verifier": "math",
        "solutions": [{"text": text, "model": "arithmetic", "correct": True}],
        "meta": {"level": row.get("level")},
    }


def problem(expression: str) -> str:
    """The text that asks for the value of `expression`."""
    return f"Compute {expression}."


def solution(expression: str) -> str:
    """The worked solution, which keeps a running total: 3+5=8-2=6."""
    return _written(expression, totals(expression))


def noisy_solution(expression: str, rng: random.Random) -> str:
    """A solution as found in the wild, which leaves reinforcement room to improve.

    60% careful, 18% guessed without work, 12% with a slip in one step that the
    rest follows, 10% without the box.
    """
    running = totals(expression)
    kind = rng.random()
    if kind < 0.60:
        return solution(expression)
    if kind < 0.78:
        guess = running[-1] + rng.choice([-2, -1, 0, 0, 1, 2])
        return f"<think></think>\\boxed{{{guess}}}"
    if kind < 0.90:
        at, slip = rng.randrange(len(running)), rng.choice([-2, -1, 1, 2])
        running = [t + slip if i >= at else t for i, t in enumerate(running)]
        return _written(expression, running)
    return _written(expression, running).replace("\\boxed{", "")[:-1]


CHAIN = re.compile(r"\d+(?:[-+*]\d+)+")


def totals(expression: str) -> list[int]:
    """The running total after each operation; a product may only come first."""
    first, *rest = re.findall(r"[-+*]?\d+", expression)
    running, total = [], int(first)
    for step in rest:
        number = int(step[1:])
        if step[0] == "*":
            total *= number
        else:
            total += number if step[0] == "+" else -number
        running.append(total)
    return running


def _written(expression: str, running: list[int]) -> str:
    first, *rest = re.findall(r"[-+*]?\d+", expression)
    steps = "".join(f"{s}={t}" for s, t in zip(rest, running, strict=True))
    return f"<think>{first}{steps}</think>\\boxed{{{running[-1]}}}"


def _unseen(level: int, rng: random.Random, part: Part, seen: set[str]) -> str | None:
    for _ in range(TRIES):
        chain = draw(level, rng)
        if part_of(chain) == part and chain not in seen:
            return chain
    return None


def draw(level: int, rng: random.Random) -> str:
    """A random chain of `level`, of either part."""
    if level == 8:
        digits, operations = (10, 99), rng.randint(1, 2)
    else:
        digits, operations = (1, 9), OPERATIONS.get(level, rng.randint(1, 2))
    chain = str(rng.randint(*digits))
    if level == 7:
        chain += f"*{rng.randint(*digits)}"
    for _ in range(operations):
        chain += rng.choice("+-") + str(rng.randint(*digits))
    return chain


def part_of(expression: str) -> Part:
    """One expression in ten is held out, by a hash of its text."""
    digest = blake2b(expression.encode(), digest_size=4).digest()
    return "heldout" if int.from_bytes(digest, "big") % 10 == 0 else "train"
