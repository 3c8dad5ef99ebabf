"""Choose what is trained on: traces per problem, quotas, and the order of lessons.

Reasons: those of `where`, `over_quota`, `over_limit`.
"""

import random
from typing import Literal

import polars as pl
from pydantic import Field

from pipeline.filter import drop
from pipeline.settings import Settings
from pipeline.sql import Where, drop_unless
from pipeline.traces import CHOSEN, Trace, right_traces, usable_solutions

COLUMNS = pl.Schema({"chosen": CHOSEN, "curriculum_rank": pl.UInt32()})


class Params(Settings):
    """`quota` and `domain_quota` are rows kept, the first in order; 0 excludes.

    Rows that do not fulfil `where` are not counted.
    """

    where: Where = Field(default_factory=dict)
    traces: int = Field(default=1, ge=0)
    strategy: Literal["shortest", "longest", "first", "random"] = "shortest"
    use_reference: bool = True
    quota: dict[str, int] = Field(default_factory=dict)
    domain_quota: dict[str, int] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=0)
    seed: int = 0


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add chosen (traces for SFT) and curriculum_rank (0 is the easiest)."""

    def column(name: str) -> pl.Expr:
        """A column of an earlier stage; nulls where that stage has never run."""
        return pl.col(name) if name in rows.columns else pl.lit(None).alias(name)

    columns = ("id", "traces", "solutions", "leaking_traces")
    traces = rows.select(map(column, columns)).rows()
    rate = column("pass_rate").cast(pl.Float64).fill_null(-1.0)
    rank = rate.rank("ordinal", descending=True).cast(pl.UInt32) - 1
    chosen = [_choose_traces(*row, params=params) for row in traces]
    rows = rows.with_columns(
        chosen=pl.Series(chosen, dtype=CHOSEN), curriculum_rank=rank
    )
    rows = drop_unless(rows, params.where, setting="select.where")
    stays = pl.col("reason").is_null()
    for name, quotas in (("source", params.quota), ("domain", params.domain_quota)):
        number = stays.cum_sum().over(name)
        for value, quota in quotas.items():
            over = (pl.col(name) == value) & (number > quota)
            rows = drop(rows, over, "over_quota")
    if params.limit is not None:
        over = stays & (stays.cum_sum() > params.limit)
        rows = drop(rows, over, "over_limit")
    return rows


def _choose_traces(
    id: str,
    traces: list[Trace] | None,
    solutions: list[Trace] | None,
    leaks: list[int] | None,
    *,
    params: Params,
) -> list[Trace]:
    """Right traces by the strategy; without one, solutions not known to be wrong."""
    right = right_traces(traces, leaks)
    if params.strategy == "random":
        random.Random(f"{params.seed}/{id}").shuffle(right)
    elif params.strategy != "first":
        sign = 1 if params.strategy == "shortest" else -1
        right.sort(key=lambda trace: sign * (trace["n_tokens"] or 0))
    if right[: params.traces] or not params.use_reference:
        return right[: params.traces]
    return usable_solutions((solutions or [])[: params.traces])
