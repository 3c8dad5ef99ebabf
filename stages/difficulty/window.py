"""Windows of pass rates: what is inside stays.

A window looks at the rate, or at the count of right samples (`unit: count`), of one
or several models; `sense: failure` turns it over, for recipes that state how often a
problem is failed. Its ends are inside unless they are open.
"""

from typing import Literal, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from pipeline.pass_rates import prior as pool
from pipeline.settings import Settings


class Window(Settings):
    """From `lo` to `hi` of what `models` together reach, all models where empty."""

    lo: float = Field(default=0.0, ge=0)
    hi: float = Field(default=float("inf"), ge=0)
    lo_open: bool = False
    hi_open: bool = False
    unit: Literal["rate", "count"] = "rate"
    sense: Literal["success", "failure"] = "success"
    models: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.hi < self.lo:
            raise ValueError(f"`hi` {self.hi:g} is below `lo` {self.lo:g}")
        if self.unit == "rate" and self.lo > 1:
            raise ValueError(f"`lo` {self.lo:g} is no rate; for counts, unit: count")
        return self

    def sides(self, right: pl.Expr, decided: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
        """Whether counts are too hard and too easy; null where nothing is decided."""
        measured = right if self.sense == "success" else decided - right
        if self.unit == "rate":
            measured = measured / decided
        below = measured <= self.lo if self.lo_open else measured < self.lo
        above = measured >= self.hi if self.hi_open else measured > self.hi
        known = decided > 0
        hard, easy = (below, above) if self.sense == "success" else (above, below)
        return pl.when(known).then(hard), pl.when(known).then(easy)

    @property
    def of_rates(self) -> pool.Window:
        """The window of success rates that this is, where its unit is the rate."""
        low, high = self.lo, min(self.hi, 1.0)
        if self.sense == "success":
            return pool.Window(low, high, self.lo_open, self.hi_open)
        return pool.Window(1 - high, 1 - low, self.hi_open, self.lo_open)

    def posterior(self, right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
        """The chance that each problem's rate is inside, under the pool's own prior."""
        known = right + wrong > 0
        if not known.any():
            return np.full(len(right), np.nan)
        prior = pool.fitted(right[known], wrong[known], self.of_rates)
        chance = pool.inside(right, wrong, self.of_rates, prior)
        return np.where(known, chance, np.nan)


def of_models(models: tuple[str, ...]) -> tuple[pl.Expr, pl.Expr]:
    """Right and decided samples of `models` together, from `rates`."""
    field = pl.element().struct.field
    chosen = pl.col("rates")
    if models:
        chosen = chosen.list.filter(field("model").is_in(list(models)))
    right = chosen.list.eval(field("n_correct")).list.sum()
    decided = chosen.list.eval(field("n_samples") - field("n_undecided")).list.sum()
    return right.cast(pl.Float64), decided.cast(pl.Float64)
