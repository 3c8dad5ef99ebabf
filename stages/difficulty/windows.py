"""On which side of a window the counts of a problem are, and how surely."""

import polars as pl

from pipeline.pass_rates.window import Window


def sides(window: Window, right: pl.Expr, decided: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Whether counts are too hard and too easy; null where nothing is decided."""
    measured = right if window.sense == "success" else decided - right
    if window.unit == "rate":
        measured = measured / decided
    below, above = window.outside(measured)
    hard, easy = (below, above) if window.sense == "success" else (above, below)
    is_decided = decided > 0
    return pl.when(is_decided).then(hard), pl.when(is_decided).then(easy)


def add_posterior(rows: pl.DataFrame, window: Window) -> pl.DataFrame:
    """Add p_inside, the chance that the rate is in the window, under the pool's prior.

    It is null without decided samples, and where the window is of counts.
    """
    import numpy as np

    from pipeline.pass_rates.prior import fit_prior, posterior_inside

    right = rows["n_correct"].to_numpy().astype(int)
    wrong = (rows["n_samples"] - rows["n_undecided"]).to_numpy().astype(int) - right
    chance = np.full(rows.height, np.nan)
    known = right + wrong > 0
    if window.unit == "rate" and known.any():
        right, wrong = right[known], wrong[known]
        prior = fit_prior(right, wrong, window)
        chance[known] = posterior_inside(right, wrong, window, prior)
    return rows.with_columns(p_inside=pl.Series(chance).round(4).fill_nan(None))
