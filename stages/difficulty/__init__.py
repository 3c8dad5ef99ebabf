"""Drop problems that the model always or never solves: they teach it nothing.

The pass rate is a fact about a model, not about a problem, so the counts stay
beside it, for each model. Undecided samples count neither way. Rates may also be
imported from what a source recorded (`pass_at_n`, accuracies of a training run).

Reasons: `too_hard`, `too_easy`, `not_sampled`, `undecided`, those of `where`.
"""

from typing import Literal, Self

import polars as pl
from pydantic import ConfigDict, Field, model_validator

from pipeline.errors import UserError
from pipeline.filter import drop
from pipeline.pass_rates.window import Window
from pipeline.rows import nested
from pipeline.settings import Settings, Shared
from pipeline.shards import Shards, as_shards
from pipeline.sql import Where, drop_unless
from stages.difficulty.counts import (
    COUNTS,
    RATE,
    add_counts,
    add_interval,
    add_posterior,
    rates_by_name,
    score_curves,
    sides,
)
from stages.difficulty.imported import Imported, import_rates, is_from, read_curves

QUANTILES = 4
READS = ("key", "source", "meta")
COLUMNS = pl.Schema(
    {
        **COUNTS,
        "pass_rate": pl.Float64(),
        "rate_from": pl.String(),
        "rates": pl.List(RATE),
        "rate_lo": pl.Float64(),
        "rate_hi": pl.Float64(),
        "p_inside": pl.Float64(),
        "difficulty_quantile": pl.UInt8(),
        "tokens_right": pl.Float64(),
        # Only where the params ask for them.
        "source_level": pl.Float64(),
        "learning_impact": pl.Float64(),
    }
)


class Named(Settings):
    """The name of a pass; the rest is the business of rollouts."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    name: str = ""


class Passes(Shared):
    """The section `rollouts`, for the names of its passes.

    Samples tell only of passes that sampled something; the others are no misspelt ones.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    passes: tuple[Named, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.passes)


class Level(Settings):
    """A level in `meta`: a number, or a text with one ("Level 5")."""

    field: str
    source: str = ""


class Params(Settings):
    """The window of pass rates that stays, and what else a problem must be.

    `decide: posterior` drops a problem once the chance that its rate is outside, under
    a prior fitted to the pool, reaches `certainty`. Of the problems that are too easy
    or too hard a share may stay (`keep_easy`, `keep_hard`).

    `where` cuts by any column, those of this stage among them, and by what each pass
    has: `weak.n_correct = 0`, `strong.pass_rate >= weak.pass_rate`.
    `learning_impact` is the field of `meta` that has the accuracies over a run.
    """

    pass_rate_window: Window = Window()
    decide: Literal["rate", "posterior"] = "rate"
    certainty: float = Field(default=0.5, gt=0, lt=1)
    not_sampled: Literal["keep", "drop"] = "drop"
    keep_easy: float = Field(default=0.0, ge=0, le=1)
    keep_hard: float = Field(default=0.0, ge=0, le=1)
    where: Where = Field(default_factory=dict)
    imported: tuple[Imported, ...] = ()
    learning_impact: str | None = None
    levels: tuple[Level, ...] = ()
    rollouts: Passes = Passes()

    @model_validator(mode="after")
    def _posterior_is_of_rates(self) -> Self:
        if self.decide == "posterior" and self.pass_rate_window.unit == "count":
            raise ValueError("a posterior is of a rate: `unit: rate`")
        return self


def judge(
    rows: pl.DataFrame, params: Params, grades: Shards | pl.DataFrame
) -> pl.DataFrame:
    """Add counts, rates and their intervals, p_inside and quantile; cut by them."""
    grades = as_shards(grades).select("id", "model", "pass", "correct", "n_tokens")
    rows = add_counts(rows, grades, params.pass_rate_window.models)
    for source in params.imported:
        rows = import_rates(rows, source)
    rows = add_interval(rows)
    rows = add_posterior(rows, params.pass_rate_window)
    rows = _add_quantile(rows)
    rows = _add_level(rows, params.levels)
    if params.learning_impact:
        curves = read_curves(rows, params.learning_impact)
        rows = rows.with_columns(learning_impact=score_curves(curves))

    rate, has_samples = pl.col("pass_rate"), pl.col("n_samples") > 0
    rows = drop(rows, rate.is_null() & has_samples, "undecided")
    if params.not_sampled == "drop":
        rows = drop(rows, rate.is_null(), "not_sampled")
    rows = _cut_by_window(rows, params)
    rows = _cut_by_where(rows, grades, params)
    return rows


def _add_quantile(rows: pl.DataFrame) -> pl.DataFrame:
    """Add difficulty_quantile, from 0 (most often solved) to QUANTILES - 1."""
    rank = pl.col("pass_rate").rank("average", descending=True) - 0.5
    quantile = (rank / pl.col("pass_rate").count() * QUANTILES).floor()
    return rows.with_columns(difficulty_quantile=quantile.cast(pl.UInt8))


def _add_level(rows: pl.DataFrame, levels: tuple[Level, ...]) -> pl.DataFrame:
    """Add source_level (float64), null where the source gives none."""
    first = pl.lit(None, pl.Float64)
    for level in reversed(levels):
        levels_of = [nested(meta, level.field) for meta in rows["meta"]]
        texts = pl.Series([str(value) for value in levels_of], dtype=pl.String)
        number = texts.str.extract(r"(-?\d+(?:\.\d+)?)").cast(pl.Float64)
        first = pl.coalesce(pl.when(is_from(level.source)).then(number), first)
    return rows.with_columns(source_level=first) if levels else rows


def _cut_by_window(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    models = params.pass_rate_window.models
    hard, easy = _sides(params)
    rows = _cut(rows, hard, "too_hard", params.keep_hard, models)
    return _cut(rows, easy, "too_easy", params.keep_easy, models)


def _cut_by_where(rows: pl.DataFrame, grades: Shards, params: Params) -> pl.DataFrame:
    """Drop the rows that a condition does not hold for; it sees the rates by name."""
    if not params.where:
        return rows
    rates = rates_by_name(rows, grades, params.rollouts.names)
    if clash := sorted(rates.keys() & set(rows.columns)):
        raise UserError(
            f"difficulty.where: {clash[0]!r} is a column, and so is called a pass",
            hint="give the pass another name",
        )
    table = rows.with_columns(rates.values())
    return drop_unless(table, params.where, setting="difficulty.where").drop(rates)


def _sides(params: Params) -> tuple[pl.Expr, pl.Expr]:
    """Whether a row is too hard, and too easy, for the pass-rate window."""
    window, rate = params.pass_rate_window, pl.col("pass_rate")
    right, decided = pl.col("n_correct"), pl.col("n_samples") - pl.col("n_undecided")
    if window.unit == "rate":  # imported rates may come without counts
        right, decided = rate, pl.when(rate.is_not_null()).then(1)
    hard, easy = sides(window, right, decided)
    if params.decide == "rate":
        return hard, easy
    outside = 1 - pl.col("p_inside") >= params.certainty
    solved = window.of_successes
    low = rate < (solved.lo + solved.highest) / 2
    return outside & low, outside & ~low


def _cut(
    rows: pl.DataFrame,
    where: pl.Expr,
    reason: str,
    keep: float,
    models: tuple[str, ...],
) -> pl.DataFrame:
    """Drop by a window; the share `keep` stays, the same rows in every run."""
    if keep:
        # 48 bits of the key, a hash of the text, as a number in [0, 1).
        luck = pl.col("key").str.slice(0, 12).str.to_integer(base=16, strict=False)
        where &= luck.fill_null(0) / 16**12 >= keep
    evidence = pl.struct(
        "n_correct", "n_samples", "p_inside", models=pl.lit(", ".join(models))
    ).struct.json_encode()
    return drop(rows, where, reason, score=pl.col("pass_rate"), evidence=evidence)
