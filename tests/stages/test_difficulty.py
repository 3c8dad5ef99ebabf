import polars as pl
import pytest

from pipeline.schema import GRADE
from pipeline.verdict import Outcome, apply
from stages.difficulty import Params, judge
from tests.rows import problems


def grades(**samples: list[bool | None]) -> pl.DataFrame:
    """Verdicts by row number: grades(a0=[True, False])."""
    rows = [
        {"id": f"test/{int(name[1:]):05d}", "sample": i, "model": "m", "correct": one}
        for name, verdicts in samples.items()
        for i, one in enumerate(verdicts)
    ]
    table = pl.DataFrame(rows, schema={name: GRADE[name] for name in rows[0]})
    absent = [pl.lit(None, GRADE[n]).alias(n) for n in GRADE if n not in table.columns]
    return table.with_columns(absent).select(GRADE.names())


def judged(rows: pl.DataFrame, verdicts: pl.DataFrame, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params), verdicts), rows)


def test_the_window_cuts_on_both_sides():
    verdicts = grades(a0=[True] * 4, a1=[False] * 4, a2=[True, False, False, False])
    outcome = judged(
        problems("a", "b", "c"), verdicts, min_pass_rate=0.1, max_pass_rate=0.9
    )

    assert outcome.dropped["reason"].to_list() == ["too_easy", "too_hard"]
    assert outcome.kept["pass_rate"].to_list() == [0.25]


def test_undecided_samples_count_neither_way():
    verdicts = grades(a0=[True, None, None, False], a1=[None, None])
    outcome = judged(problems("a", "b"), verdicts)

    assert outcome.kept["pass_rate"].to_list() == [0.5]
    assert outcome.kept["n_undecided"].to_list() == [2]
    assert outcome.dropped["reason"].to_list() == ["undecided"]


def test_the_interval_is_jeffreys():
    outcome = judged(problems("a"), grades(a0=[True, False, False, False]))

    # Beta(1.5, 3.5) has its 2.5% and 97.5% quantiles at 0.0277 and 0.7162.
    assert outcome.kept["rate_lo"].to_list() == pytest.approx([0.0277], abs=2e-3)
    assert outcome.kept["rate_hi"].to_list() == pytest.approx([0.7162], abs=2e-3)


def test_a_problem_never_sampled_says_so_or_stays():
    verdicts = grades(a0=[True])

    dropped = judged(problems("a", "b"), verdicts).dropped
    kept = judged(problems("a", "b"), verdicts, not_sampled="keep").kept
    assert dropped["reason"].to_list() == ["not_sampled"]
    assert kept["pass_rate"].to_list() == [1.0, None]


def test_recorded_rates_fill_what_was_not_sampled():
    meta = ['{"pass_at_n": 0.875}', '{"pass_at_n": 0.125}', "{}"]
    outcome = judged(
        problems("a", "b", "c", meta=meta),
        grades(a1=[True, True]),
        imported=[{"field": "pass_at_n", "samples": 8}],
        not_sampled="keep",
    )

    assert outcome.kept["pass_rate"].to_list() == [0.875, 1.0, None]
    assert outcome.kept["n_correct"].to_list() == [7, 2, 0]
    assert outcome.kept["rate_from"].to_list() == [
        "imported:pass_at_n", "sampled", None,
    ]  # fmt: skip


@pytest.mark.parametrize(("take", "rate"), [("mean", 0.5), ("first", 0.0), ("last", 1)])
def test_a_recorded_trajectory_gives_one_rate(take: str, rate: float):
    outcome = judged(
        problems("a", meta=['{"accuracies": [0.0, 0.5, 1.0]}']),
        grades(a9=[True]),
        imported=[{"field": "accuracies", "take": take}],
    )

    assert outcome.kept["pass_rate"].to_list() == [rate]
