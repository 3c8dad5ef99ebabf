import pytest

from pipeline.verdict import Outcome, apply
from stages.dedup_ngram import Params, judge
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
