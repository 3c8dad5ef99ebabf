"""Drop problems that the model always or never solves: they teach it nothing.

The pass rate is a fact about a model, not about a problem, so the counts stay
beside it. Undecided samples count neither way. Rates may also be imported from
what a source recorded (`pass_at_n`, accuracies of a training run).

Reasons: `too_hard`, `too_easy`, `not_sampled`, `undecided`.
"""

from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.rates import interval
from pipeline.settings import Settings
from pipeline.verdict import drop


class Imported(Settings):
    """A rate in the rows' `meta`; of a list, its mean, first or last value counts."""

    field: str
    source: str = ""  # empty: any source that has the field
    take: Literal["mean", "first", "last"] = "mean"
    samples: int | None = None  # how many samples each recorded rate stands for


class Params(Settings):
    """The window of pass rates that stays, both ends included."""

    min_pass_rate: float = Field(default=0.0, ge=0, le=1)
    max_pass_rate: float = Field(default=1.0, ge=0, le=1)
    not_sampled: Literal["keep", "drop"] = "drop"
    models: tuple[str, ...] = ()  # empty: the samples of every model count
    imported: tuple[Imported, ...] = ()


def judge(rows: pl.DataFrame, params: Params, grades: pl.DataFrame) -> pl.DataFrame:
    """Add counts, pass_rate, rate_lo, rate_hi and rate_from; cut by the window."""
    counted = _counts(grades, params)
    rows = rows.join(counted, on="id", how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(*COUNTS).fill_null(0))
    decided = pl.col("n_samples") - pl.col("n_undecided")
    rows = rows.with_columns(
        pass_rate=pl.when(decided > 0).then(pl.col("n_correct") / decided),
        rate_from=pl.when(decided > 0).then(pl.lit("sampled")),
    )
    for imported in params.imported:
        rows = _import(rows, imported)
    rows = _interval(rows)

    rate = pl.col("pass_rate")
    has_samples = pl.col("n_samples") > 0
    rows = drop(rows, rate.is_null() & has_samples, "undecided")
    if params.not_sampled == "drop":
        rows = drop(rows, rate.is_null(), "not_sampled")
    rows = drop(rows, rate < params.min_pass_rate, "too_hard", score=rate)
    return drop(rows, rate > params.max_pass_rate, "too_easy", score=rate)


COUNTS = ("n_samples", "n_correct", "n_undecided")


def _counts(grades: pl.DataFrame, params: Params) -> pl.DataFrame:
    if params.models:
        grades = grades.filter(pl.col("model").is_in(list(params.models)))
    correct = pl.col("correct")
    return grades.group_by("id", maintain_order=True).agg(
        n_samples=pl.len(),
        n_correct=correct.sum().cast(pl.UInt32),
        n_undecided=correct.null_count(),
    )


def _import(rows: pl.DataFrame, imported: Imported) -> pl.DataFrame:
    """Fill what was not sampled here from the recorded rates of `imported`."""
    said = pl.col("meta").str.json_path_match(f"$.{imported.field}")
    values = said.str.strip_chars("[]").str.split(",")
    values = values.list.eval(
        pl.element().str.strip_chars().cast(pl.Float64, strict=False)
    ).list.drop_nulls()
    recorded = getattr(values.list, imported.take)()
    applies = pl.col("pass_rate").is_null() & recorded.is_not_null()
    if imported.source:
        applies &= pl.col("source") == imported.source
    n = values.list.len() if imported.take == "mean" else pl.lit(1)
    n = (n * (imported.samples or 0)).cast(pl.UInt32)
    known = {
        "n_samples": n,
        "n_correct": (recorded * n).round().cast(pl.UInt32),
        "pass_rate": recorded,
        "rate_from": pl.lit(f"imported:{imported.field}"),
    }
    return rows.with_columns(
        pl.when(applies).then(value).otherwise(name).alias(name)
        for name, value in known.items()
    )


def _interval(rows: pl.DataFrame) -> pl.DataFrame:
    right = rows["n_correct"].to_numpy()
    wrong = (rows["n_samples"] - rows["n_undecided"]).to_numpy() - right
    low, high = interval(right, wrong)
    is_known = pl.col("n_samples") > pl.col("n_undecided")
    return rows.with_columns(
        rate_lo=pl.when(is_known).then(pl.Series(low)),
        rate_hi=pl.when(is_known).then(pl.Series(high)),
    )
