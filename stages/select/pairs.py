"""Preference pairs: a trace that is liked better beside another of the same problem.

Right against wrong (the default), the shortest right one against the longest
(Sky-T1-Flash), a teacher's right one against a student's wrong one (Light-R1).
"""

from collections.abc import Callable

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.sql import drop_unless, evaluate
from pipeline.traces.candidates import CHOSEN, list_by_row, refer

See = Callable[[pl.DataFrame], pl.LazyFrame]


class Side(Settings):
    """Which traces may stand on this side (SQL), and which of them first."""

    where: str
    order_by: str = "number"


class Pairs(Settings):
    """Up to `each` pairs of a problem: the first of both sides, the second of both, …

    What is preferred may be learnt from, as `chosen` may; what is rejected may be any
    trace that recites no benchmark item. No trace is paired with itself.
    """

    each: int = Field(default=1, ge=1)
    chosen: Side = Side(where="correct")
    rejected: Side = Side(where="not correct")


def gather_pairs(
    traces: pl.DataFrame, see: See, pairs: Pairs, height: int
) -> pl.Series:
    """Lists of {chosen, rejected} for each of `height` rows.

    `see` gives what conditions see of traces.
    """
    is_usable = pl.col("reason").is_null() | (pl.col("reason") == "spare")
    liked = _line_up(traces.filter(is_usable), see, pairs.chosen, pairs.each, "chosen")
    others = traces.filter(~pl.col("leaks") & (pl.col("n_chars") > 0))
    rejected = _line_up(others, see, pairs.rejected, pairs.each, "rejected")
    both = liked.join(rejected, on=["row", "nth"], how="inner", maintain_order="left")
    both = both.filter(pl.col("name") != pl.col("name_right"))
    pair = pl.Struct({"chosen": CHOSEN.inner, "rejected": CHOSEN.inner})
    values = pl.struct("chosen", "rejected").alias("pairs")
    return list_by_row(both, values, height, pl.List(pair))


def _line_up(
    traces: pl.DataFrame, see: See, side: Side, each: int, name: str
) -> pl.DataFrame:
    """(row, nth, name, the trace as `name`) of the first traces on a side."""
    setting = f"select.pairs.{name}"
    fresh = traces.with_columns(reason=pl.lit(None, pl.String))
    where = f"{setting}.where"
    fits = drop_unless(fresh, side.where, setting=where, seen=see(fresh))
    fits = fits.filter(pl.col("reason").is_null())
    over = (
        f'row_number() over (partition by "row" order by {side.order_by}, kind, number)'
    )
    (nth,) = evaluate(see(fits), [over], setting=f"{setting}.order_by")
    fits = fits.with_columns(nth=nth.cast(pl.Int64)).filter(pl.col("nth") <= each)
    return fits.sort("row", "nth").select(
        "row",
        "nth",
        refer().alias(name),
        name=pl.format("{}/{}", "kind", "number"),
    )
