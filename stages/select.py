"""Choose what is trained on: traces per problem, quotas, and the order of lessons.

Reasons: `over_quota`, `over_limit`.
"""

import random
from typing import Any, Literal

import polars as pl
from pydantic import Field

from pipeline.filter import drop
from pipeline.settings import Settings

CHOSEN = pl.List(
    pl.Struct({"text": pl.String, "model": pl.String, "n_tokens": pl.Int32})
)
COLUMNS = pl.Schema({"chosen": CHOSEN, "curriculum_rank": pl.UInt32()})
Trace = dict[str, Any]


class Params(Settings):
    """`quota` and `domain_quota` are rows kept, the first in order; 0 excludes."""

    traces: int = Field(default=1, ge=0)
    strategy: Literal["shortest", "longest", "first", "random"] = "shortest"
    use_reference: bool = True
    quota: dict[str, int] = Field(default_factory=dict)
    domain_quota: dict[str, int] = Field(default_factory=dict)
    limit: int | None = Field(default=None, ge=0)
    seed: int = 0


def judge(rows: pl.DataFrame, params: Params) -> pl.DataFrame:
    """Add chosen (traces for SFT) and curriculum_rank (0 is the easiest)."""
    rows = rows.with_columns(
        chosen=pl.Series(_chosen(rows, params), dtype=CHOSEN),
        curriculum_rank=pl.col("pass_rate")
        .fill_null(-1.0)
        .rank("ordinal", descending=True)
        .cast(pl.UInt32)
        - 1,
    )
    for column, quotas in (
        ("source", params.quota),
        ("domain", params.domain_quota),
    ):
        place = pl.int_range(pl.len()).over(column)
        for name, quota in quotas.items():
            over = (pl.col(column) == name) & (place >= quota)
            rows = drop(rows, over, "over_quota")
    if params.limit is not None:
        stays = pl.col("reason").is_null()
        over = stays & (stays.cum_sum() > params.limit)
        rows = drop(rows, over, "over_limit")
    return rows


def _chosen(rows: pl.DataFrame, params: Params) -> list[list[Trace]]:
    leaks = (
        pl.col("leaking_traces")
        if "leaking_traces" in rows.columns
        else pl.lit([], pl.List(pl.UInt32))
    )
    told = rows.select("id", "traces", "solutions", leaks.alias("leaks")).rows()
    return [_pick(*row, params=params) for row in told]


def _pick(
    id: str,
    traces: list[Trace] | None,
    solutions: list[Trace] | None,
    leaks: list[int] | None,
    *,
    params: Params,
) -> list[Trace]:
    """Right traces by the strategy; without one, solutions not known to be wrong.

    Traces that recite a benchmark item are passed over.
    """
    right = [
        trace
        for place, trace in enumerate(traces or [])
        if trace["correct"] and place not in (leaks or ())
    ]
    if params.strategy == "random":
        random.Random(f"{params.seed}/{id}").shuffle(right)
    elif params.strategy != "first":
        sign = 1 if params.strategy == "shortest" else -1
        right.sort(key=lambda trace: sign * (trace["n_tokens"] or 0))
    picked = [
        {"text": t["completion"], "model": t["model"], "n_tokens": t["n_tokens"]}
        for t in right[: params.traces]
    ]
    if picked or not params.use_reference:
        return picked
    return [
        {"text": solution["text"], "model": solution["model"], "n_tokens": None}
        for solution in (solutions or [])[: params.traces]
        if solution["correct"] is not False and solution["text"]
    ]
