"""Drop problems that the model always or never solves: they teach it nothing.

The pass rate is a fact about a model, not about a problem, so the counts stay
beside it, for each model. Undecided samples count neither way. Rates may also be
imported from what a source recorded (`pass_at_n`, accuracies of a training run).

Reasons: `too_hard`, `too_easy`, `weak_beats_strong`, `too_short`, `too_long`,
`low_impact`, `score_outside`, `judged_too_easy`, `judged_too_hard`, `unrated`,
`not_sampled`, `undecided`.
"""

from typing import Literal, Self

import polars as pl
from pydantic import Field, model_validator

from pipeline.filter import Judged, drop
from pipeline.settings import Settings
from stages.difficulty import impact
from stages.difficulty.counts import (
    RATE,
    Imported,
    counted,
    imported,
    recorded,
    with_interval,
)
from stages.difficulty.judged import Rated, rated
from stages.difficulty.misplaced import FIXED_K, fixed_k
from stages.difficulty.window import Window, of_models

COLUMNS = pl.Schema(
    {
        "n_samples": pl.UInt32(),
        "n_correct": pl.UInt32(),
        "n_undecided": pl.UInt32(),
        "pass_rate": pl.Float64(),
        "rate_from": pl.String(),
        "rates": pl.List(RATE),
        "rate_lo": pl.Float64(),
        "rate_hi": pl.Float64(),
        "p_inside": pl.Float64(),
        "difficulty_quantile": pl.UInt8(),
        # Only where the params ask for them.
        "source_level": pl.Float64(),
        "learning_impact": pl.Float64(),
        "difficulty_ratings": pl.List(pl.Float64),
        "difficulty_judged": pl.Float64(),
    }
)
TABLES = {"fixed_k": FIXED_K}


class Score(Settings):
    """A number in `meta` that has to lie from `lo` to `hi`; rows without it stay."""

    field: str
    source: str = ""
    lo: float = float("-inf")
    hi: float = float("inf")


class Level(Settings):
    """A level in `meta`: a number, or a text with one ("Level 5")."""

    field: str
    source: str = ""


class Impact(Settings):
    """Accuracies over the epochs of a run, in `meta`; see `impact.py`."""

    field: str
    least: float = 0.6


class Params(Settings):
    """The window of pass rates that stays, and what else a problem must be.

    The ends of the window are inside unless they are open. `windows` are further
    ones, of other models; a row stays if it is inside all of them. `never_above`
    names a weak and a strong model: problems that the weak one solves more often are
    noise. `decide: posterior` drops a problem once the chance that its rate is
    outside, under a prior fitted to the pool, reaches `certainty`.

    Of the problems that are too easy or too hard a share may stay (`keep_easy`,
    `keep_hard`). `min_tokens` and `max_tokens` bound the mean length of the right
    samples.
    """

    min_pass_rate: float = Field(default=0.0, ge=0)
    max_pass_rate: float = Field(default=1.0, ge=0)
    lo_open: bool = False
    hi_open: bool = False
    unit: Literal["rate", "count"] = "rate"
    sense: Literal["success", "failure"] = "success"
    decide: Literal["rate", "posterior"] = "rate"
    certainty: float = Field(default=0.5, gt=0, lt=1)
    not_sampled: Literal["keep", "drop"] = "drop"
    models: tuple[str, ...] = ()  # empty: the samples of every model count
    windows: tuple[Window, ...] = ()
    never_above: tuple[str, str] | None = None
    keep_easy: float = Field(default=0.0, ge=0, le=1)
    keep_hard: float = Field(default=0.0, ge=0, le=1)
    min_tokens: float | None = Field(default=None, ge=0)
    max_tokens: float | None = Field(default=None, ge=0)
    imported: tuple[Imported, ...] = ()
    scores: tuple[Score, ...] = ()
    learning_impact: Impact | None = None
    levels: tuple[Level, ...] = ()
    rated: Rated | None = None
    quantiles: int = Field(default=4, ge=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.decide == "posterior" and self.unit == "count":
            raise ValueError("a posterior is of a rate: `unit: rate`")
        self.window  # noqa: B018  it says what does not fit
        return self

    @property
    def window(self) -> Window:
        return Window(
            lo=self.min_pass_rate,
            hi=self.max_pass_rate,
            lo_open=self.lo_open,
            hi_open=self.hi_open,
            unit=self.unit,
            sense=self.sense,
            models=self.models,
        )


def judge(rows: pl.DataFrame, params: Params, grades: pl.DataFrame) -> Judged:
    """Add counts, rates and their intervals, p_inside and quantile; cut by them.

    The table `fixed_k` tells what the same number of samples for each would do.
    """
    rows = counted(rows, grades, params.models)
    for source in params.imported:
        rows = imported(rows, source)
    rows = with_interval(rows)
    rows = _with_quantile(_with_posterior(rows, params), params)
    rows = _with_level(rows, params)

    rate, has_samples = pl.col("pass_rate"), pl.col("n_samples") > 0
    rows = drop(rows, rate.is_null() & has_samples, "undecided")
    if params.not_sampled == "drop":
        rows = drop(rows, rate.is_null(), "not_sampled")
    rows = _cut_by_windows(rows, params)
    rows = _cut_by_models(rows, params)
    rows = _cut_by_tokens(rows, params)
    rows = _cut_by_scores(rows, params)
    # Last, because each question is paid for.
    rows = rated(rows, params.rated) if params.rated else rows
    return Judged(rows.drop("tokens_right"), {"fixed_k": fixed_k(rows, params)})


def _with_posterior(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add p_inside, the chance that the rate is in the window; null for counts."""
    if params.unit == "count":
        return rows.with_columns(p_inside=pl.lit(None, pl.Float64))
    right = rows["n_correct"].to_numpy().astype(int)
    wrong = (rows["n_samples"] - rows["n_undecided"]).to_numpy().astype(int) - right
    chance = pl.Series(params.window.posterior(right, wrong)).round(4)
    return rows.with_columns(p_inside=chance.fill_nan(None))


def _with_quantile(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add difficulty_quantile, from 0 (most often solved) to `quantiles` - 1."""
    rank = pl.col("pass_rate").rank("average", descending=True) - 0.5
    place = (rank / pl.col("pass_rate").count() * params.quantiles).floor()
    return rows.with_columns(difficulty_quantile=place.cast(pl.UInt8))


def _with_level(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add source_level (float64), null where the source gives none."""
    told = pl.lit(None, pl.Float64)
    for level in reversed(params.levels):
        said = pl.col("meta").str.json_path_match(f"$.{level.field}")
        number = said.str.extract(r"(-?\d+(?:\.\d+)?)").cast(pl.Float64)
        if level.source:
            number = pl.when(pl.col("source") == level.source).then(number)
        told = pl.coalesce(number, told)
    return rows.with_columns(source_level=told) if params.levels else rows


def _cut_by_windows(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    hard, easy = _sides(params)
    rows = _dropped(rows, hard, "too_hard", params.keep_hard, params.models)
    rows = _dropped(rows, easy, "too_easy", params.keep_easy, params.models)
    for window in params.windows:
        hard, easy = window.sides(*of_models(window.models))
        rows = _dropped(rows, hard, "too_hard", params.keep_hard, window.models)
        rows = _dropped(rows, easy, "too_easy", params.keep_easy, window.models)
    return rows


def _sides(params: Params) -> tuple[pl.Expr, pl.Expr]:
    """Whether a row is too hard, and too easy, for the window."""
    if params.unit == "rate":
        # Imported rates may come without counts.
        one, rate = pl.lit(1.0), pl.col("pass_rate")
        hard, easy = params.window.sides(rate, pl.when(rate.is_not_null()).then(one))
    else:
        decided = pl.col("n_samples") - pl.col("n_undecided")
        hard, easy = params.window.sides(
            pl.col("n_correct").cast(pl.Float64), decided.cast(pl.Float64)
        )
    if params.decide == "rate":
        return hard, easy
    outside = 1 - pl.col("p_inside") >= params.certainty
    middle = (params.min_pass_rate + min(params.max_pass_rate, 1.0)) / 2
    if params.sense == "failure":
        middle = 1 - middle
    low = pl.col("pass_rate") < middle
    return outside & low, outside & ~low


def _dropped(
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


def _cut_by_models(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    if params.never_above is None:
        return rows
    weak, strong = (
        right / decided
        for right, decided in (of_models((name,)) for name in params.never_above)
    )
    return drop(rows, weak > strong, "weak_beats_strong", score=weak)


def _cut_by_tokens(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    length = pl.col("tokens_right")
    if params.min_tokens is not None:
        rows = drop(rows, length < params.min_tokens, "too_short", score=length)
    if params.max_tokens is not None:
        rows = drop(rows, length > params.max_tokens, "too_long", score=length)
    return rows


def _cut_by_scores(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    for score in params.scores:
        said = recorded(score.field).list.first()
        where = ~said.is_between(score.lo, score.hi)
        if score.source:
            where &= pl.col("source") == score.source
        rows = drop(rows, where, "score_outside", score=said)
    if params.learning_impact is None:
        return rows
    curves = rows.select(recorded(params.learning_impact.field)).to_series()
    rows = rows.with_columns(learning_impact=impact.scores(curves))
    low = pl.col("learning_impact") < params.learning_impact.least
    return drop(rows, low, "low_impact", score=pl.col("learning_impact"))
