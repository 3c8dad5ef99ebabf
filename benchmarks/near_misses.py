"""A search for wrong answers that are accepted: near misses, and near misses of those.

Every readable gold answer is mutated (`tests/support/mutations.py`). What came closest
is mutated again: what was accepted and what was left undecided. Such answers stand
where the reader knows least.
"""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import NamedTuple

from pipeline.verifiers.math import unreadable, verify
from tests.support.golds import bare as bare_gold
from tests.support.mutations import bare, near_misses

FRONTIER = 400
AGAIN = 3  # of so many answers, one is what came closest before
COMPLETION = r"So it is \boxed{ANSWER}."


class Miss(NamedTuple):
    """A near miss of a gold answer, how it was made, and what became of it."""

    gold: str
    text: str
    kind: str
    correct: bool | None
    why: str

    @property
    def is_close(self) -> bool:
        return self.correct is not False


def search(golds: Sequence[str], count: int, seed: int) -> Iterator[Miss]:
    """`count` near misses, the same for the same gold answers and seed."""
    rng = random.Random(seed)
    readable = [bare_gold(gold) for gold in golds if unreadable(gold, {}) is None]
    rng.shuffle(readable)
    closest: deque[tuple[str, str]] = deque(maxlen=FRONTIER)
    seen: set[tuple[str, str]] = set()
    for turn, fresh in enumerate(cycle(readable)):
        is_again = bool(closest) and turn % AGAIN == 0
        gold, text = closest.popleft() if is_again else (fresh, fresh)
        for kind, mutated in near_misses(text, rng):
            if bare(mutated) == bare(gold) or (gold, mutated) in seen:
                continue
            seen.add((gold, mutated))
            verdict = verify(gold, COMPLETION.replace("ANSWER", mutated), {})
            miss = Miss(gold, mutated, kind, verdict.correct, verdict.why or "")
            yield miss
            if miss.is_close:
                closest.append((gold, mutated))
            if len(seen) >= count:
                return
