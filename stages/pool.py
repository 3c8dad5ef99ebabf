"""All sources in one table, the most trusted first.

The order is the order of trust: of two copies of a problem, the dedup stages
keep the one that stands first. Weights, quotas and a mix take a seeded sample of
a source. A table that `order` does not name is left alone: it may be another
recipe's. Nothing is repeated here, since the stages behind would drop it as a copy:
see `export.repeat`.

Reasons: `over_quota`, `duplicate_id`.
"""

import random
from math import isclose
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field, NonNegativeInt, model_validator

from pipeline.errors import UserError
from pipeline.filter import Outcome, apply, drop
from pipeline.schema import PROBLEM
from pipeline.settings import Settings

SCHEMA = PROBLEM
Share = Annotated[float, Field(ge=0, le=1)]


class Params(Settings):
    """`weights` keep a share of a source, `quotas` a number of rows.

    `mix` has each source's share of the whole: of what weights and quotas leave, as
    many rows stay as those shares allow.
    """

    order: tuple[str, ...]
    weights: dict[str, Share] = Field(default_factory=dict)
    quotas: dict[str, NonNegativeInt] = Field(default_factory=dict)
    mix: dict[str, Share] = Field(default_factory=dict)
    seed: int = 0

    @model_validator(mode="after")
    def _in_order(self) -> "Params":
        if len(set(self.order)) < len(self.order):
            raise ValueError("`order` names a source twice")
        if self.mix and self.mix.keys() != set(self.order):
            raise ValueError("`mix` needs a share of every source in `order`")
        if self.mix and not isclose(total := sum(self.mix.values()), 1, abs_tol=1e-6):
            raise ValueError(f"the shares of `mix` add up to {total:g}, not to 1")
        if absent := {*self.weights, *self.quotas} - {*self.order}:
            raise ValueError(f"{sorted(absent)[0]!r} has a share and is not in `order`")
        return self


def make(params: Params, folder: Path) -> Outcome:
    """The tables of `folder`, stacked in the order of trust."""
    present = {file.stem for file in folder.glob("*.parquet")}
    if absent := [name for name in params.order if name not in present]:
        raise UserError(
            f"pool.order names {absent[0]!r}, and collect has no such source",
            hint=f"collected: {', '.join(sorted(present)) or 'nothing'}",
        )
    files = [folder / f"{name}.parquet" for name in params.order]
    rows = pl.concat([PROBLEM.to_frame(), *map(pl.read_parquet, files)])
    repeated = rows.with_row_index().select(
        pl.col("index") != pl.col("index").first().over("id")
    )["index"]
    over = ~pl.Series(_chosen(rows, params), dtype=pl.Boolean)

    def judge(rows: pl.DataFrame) -> pl.DataFrame:
        rows = drop(rows, pl.lit(repeated), "duplicate_id", twin=pl.col("id"))
        return drop(rows, pl.lit(over), "over_quota")

    return apply(judge, rows)


def _chosen(rows: pl.DataFrame, params: Params) -> list[bool]:
    """Whether each row is within its source's share, by a sample of each source."""
    chosen = [False] * rows.height
    sources = rows.select("source").with_row_index("row").group_by("source")
    places = dict(sources.agg("row").iter_rows())
    for source, count in _counts(places, params).items():
        rng = random.Random(f"{params.seed}/{source}")
        for number in rng.sample(places[source], count):
            chosen[number] = True
    return chosen


def _counts(places: dict[str, list[int]], params: Params) -> dict[str, int]:
    """How many rows of each source stay."""
    counts = {}
    for source, its in places.items():
        count = round(len(its) * params.weights.get(source, 1.0))
        counts[source] = min(count, params.quotas.get(source, count))
    if not params.mix:
        return counts
    # The scarcest source, for its share, says how large the whole can be.
    shares = {source: share for source, share in params.mix.items() if share}
    whole = min(counts.get(source, 0) / share for source, share in shares.items())
    return {source: round(params.mix[source] * whole) for source in counts}
