import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.pass_rates.window import Window
from pipeline.sampling import store
from stages.rollouts import Params
from stages.rollouts.rounds import Adaptive, sample_adaptively
from tests.support.rows import problems


class Recorded:
    """Samples of known pass rates: right ones box 42, and some say nothing at all."""

    def __init__(self, rates: list[float], undecided: bool = False) -> None:
        self.rates, self.rounds = rates, []
        self.reason = "prompt_too_long" if undecided else "stop"

    def __call__(self, wanted: pl.DataFrame) -> list[pl.DataFrame]:
        self.rounds.append(wanted)
        texts = []
        for key, problem, sample in wanted.select("key", "problem", "sample").rows():
            seed = int(key[:8], 16) + sample
            is_right = np.random.default_rng(seed).random() < self.rate(problem)
            texts.append(rf"\boxed{{{42 if is_right else sample + 100}}}")
        samples = wanted.select(
            "key",
            "sample",
            completion=pl.Series(texts),
            n_tokens=pl.lit(3, pl.Int32),
            finish_reason=pl.lit(self.reason),
            seed=pl.lit(0, pl.Int64),
        ).select(store.SAMPLE.names())
        half = samples.height // 2
        return [samples[:half], samples[half:]]

    def rate(self, problem: str) -> float:
        return self.rates[int(problem.split()[-1])]


def run(rates: list[float], sampler=None, **settings) -> tuple[np.ndarray, Recorded]:
    rows = problems(*[f"Problem {i}" for i in range(len(rates))])
    sampler = sampler or Recorded(rates)
    settings = Adaptive(**{"least_round": 1} | settings)
    drawn = sample_adaptively(rows, settings, WINDOW, sampler)
    assert drawn["key"].to_list() == rows["key"].to_list()
    return drawn["samples"].to_numpy(), sampler


WINDOW = Window(lo=0.1, hi=0.9)
RATES = [0.0] * 60 + [0.1] * 30 + [0.5] * 60 + [1.0] * 60


def test_the_budget_goes_to_problems_near_the_windows_ends():
    drawn, sampler = run(RATES, budget=8.0)

    assert drawn.mean() <= 8.0
    assert drawn.max() <= 64
    assert drawn[60:90].mean() > 2 * drawn[90:150].mean()
    samples = pl.concat(sampler.rounds)
    assert samples.n_unique(["key", "sample"]) == samples.height == drawn.sum()
    numbers = samples.group_by("key").agg(pl.max("sample") + 1 == pl.len())["sample"]
    assert numbers.all()


def test_the_same_samples_lead_to_the_same_rounds():
    first, first_run = run(RATES, budget=6.0)
    again, second_run = run(RATES, budget=6.0)

    assert first.tolist() == again.tolist()
    for drawn, drawn_again in zip(first_run.rounds, second_run.rounds, strict=True):
        assert drawn.equals(drawn_again)


def test_small_rounds_take_several_samples_at_once():
    _, single = run(RATES, budget=6.0)
    _, several = run(RATES, budget=6.0, least_round=200)

    assert len(several.rounds) <= 0.7 * len(single.rounds)
    drawn = [pl.concat(first_run.rounds).height for first_run in (single, several)]
    assert abs(drawn[0] - drawn[1]) <= 0.02 * drawn[0], "both spend the budget"


def test_problems_that_cannot_be_judged_are_given_up():
    drawn, _ = run(RATES, sampler=Recorded(RATES, undecided=True), budget=20.0)

    assert set(drawn) == {2}


def test_no_problems_are_fine():
    drawn = sample_adaptively(
        problems(), Adaptive(), WINDOW, lambda _: pytest.fail("asked")
    )

    assert drawn.height == 0


def test_recordings_cannot_be_sampled():
    replay = [{"path": "x.jsonl"}]
    with pytest.raises(ValidationError, match="cannot be sampled adaptively"):
        Params(engine="replay", replay=replay, adaptive={})


@pytest.mark.parametrize("window", [{}, {"lo": 1, "unit": "count"}])
def test_without_a_window_of_rates_there_is_nothing_to_decide(window):
    with pytest.raises(ValidationError, match="`pass_rate_window`"):
        Params(adaptive={}, pass_rate_window=window)


def test_without_a_budget_a_problem_stops_when_its_side_is_certain():
    rates = [0.0] * 100 + [0.5] * 100 + [1.0] * 100
    drawn, _ = run(rates, certainty=0.95, most=32)
    surer, _ = run(rates, certainty=0.999, most=32)

    assert drawn.max() <= 32
    assert drawn.mean() < surer.mean() < 32, "more certainty costs more"
    assert run(rates, certainty=0.999, most=32, budget=3.0)[0].mean() <= 3.0
