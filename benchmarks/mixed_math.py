r"""Answers of hard benchmarks, right and nearly right, as completions: nothing drawn.

The gold answers are those of MATH500, Minerva, OlympiadBench, AMC and AIME. Right ones
are respelled, wrong ones are near misses (`tests/support/mutations.py`), and both stand
in prose as models write it: in a box, behind a phrase, behind a thought.
"""

import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from pipeline.verifiers.math import unreadable
from tests.support.golds import bare, read_golds
from tests.support.mutations import near_misses, respellings

SETS = "math500", "minerva", "olympiadbench", "amc23", "aime24"
COMPLETIONS = (
    "We simplify both sides of $x + y = 7$.\n\nThus \\boxed{ANSWER}.",
    "<think>\nPerhaps 12? No, $n = 3$.\n</think>\nSo it is $$\\boxed{ANSWER}$$",
    "Step 1: let $k = 2$.\nStep 2: count.\n\n**Final answer:** $\\boxed{ANSWER}$",
    "By symmetry there are $4$ cases. The answer is $ANSWER$.",
)


class Mixed(NamedTuple):
    """A gold answer, a completion, how it was made, and whether it is right."""

    gold: str
    completion: str
    kind: str
    is_right: bool


def read_mixed(data: Path, count: int) -> list[Mixed]:
    """At most `count` completions, half of them right, the same for the same data."""
    golds = [text for texts in read_golds(data, *SETS).values() for text in texts]
    readable = [bare(gold) for gold in golds if unreadable(gold, {}) is None]
    right = list(_wrap(readable, is_right=True))
    wrong = list(_wrap(readable, is_right=False))
    rng = random.Random(0)
    half = min(count // 2, len(right), len(wrong))
    mixed = [*rng.sample(right, half), *rng.sample(wrong, half)]
    rng.shuffle(mixed)
    return mixed


def _wrap(golds: list[str], *, is_right: bool) -> Iterator[Mixed]:
    rng = random.Random(1)
    for gold, completion in zip(golds, cycle(COMPLETIONS), strict=False):
        texts = respellings(gold) if is_right else near_misses(gold, rng)
        for kind, text in texts:
            inner = text.strip().strip("$") if "$ANSWER$" in completion else text
            filled = completion.replace("ANSWER", inner)
            yield Mixed(gold, filled, kind, is_right)
