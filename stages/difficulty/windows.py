"""On which side of a window the counts of a problem are."""

import numpy as np
import polars as pl

from pipeline.pass_rates.prior import fit_prior, posterior_inside
from pipeline.pass_rates.window import Window


def sides(window: Window, right: pl.Expr, decided: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Whether counts are too hard and too easy; null where nothing is decided."""
    measured = right if window.sense == "success" else decided - right
    if window.unit == "rate":
        measured = measured / decided
    below = measured <= window.lo if window.lo_open else measured < window.lo
    hi = window.highest
    above = measured >= hi if window.hi_open else measured > hi
    hard, easy = (below, above) if window.sense == "success" else (above, below)
    is_decided = decided > 0
    return pl.when(is_decided).then(hard), pl.when(is_decided).then(easy)


def posterior(window: Window, right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The chance (n,) that each rate is inside, under the pool's own prior.

    `right` and `wrong` are counts (n,); where both are 0 the chance is nan.
    """
    is_decided = right + wrong > 0
    if not is_decided.any():
        return np.full(len(right), np.nan)
    prior = fit_prior(right[is_decided], wrong[is_decided], window)
    inside = posterior_inside(right, wrong, window, prior)
    return np.where(is_decided, inside, np.nan)


def counts_of(models: tuple[str, ...]) -> tuple[pl.Expr, pl.Expr]:
    """Right and decided samples of `models` together (all if empty), from `rates`."""
    field = pl.element().struct.field
    chosen = pl.col("rates")
    if models:
        chosen = chosen.list.filter(field("model").is_in(list(models)))
    right = chosen.list.eval(field("n_correct")).list.sum()
    decided = chosen.list.eval(field("n_samples") - field("n_undecided")).list.sum()
    return right.cast(pl.Float64), decided.cast(pl.Float64)
