"""How many problems the samples put on the wrong side, and a fixed number would.

A problem is misplaced when it is decided to be inside the window and its true rate is
outside, or the other way about. All shares are expected ones, under the prior that is
fitted to the pool (`pipeline/pass_rates/prior.py`).
"""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.pass_rates import prior as pool

if TYPE_CHECKING:
    from stages.difficulty import Params

MOST = 256  # samples a problem that fixed numbers are followed to
FIXED_K = pl.Schema({"how": pl.String, "samples": pl.Float64, "misplaced": pl.Float64})


def fixed_k(rows: pl.DataFrame, params: "Params") -> pl.DataFrame:
    """FIXED_K: the share that is misplaced by how many samples a problem.

    `how` is `rate` and, where that decides, `posterior` for the same number of samples
    for each problem, and `run` for the samples that there are. Nothing is told where
    no rate decides.
    """
    decided = pl.col("n_samples") - pl.col("n_undecided")
    known = rows.filter(decided > 0)
    window = params.window.of_rates
    if params.unit == "count" or known.is_empty() or window.holds(pool.GRID).all():
        return FIXED_K.to_frame()
    right = known["n_correct"].to_numpy().astype(int)
    wrong = known.select(decided).to_series().to_numpy().astype(int) - right
    prior = pool.fitted(right, wrong, window)
    chance = pool.inside(right, wrong, window, prior)
    curves = {"rate": pool.misplaced(prior, window, MOST)}
    inside = window.holds(right / (right + wrong))
    if params.decide == "posterior":
        curves["posterior"] = pool.misplaced(prior, window, MOST, params.certainty)
        inside = 1 - chance < params.certainty
    told = [
        (how, float(number), float(share))
        for how, curve in curves.items()
        for number, share in enumerate(curve.round(5), start=1)
    ]
    drawn = float(known["n_samples"].to_numpy().mean())
    told.append(("run", drawn, float(np.where(inside, 1 - chance, chance).mean())))
    return pl.DataFrame(told, schema=FIXED_K, orient="row")
