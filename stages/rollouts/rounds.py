"""Sample in rounds: more of the problems whose next sample may change the decision.

After a first few samples of every problem, the pass rates of the pool are fitted,
and each round goes to the problems where `pipeline/pass_rates/stopping.py` finds a
sample worth its cost, until the budget is spent or nothing is worth more. All samples
of a round are drawn together. Which problems go on rests on stored samples, kept
verdicts and the problems' keys, so a run that was killed takes up where it was.
"""

import sys
from collections.abc import Callable

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.grading.workers import Answer, Grader, grader
from pipeline.pass_rates.prior import Window, fitted, inside
from pipeline.pass_rates.stopping import Lattice, planned
from pipeline.settings import Settings

BUDGET = 10.0  # where neither a budget nor a certainty is given
Sampler = Callable[[pl.DataFrame], pl.DataFrame]


class Adaptive(Settings):
    """The window that is to be decided, and how many samples that may cost.

    `budget` is the mean number of samples a problem; none gets more than `most`. With
    `certainty` a problem stops once its posterior puts it on one side with that
    confidence, and there is no budget unless one is given.
    A round smaller than `least_round` takes several samples of each problem at once,
    so that the engine is kept busy.
    """

    lo: float = Field(default=0.1, ge=0, le=1)
    hi: float = Field(default=0.9, ge=0, le=1)
    lo_open: bool = False
    hi_open: bool = False
    first: int = Field(default=2, ge=1)
    most: int = Field(default=64, ge=1)
    budget: float | None = Field(default=None, ge=1)
    certainty: float | None = Field(default=None, gt=0.5, lt=1)
    least_round: int = Field(default=256, ge=1)
    timeout_s: float = Field(default=20.0, gt=0)

    @property
    def mean(self) -> float:
        """Samples a problem that may be spent on average."""
        if self.budget is None:
            return BUDGET if self.certainty is None else self.most
        return self.budget

    @property
    def window(self) -> Window:
        return Window(self.lo, self.hi, self.lo_open, self.hi_open)


def spent(asked: pl.DataFrame, settings: Adaptive, sample: Sampler) -> pl.DataFrame:
    """(key, samples): how many samples of each problem were drawn.

    `asked` are problems of distinct keys; `sample` takes (key, problem, sample), and
    gives those samples as `store.SAMPLE`.
    """
    drawn = np.zeros(asked.height, np.int64)
    right, wrong = np.zeros_like(drawn), np.zeros_like(drawn)
    luck = np.array([int(key[:12], 16) / 16**12 for key in asked["key"]])
    number, more = 1, np.full(asked.height, min(settings.first, settings.most))
    with grader(settings.timeout_s) as grade:
        while more.any():
            wanted = _wanted(asked, drawn, more)
            good, bad = _counted(asked, wanted, sample(wanted), grade)
            drawn, right, wrong = drawn + more, right + good, wrong + bad
            _tell(number, more, drawn)
            number, more = number + 1, _next(right, wrong, drawn, luck, settings)
    return asked.select("key", samples=pl.Series(drawn, dtype=pl.Int32))


def _next(
    right: np.ndarray,
    wrong: np.ndarray,
    drawn: np.ndarray,
    luck: np.ndarray,
    settings: Adaptive,
) -> np.ndarray:
    """How many samples of each problem the next round draws.

    Samples that could not be judged are spent and say nothing; a problem of which
    that is more than half is given up.
    """
    left = settings.mean * len(drawn) - float(drawn.sum())
    open_ = (drawn < settings.most) & (2 * (right + wrong) >= drawn)
    if left < 1 or not open_.any():
        return np.zeros_like(drawn)
    prior = fitted(right, wrong, settings.window)
    if settings.certainty is not None:
        chance = inside(right, wrong, settings.window, prior)
        open_ &= np.maximum(chance, 1 - chance) < settings.certainty
    if settings.certainty is None or settings.budget is not None:
        lattice = Lattice(settings.window, prior, settings.most)
        more = planned(lattice, right, wrong, left, luck, settings.least_round)
    else:
        each = max(1, settings.least_round // max(int(open_.sum()), 1))
        more = np.full_like(drawn, each)
    return np.where(open_, np.minimum(more, settings.most - drawn), 0)


def _wanted(asked: pl.DataFrame, drawn: np.ndarray, more: np.ndarray) -> pl.DataFrame:
    """(row, key, problem, sample) of the samples that come next."""
    rows = np.repeat(np.arange(len(more)), more)
    before = np.repeat(np.cumsum(more) - more, more)
    numbers = drawn[rows] + np.arange(len(rows)) - before
    some = asked.select("key", "problem")[rows]
    return some.with_columns(
        row=pl.Series(rows, dtype=pl.UInt32),
        sample=pl.Series(numbers, dtype=pl.Int32),
    )


def _counted(
    asked: pl.DataFrame, wanted: pl.DataFrame, drawn: pl.DataFrame, grade: Grader
) -> tuple[np.ndarray, np.ndarray]:
    """Right and wrong ones of the wanted samples, for each problem."""
    there = wanted.join(drawn, on=["key", "sample"], how="inner", maintain_order="left")
    there = there.filter(pl.col("finish_reason") != "prompt_too_long")
    known = asked.select("key", "verifier", "answer", "verify_info", "domain")
    cases = there.join(known, on="key", how="inner", maintain_order="left")
    verdicts = grade([Answer(*case) for case in cases.select(Answer._fields).rows()])
    row = cases["row"].to_numpy()
    correct = np.array([verdict.correct is True for verdict in verdicts], bool)
    false = np.array([verdict.correct is False for verdict in verdicts], bool)
    size = asked.height
    return (
        np.bincount(row[correct], minlength=size),
        np.bincount(row[false], minlength=size),
    )


def _tell(number: int, more: np.ndarray, drawn: np.ndarray) -> None:
    print(
        f"rollouts: round {number}, {int((more > 0).sum()):,} of {len(drawn):,} "
        f"problems, {int(more.sum()):,} samples; {drawn.mean():.1f} samples a problem",
        file=sys.stderr,
    )
