r"""What holds for every gold answer of ten public sets, not for chosen ones."""

import random
import re
from itertools import chain, pairwise
from pathlib import Path

import pytest

from pipeline.verifiers.math import kind, unreadable, verify
from tests.conftest import DATA
from tests.support.golds import bare, read_golds
from tests.support.mutations import near_misses, respellings

pytestmark = pytest.mark.realdata
# In a list of equations `f(x) = 0f(x) = …`, which the source ran together, only
# math-verify reads anything;
# what stands in a function of a function is its dummy name.
# Not read, and so equal as text alone: a sign, digits left out, an inner product.
NOT_READ = (r"\div", "111...", r"T^*(x)")
TOLERATED = ("f(x) = 0f(x)", r"\psi(f(X))")


@pytest.fixture(scope="module")
def golds() -> dict[str, list[str]]:
    return {
        name: [bare(gold) for gold in texts if unreadable(gold, {}) is None]
        for name, texts in read_golds(DATA).items()
    }


def accepts(gold: str, answer: str) -> bool | None:
    return verify(gold, rf"So the answer is \boxed{{{answer}}}.", {}).correct


def test_nearly_every_gold_answer_can_be_read(data: Path):
    shares = {
        name: sum(unreadable(text, {}) is None for text in texts) / len(texts)
        for name, texts in read_golds(data).items()
    }

    assert {name: share for name, share in shares.items() if share < 0.99} == {}


def test_a_gold_answer_is_equal_to_itself(golds: dict[str, list[str]]):
    """Behind a thin space, so that it has to be read: as a text it is another."""
    every = set(chain(*golds.values()))
    refused = {gold for gold in every if accepts(gold, rf"\;{gold}") is not True}

    assert len(every) > 13_000
    assert {gold for gold in refused if not gold.startswith(NOT_READ)} == set()


def test_two_gold_answers_are_equal_both_ways(golds: dict[str, list[str]]):
    """Neighbours in the alphabet: what is nearly alike.

    An answer may leave out the base of the gold answer, and have more decimals than it;
    not the other way round.
    """
    every = set(chain(*golds.values()))
    ordered = sorted(g for g in every if not re.search(r"\d_\W*\d|\d\.\d", g))
    differ = [
        pair
        for pair in random.Random(0).sample(list(pairwise(ordered)), 3_000)
        if (accepts(*pair) is True) != (accepts(*reversed(pair)) is True)
    ]

    assert differ == []


def test_respelled_gold_answers_are_right(golds: dict[str, list[str]]):
    """LaTeX, Unicode and plain, of what the reader reads by itself."""
    every = sorted(gold for gold in set(chain(*golds.values())) if kind(gold, {}))
    chosen = random.Random(0).sample(every, 3_000)
    pairs = [(gold, *respelled) for gold in chosen for respelled in respellings(gold)]
    refused = [pair for pair in pairs if accepts(pair[0], pair[2]) is not True]

    assert len(pairs) > 9_000
    assert refused == []


def test_near_misses_are_wrong(golds: dict[str, list[str]]):
    rng = random.Random(0)
    chosen = sorted(set(chain(*golds.values())))
    rng.shuffle(chosen)
    misses = [
        (gold, *miss)
        for gold in chosen[:1_500]
        if not any(part in gold for part in TOLERATED)
        for miss in near_misses(gold, rng)
    ][:2_000]
    accepted = [miss for miss in misses if accepts(miss[0], miss[2])]

    assert len(misses) == 2_000
    assert len(accepted) <= 2, accepted
