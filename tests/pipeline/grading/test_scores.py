"""Numbers worked out by hand, and what must hold of an interval."""

from math import sqrt

import polars as pl
import pytest

from pipeline.grading import scores
from pipeline.grading.voting import cast_votes
from pipeline.pass_rates.interval import wilson

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
        "truncated_share": 0.0,
        "mean_tokens": 3.0,
        "mean_tokens_right": 3.0,
        "mean_tokens_wrong": 3.0,
        "pass@1": 0.4375,  # (2/4 + 1/4 + 4/4 + 0/4) / 4
        "pass@1_interval": summary["pass@1_interval"],
        "pass@2": 0.5833,  # (1 - 1/6) + (1 - 3/6) + 1 + 0, over 4
        "pass@4": 0.75,
        "avg@4": 0.4375,
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
    assert summary["avg@2"] == 0.1667, "one of six is right"


def test_the_interval_is_wilsons_at_the_effective_number_of_samples():
    table = scores.problems(samples(p="AAAA", q="aaaa", r="AAAA", s="aaaa"))

    # Rates 1 0 1 0: mean 1/2, variance 1/3, so that of the mean is 1/12, and
    # (1/2 · 1/2) / (1/12) = 3 independent samples are left of 16.
    z2 = scores.Z**2
    half = scores.Z / (1 + z2 / 3) * sqrt(0.25 / 3 + z2 / 36)
    assert scores.interval(table) == pytest.approx((0.5 - half, 0.5 + half))


def test_problems_that_do_not_differ_leave_all_their_samples_independent():
    table = scores.problems(samples(p="Aa", q="Aa", r="Aa"))

    assert scores.interval(table) == pytest.approx(wilson(0.5, 6))


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
        "higher": 2,
        "lower": 0,
        "pass@1": 0.375,
        "interval": [round(0.375 - scores.Z / 8, 4), round(0.375 + scores.Z / 8, 4)],
    }


def test_of_one_problem_or_of_equal_gains_there_is_no_interval():
    before = scores.problems(samples(p="Aaaa", q="Aaaa"))
    after = scores.problems(samples(p="AAaa", q="AAaa"))

    alike = scores.difference(after, before)
    assert (alike["pass@1"], alike["interval"]) == (0.25, None)
    single = scores.difference(after.head(1), before)
    assert (single["problems"], single["pass@1"], single["interval"]) == (1, 0.25, None)


def test_every_model_is_compared_with_those_before_it_and_by_benchmark():
    def graded(p: str, q: str, r: str) -> pl.DataFrame:
        benchmarks = {"p": "a", "q": "a", "r": "b"}
        table = samples(p=p, q=q, r=r)
        return table.with_columns(benchmark=pl.col("id").replace_strict(benchmarks))

    compared = scores.compare(
        {
            "base": graded("aaaa", "Aaaa", "AAAA"),
            "sft": graded("Aaaa", "AAAa", "AAAA"),
            "grpo": graded("AAaa", "AAAA", "aaaa"),
        }
    )

    pairs = compared["pairs"]
    assert {name: [*over] for name, over in pairs.items()} == {
        "sft": ["base"],
        "grpo": ["base", "sft"],
    }
    # grpo over sft: 1/4, 1/4 and -1, mean -1/6, deviation √(25/48) = 0.72169, over √3
    # is 0.41667.
    against = pairs["grpo"]["sft"]
    assert (against["higher"], against["lower"], against["pass@1"]) == (2, 1, -0.1667)
    low, high = -1 / 6 - scores.Z * 0.41667, -1 / 6 + scores.Z * 0.41667
    assert against["interval"] == pytest.approx([low, high], abs=1e-4)
    assert against["benchmarks"]["a"]["pass@1"] == 0.25
    assert against["benchmarks"]["b"]["pass@1"] == -1.0
    assert compared["gain"]["grpo"] == {"over": "base", **pairs["grpo"]["base"]}
    sft = compared["models"]["sft"]
    assert sft["benchmarks"]["a"]["pass@1"] == 0.5
    assert sft["pass@1"] == 0.6667  # (1/4 + 3/4 + 1) / 3
    assert sft["pass@1_mean_of_benchmarks"] == 0.75  # (1/2 + 1) / 2
    assert scores.points(compared["models"])[3] == {
        "model": "sft",
        "benchmark": "b",
        "pass@1": 1.0,
        "low": compared["models"]["sft"]["benchmarks"]["b"]["pass@1_interval"][0],
        "high": 1.0,
    }


def test_benchmarks_of_other_k_leave_only_what_they_have_in_common():
    table = samples(p="AAaa", q="Aa")

    summary = scores.summary(table)
    assert summary["pass@1"] == 0.5
    assert summary["pass@2"] == 0.9167  # p: 1 - C(2,2) / C(4,2) = 5/6, q: 1
    assert not {"pass@4", "avg@2", "maj@2", "avg@4", "maj@4"} & summary.keys()
    assert "pass@3" in scores.summary(samples(p="AAa", q="Aaa")), "k itself"


def test_lengths_of_right_and_wrong_samples_and_what_was_cut():
    table = samples(p="AAaa?").with_columns(
        n_tokens=pl.Series([10, 20, 60, 100, 7]),
        finish_reason=pl.Series(["stop", "stop", "stop", "length", "stop"]),
    )

    summary = scores.summary(table)
    assert summary["mean_tokens"] == 39.4  # (10 + 20 + 60 + 100 + 7) / 5
    assert (summary["mean_tokens_right"], summary["mean_tokens_wrong"]) == (15, 80)
    assert (summary["truncated"], summary["truncated_share"]) == (1, 0.2)
    none_right = scores.summary(samples(p="aa"))
    assert none_right["mean_tokens_right"] is None
