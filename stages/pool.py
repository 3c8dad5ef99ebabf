"""All sources in one table, the most trusted first.

The order is the order of trust: of two copies of a problem, the dedup stages
keep the one that stands first. Weights, quotas and a mix take a seeded sample of
a source. A table that `order` does not name is left alone: it may be another
recipe's. Nothing is repeated here, since the stages behind would drop it as a copy:
see `export.repeat`.

Reasons: `over_quota`, `duplicate_id`.
"""

import random
from itertools import chain
from math import isclose
from pathlib import Path
from typing import Annotated

import polars as pl
from pydantic import Field, NonNegativeInt, model_validator

from pipeline.errors import UserError
from pipeline.filter import Decision, JudgedParts, drop, unjudged
from pipeline.schema import PROBLEM, VERDICT
from pipeline.settings import Settings
from pipeline.stored import Stored

SCHEMA = PROBLEM
JUDGED = pl.Schema({**PROBLEM, **VERDICT})
READ = ("id", "source")  # what decides; the other columns pass through
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


def make(params: Params, folder: Path) -> JudgedParts:
    """The tables of `folder`, stacked in the order of trust."""
    present = {file.stem for file in folder.glob("*.parquet")}
    if absent := [name for name in params.order if name not in present]:
        raise UserError(
            f"pool.order names {absent[0]!r}, and collect has no such source",
            hint=f"collected: {', '.join(sorted(present)) or 'nothing'}",
        )
    tables = [Stored(folder / f"{name}.parquet") for name in params.order]
    rows = pl.concat(
        [PROBLEM.to_frame().select(READ), *(table.read(READ) for table in tables)],
        rechunk=True,
    )
    rows = _judge(unjudged(rows), params)
    decision = Decision(rows, PROBLEM.names(), JUDGED, {})
    parts = chain.from_iterable(table.parts(PROBLEM.names()) for table in tables)
    return JudgedParts(JUDGED, decision.judged(parts))


def _judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    repeated = rows.select(~pl.col("id").is_first_distinct()).to_series()
    over = _over_quota(rows["source"], params)
    rows = drop(rows, pl.lit(repeated), "duplicate_id", twin=pl.col("id"))
    return drop(rows, pl.lit(over), "over_quota")


def _over_quota(source: pl.Series, params: Params) -> pl.Series:
    """Whether each row is beyond its source's share (bool), by a sample of each."""
    over = pl.repeat(value=False, n=len(source), dtype=pl.Boolean, eager=True)
    sizes = dict(source.value_counts().iter_rows())
    for name, count in _counts(sizes, params).items():
        if count < sizes[name]:
            rows = (source == name).arg_true()
            rng = random.Random(f"{params.seed}/{name}")
            over.scatter(rows, values=True)
            over.scatter(rows.gather(rng.sample(range(len(rows)), count)), values=False)
    return over


def _counts(sizes: dict[str, int], params: Params) -> dict[str, int]:
    """How many rows of each source stay, of as many as it has."""
    counts = {}
    for source, size in sizes.items():
        count = round(size * params.weights.get(source, 1.0))
        counts[source] = min(count, params.quotas.get(source, count))
    if not params.mix:
        return counts
    # The scarcest source, for its share, says how large the whole can be.
    shares = {source: share for source, share in params.mix.items() if share}
    whole = min(counts.get(source, 0) / share for source, share in shares.items())
    return {source: round(params.mix[source] * whole) for source in counts}
