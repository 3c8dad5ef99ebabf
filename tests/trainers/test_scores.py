"""Numbers worked out by hand, and what must hold of an interval."""

from math import sqrt

import polars as pl
import pytest

from pipeline.grading.voting import cast_votes
from trainers import scores

TYPES = {"extracted": pl.String, "correct": pl.Boolean}


def samples(**answers: str) -> pl.DataFrame:
    """A problem a word: a letter a sample, upper case is right and ? undecided."""
    rows = [
        {
            "id": name,
            "verifier": "exact",
            "sample": number,
            "correct": None if letter == "?" else letter.isupper(),
            "extracted": None if letter == "?" else letter.lower(),
            "finish_reason": "stop",
            "n_tokens": 3,
        }
        for name, letters in answers.items()
        for number, letter in enumerate(letters)
    ]
    return cast_votes(pl.DataFrame(rows, schema_overrides=TYPES))


def test_a_summary_worked_out_by_hand():
    summary = scores.summary(samples(p="AAbc", q="Abbb", r="AAAA", s="abcd"))

    assert summary == {
        "problems": 4,
        "samples": 16,
        "undecided": 0,
        "truncated": 0,
        "mean_tokens": 3.0,
        "pass@1": 0.4375,  # (2/4 + 1/4 + 4/4 + 0/4) / 4
        "pass@1_interval": summary["pass@1_interval"],
        "pass@2": 0.5833,  # (1 - 1/6) + (1 - 3/6) + 1 + 0, over 4
        "pass@4": 0.75,
        "maj@4": 0.5,  # p: A wins, q: b wins, r: A, s: four wrong answers
    }


def test_of_equally_frequent_answers_the_share_that_is_right_counts():
    assert scores.summary(samples(p="AAbb"))["maj@4"] == 0.5


def test_the_majority_is_one_of_answers_and_not_of_having_none():
    table = samples(p="Abbb").with_columns(
        extracted=pl.when(pl.col("extracted") != "b").then("extracted")
    )
    table = cast_votes(table)

    assert scores.summary(table)["maj@4"] == 1.0


def test_undecided_samples_count_neither_way_and_are_told():
    summary = scores.summary(samples(p="A?", q="a?", r="??"))

    assert summary["undecided"] == 4
    assert (summary["problems"], summary["pass@1"]) == (2, 0.5)
    assert summary["pass@2"] is None, "no problem has two decided samples"


def test_the_interval_is_wilsons_at_the_effective_number_of_samples():
    table = scores.problems(samples(p="AAAA", q="aaaa", r="AAAA", s="aaaa"))

    # Rates 1 0 1 0: mean 1/2, variance 1/3, so that of the mean is 1/12, and
    # (1/2 · 1/2) / (1/12) = 3 independent samples are left of 16.
    z2 = scores.Z**2
    half = scores.Z / (1 + z2 / 3) * sqrt(0.25 / 3 + z2 / 36)
    assert scores.interval(table) == pytest.approx((0.5 - half, 0.5 + half))


def test_problems_that_do_not_differ_leave_all_their_samples_independent():
    table = scores.problems(samples(p="Aa", q="Aa", r="Aa"))

    assert scores.interval(table) == pytest.approx(scores.wilson(0.5, 6))


@pytest.mark.parametrize(("letters", "ends"), [("AAAA", 1.0), ("aaaa", 0.0)])
def test_an_interval_of_extremes_is_no_point(letters: str, ends: float):
    low, high = scores.interval(scores.problems(samples(p=letters, q=letters)))

    assert high - low > 0.5
    assert ends in (pytest.approx(low), pytest.approx(high))


def test_nothing_decided_could_be_anything():
    summary = scores.summary(samples(p="??"))

    assert (summary["pass@1"], summary["pass@1_interval"]) == (None, [0.0, 1.0])


def test_models_are_compared_problem_by_problem():
    before = scores.problems(samples(p="AAaa", q="Aaaa", r="??"))
    after = scores.problems(samples(p="AAAa", q="AAAa", r="AAAA"))

    # Gains 1/4 and 1/2; r was never decided before. Mean 3/8, deviation
    # √(2 · (1/8)²) = 0.17678, over √2 = 1/8.
    assert scores.difference(after, before) == {
        "problems": 2,
        "pass@1": 0.375,
        "interval": [round(0.375 - scores.Z / 8, 4), round(0.375 + scores.Z / 8, 4)],
    }
