from itertools import combinations
from random import Random

import pytest

from pipeline.verdict import Outcome, apply
from stages.dedup_ngram import Params, _shingles, judge, similar
from tests.rows import problems

MARKET = (
    "Tom has {} apples and buys {} more apples at the old market in town. How many?"
)


def dedup(rows, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params)), rows)


def test_a_near_copy_leaves_and_its_similarity_is_kept():
    rows = problems(MARKET.format(3, 5), MARKET.format(3, 5) + " Tell us.")
    outcome = dedup(rows)

    # 17 tokens make 15 trigrams; two words more make 17: 15 / 17.
    assert outcome.dropped["reason"].to_list() == ["near_duplicate"]
    assert outcome.dropped["score"].to_list() == pytest.approx([15 / 17], abs=1e-4)


def test_a_problem_with_other_numbers_stays():
    rows = problems(MARKET.format(3, 5), MARKET.format(3, 6), answer=["8", "9"])
    outcome = dedup(rows, threshold=0.5)

    assert outcome.dropped.height == 0
    assert outcome.kept["family"].to_list() == ["test/00000"] * 2


def test_below_the_threshold_both_stay():
    rows = problems("One two three four five.", "One two three six seven.")

    assert dedup(rows).dropped.height == 0


@pytest.mark.parametrize("threshold", [0.7, 0.8])
def test_the_pairs_are_those_of_brute_force(threshold: float):
    random = Random(0)
    words = [f"w{i}" for i in range(30)]
    texts = []
    for _ in range(60):
        base = random.choices(words, k=40)
        for _ in range(4):
            edited = [
                random.choice(words) if random.random() < 0.02 else w for w in base
            ]
            texts.append(" ".join(edited))
    params = Params(threshold=threshold)
    sets = [_shingles(text, params) for text in texts]
    truth = {
        (i, j)
        for i, j in combinations(range(len(sets)), 2)
        if len(sets[i] & sets[j]) / len(sets[i] | sets[j]) >= threshold
    }

    found = {(i, j) for i, j, _ in similar(sets, params)}
    assert len(truth) > 50
    assert found <= truth, "every pair is verified"
    assert len(found) >= 0.97 * len(truth)
