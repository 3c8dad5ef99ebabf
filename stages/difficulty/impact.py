"""How much a problem's learning looks like the pool's (LIMR, arXiv 2502.11886).

Over the epochs of a training run, a problem's accuracy r_k is compared with the mean
m_k of all problems: score = 1 - Σ (r_k - m_k)² / Σ (1 - m_k)². Problems that are
learned in step with the rest score up to 1; those never or always solved score low.
"""

import polars as pl


def score_curves(curves: pl.Series) -> pl.Series:
    """The score (float64) of each list of accuracies; null for a list that is empty.

    Lists may differ in length: each is compared over the epochs that it has.
    """
    table = pl.DataFrame({"curve": curves}).with_row_index("row")
    long = table.explode("curve").drop_nulls("curve")
    long = long.with_columns(epoch=pl.int_range(pl.len()).over("row"))
    long = long.with_columns(mean=pl.col("curve").mean().over("epoch"))
    off = ((pl.col("curve") - pl.col("mean")) ** 2).sum()
    most = ((1 - pl.col("mean")) ** 2).sum()
    scores = long.group_by("row").agg(score=pl.when(most > 0).then(1 - off / most))
    return table.join(scores, on="row", how="left", maintain_order="left")["score"]
