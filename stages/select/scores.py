"""How good a trace is, as a number: an expression, or measures that are weighed.

LIMO weighs its length and how often it verifies, doubts and concludes, each as its
distance from the mean of the pool in standard deviations.
"""

from typing import Any

import polars as pl

from pipeline.sql import measure

# SQL; or SQL expressions, each with its weight.
Score = str | dict[str, float]
SETTING, NAME = "select.score", "trace_score"


def score_traces(traces: pl.DataFrame, seen: pl.LazyFrame, score: Score) -> pl.Series:
    """`trace_score` (float64) of each trace: the higher the better.

    `seen` is what expressions see of them. Weighed measures are z-scored over the
    traces that may be learnt from; one that is unknown counts as the mean, and so does
    one that is the same for all.
    """
    if isinstance(score, str):
        (value,) = measure(seen, [score], setting=SETTING)
        return value.alias(NAME)
    import numpy as np

    usable = traces["reason"].is_null().to_numpy()
    total = np.zeros(traces.height)
    values = measure(seen, list(score), setting=SETTING)
    for value, weight in zip(values, score.values(), strict=True):
        total += weight * _standardise(value, usable)
    return pl.Series(NAME, total, pl.Float64)


def _standardise(value: pl.Series, usable: Any) -> Any:
    import numpy as np

    values = value.to_numpy()
    pool = values[usable & ~np.isnan(values)]
    if not len(pool) or not pool.std():
        return np.zeros(len(values))
    return np.nan_to_num((values - pool.mean()) / pool.std())
