"""Sample in rounds: more of the problems whose next sample may change the decision.

After a first few samples of every problem, the pass rates of the pool are fitted,
and each round goes to the problems where `pipeline/pass_rates/stopping.py` finds a
sample worth its cost, until the budget is spent or nothing is worth more. All samples
of a round are drawn together. Which problems go on rests on stored samples, kept
verdicts and the problems' keys, so a run that was killed takes up where it was.
"""

import sys
from collections.abc import Callable, Iterable

import numpy as np
import polars as pl

from pipeline.grading.workers import Grader, grader
from pipeline.pass_rates.prior import fit_prior, posterior_inside
from pipeline.pass_rates.stopping import StoppingGrid, plan_round
from pipeline.pass_rates.window import Window
from stages.rollouts.verdicts import judge_samples
from stages.rollouts.ways import Adaptive

Array = np.ndarray


def sample_adaptively(
    problems: pl.DataFrame,
    settings: Adaptive,
    window: Window,
    draw: Callable[[pl.DataFrame], Iterable[pl.DataFrame]],
    *,
    timeout_s: float = 20.0,
) -> pl.DataFrame:
    """(key, samples): how many samples of each problem were drawn.

    `problems` have distinct keys; `draw` takes a table with (key, problem, sample), and
    gives those samples as `store.SAMPLE`, part by part. `timeout_s` bounds one verdict.
    """
    drawn = np.zeros(problems.height, np.int64)
    right, wrong = np.zeros_like(drawn), np.zeros_like(drawn)
    luck = np.array([int(key[:12], 16) / 16**12 for key in problems["key"]])
    number, more = 1, np.full(problems.height, min(settings.first, settings.most))
    with grader(timeout_s) as grade:
        while more.any():
            wanted = _number_samples(problems, drawn, more)
            for samples in draw(wanted):
                gained = _count_verdicts(problems, samples, grade)
                right, wrong = right + gained[0], wrong + gained[1]
            drawn = drawn + more
            print(
                f"rollouts: round {number}, {int((more > 0).sum()):,} of "
                f"{len(drawn):,} problems, {int(more.sum()):,} samples; "
                f"{drawn.mean():.1f} samples a problem",
                file=sys.stderr,
            )
            number += 1
            more = _choose_next(right, wrong, drawn, luck, settings, window)
    return problems.select("key", samples=pl.Series(drawn, dtype=pl.Int32))


def _choose_next(
    right: Array,
    wrong: Array,
    drawn: Array,
    luck: Array,
    settings: Adaptive,
    window: Window,
) -> Array:
    """How many samples of each problem the next round draws.

    Samples that could not be judged are spent and say nothing; a problem of which
    that is more than half is given up.
    """
    left = settings.mean * len(drawn) - float(drawn.sum())
    open_ = (drawn < settings.most) & (2 * (right + wrong) >= drawn)
    if left < 1 or not open_.any():
        return np.zeros_like(drawn)
    prior = fit_prior(right, wrong, window)
    if settings.certainty is not None:
        inside = posterior_inside(right, wrong, window, prior)
        open_ &= np.maximum(inside, 1 - inside) < settings.certainty
    if settings.certainty is None or settings.budget is not None:
        grid = StoppingGrid(window, prior, settings.most)
        more = plan_round(grid, right, wrong, left, luck, settings.least_round)
    else:
        each = max(1, settings.least_round // max(int(open_.sum()), 1))
        more = np.full_like(drawn, each)
    return np.where(open_, np.minimum(more, settings.most - drawn), 0)


def _number_samples(problems: pl.DataFrame, drawn: Array, more: Array) -> pl.DataFrame:
    """(key, problem, sample) of the samples that come next."""
    numbers = pl.int_ranges(pl.Series(drawn), pl.Series(drawn + more), dtype=pl.Int32)
    numbered = problems.select("key", "problem", sample=numbers)
    return numbered.explode("sample").drop_nulls("sample")


def _count_verdicts(
    problems: pl.DataFrame, samples: pl.DataFrame, grade: Grader
) -> tuple[Array, Array]:
    """Right and wrong ones of the samples, for each of the problems."""
    judged = judge_samples(problems, samples, grade)
    counts = judged.group_by("key").agg(
        right=pl.col("correct").sum(), wrong=(~pl.col("correct")).sum()
    )
    counts = problems.select("key").join(
        counts, on="key", how="left", maintain_order="left"
    )
    right, wrong = counts.select(pl.col("right", "wrong").fill_null(0))
    return right.to_numpy().astype(np.int64), wrong.to_numpy().astype(np.int64)
