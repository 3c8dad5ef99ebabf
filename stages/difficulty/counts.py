"""How often each model solves each problem."""

from collections.abc import Sequence
from itertools import chain

import polars as pl

from pipeline.models import is_by
from pipeline.pass_rates.interval import jeffreys_interval
from pipeline.pass_rates.window import Window
from pipeline.shards import Shards, by_problem

COUNTS = dict.fromkeys(("n_samples", "n_correct", "n_undecided"), pl.UInt32())
RATE = pl.Struct(
    {
        "model": pl.String,
        "pass": pl.String,
        **COUNTS,
        "pass_rate": pl.Float64,
        "rate_lo": pl.Float64,
        "rate_hi": pl.Float64,
        "tokens_right": pl.Float64,  # mean of the right samples
        "tokens_wrong": pl.Float64,
    }
)


def add_counts(
    rows: pl.DataFrame, grades: Shards, models: tuple[str, ...]
) -> pl.DataFrame:
    """Rows with the counts of `models` together (all where it is empty), and rates.

    Adds n_samples, n_correct, n_undecided, pass_rate, tokens_right, rate_from, and
    `rates`, the same of every model and pass, to be set side by side.
    """
    totals, of_models = list[pl.DataFrame](), list[pl.DataFrame]()
    for part in by_problem(grades, rows["id"]):
        total = _count_by(part.filter(is_by(models)), "id").drop("tokens_wrong")
        totals.append(total)
        by_model = add_interval(_count_by(part, "id", "pass", "model"))
        by_model = by_model.sort("model", maintain_order=True)
        rates = pl.struct(field.name for field in RATE.fields).cast(RATE)
        of_models.append(by_model.group_by("id", maintain_order=True).agg(rates=rates))
    rows = rows.join(pl.concat(totals), on="id", how="left", maintain_order="left")
    rows = rows.with_columns(
        pl.col(*COUNTS).fill_null(0),
        rate_from=pl.when(pl.col("pass_rate").is_not_null()).then(pl.lit("sampled")),
    )
    lists = pl.concat(of_models)
    return rows.join(lists, on="id", how="left", maintain_order="left")


def rates_by_name(
    rows: pl.DataFrame, grades: Shards, passes: Sequence[str]
) -> dict[str, pl.Series]:
    """A struct of counts and rates for each pass, and each model outside of passes.

    Each has a value for each of the `rows`; of a row that was not sampled n_samples is
    0 and the rest is null. Counts are signed: what falls below zero would wrap around.
    """
    name = pl.coalesce("pass", "model").alias("name")
    counts = pl.concat(
        add_interval(_count_by(part.with_columns(name), "id", "name"))
        for part in by_problem(grades, rows["id"])
    )
    counts = counts.with_columns(pl.col(*COUNTS).cast(pl.Int64))
    known = (part["name"].unique() for part in grades.select(name))
    structs = {}
    for name in sorted({*passes, *chain.from_iterable(known)}):
        of_name = counts.filter(pl.col("name") == name).drop("name")
        found = rows.select("id").join(
            of_name, on="id", how="left", maintain_order="left"
        )
        found = found.with_columns(pl.col("n_samples").fill_null(0)).drop("id")
        structs[name] = found.to_struct(name)
    return structs


def _count_by(grades: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Counts, rate and mean lengths of what has the same `keys`."""
    correct, tokens = pl.col("correct"), pl.col("n_tokens")
    counts = grades.group_by(keys, maintain_order=True).agg(
        n_samples=pl.len().cast(pl.UInt32),
        n_correct=correct.sum().cast(pl.UInt32),
        n_undecided=correct.null_count().cast(pl.UInt32),
        tokens_right=tokens.filter(correct).mean(),
        tokens_wrong=tokens.filter(~correct).mean(),
    )
    decided = pl.col("n_samples") - pl.col("n_undecided")
    rate = pl.when(decided > 0).then(pl.col("n_correct") / decided)
    return counts.with_columns(pass_rate=rate)


def score_curves(curves: pl.Series) -> pl.Series:
    """How much each problem is learned in step with the pool (LIMR, arXiv 2502.11886).

    `curves` are lists of accuracies over the epochs of a run, each compared over the
    epochs that it has: r_k with the mean m_k of all problems. The score (float64) is
    1 - Σ (r_k - m_k)² / Σ (1 - m_k)², null for an empty list.
    """
    table = pl.DataFrame({"curve": curves}).with_row_index("row")
    long = table.explode("curve").drop_nulls("curve")
    long = long.with_columns(epoch=pl.int_range(pl.len()).over("row"))
    long = long.with_columns(mean=pl.col("curve").mean().over("epoch"))
    off = ((pl.col("curve") - pl.col("mean")) ** 2).sum()
    most = ((1 - pl.col("mean")) ** 2).sum()
    scores = long.group_by("row").agg(score=pl.when(most > 0).then(1 - off / most))
    return table.join(scores, on="row", how="left", maintain_order="left")["score"]


def add_interval(rows: pl.DataFrame) -> pl.DataFrame:
    """Add rate_lo and rate_hi, the 95% interval of the pass rate."""
    right = rows["n_correct"].to_numpy()
    wrong = (rows["n_samples"] - rows["n_undecided"]).to_numpy() - right
    low, high = jeffreys_interval(right, wrong)
    is_known = pl.col("n_samples") > pl.col("n_undecided")
    return rows.with_columns(
        rate_lo=pl.when(is_known).then(pl.Series(low)),
        rate_hi=pl.when(is_known).then(pl.Series(high)),
    )


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
