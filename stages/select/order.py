"""Which rows quotas and the limit take: by an order, and so many of each value."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Annotated

import polars as pl
from pydantic import Field

from pipeline.settings import Settings
from pipeline.sql import decide, evaluate

# A number of rows, or a share of them.
Share = Annotated[float, Field(gt=0, le=1, strict=True)]
Rows = Annotated[int, Field(ge=0, strict=True)] | Share


class Quota(Settings):
    """At most so many rows, or such a share, of each value of `by` (SQL).

    `rows` for every value, or by value; values that it does not name have no quota.
    """

    by: str
    rows: Rows | dict[str, Rows]


def draw_luck(names: pl.Series, seed: int) -> pl.Series:
    """A number in [0, 1) for each name, the same for the same seed."""
    digests = (blake2b(f"{seed}/{n}".encode(), digest_size=6).digest() for n in names)
    return pl.Series([int.from_bytes(d) / 2**48 for d in digests], dtype=pl.Float64)


def number_rows(rows: pl.DataFrame, order_by: str) -> pl.Series:
    """The number of each row in the order of `order_by` (SQL), from 0."""
    index = pl.Series(range(rows.height), dtype=pl.Int64)
    if not order_by or rows.is_empty():
        return index
    # Equal rows stay in the order in which they stand.
    table = rows.with_columns(index.alias("#number"))
    over = f'row_number() over (order by {order_by}, "#number")'
    (number,) = evaluate(table, [over], setting="select.order_by")
    return number.cast(pl.Int64) - 1


def over_quota(rows: pl.DataFrame, quota: Quota, number: pl.Series) -> pl.Series:
    """Whether a row that is still in comes behind the quota of its value."""
    setting = f"select.quotas: by: {quota.by}"
    (value,) = evaluate(rows, [quota.by], setting=setting)
    table = pl.DataFrame({"value": value.cast(pl.String), "number": number})
    table = table.with_row_index("index").filter(rows["reason"].is_null())
    table = table.sort("number").with_columns(
        nth=pl.int_range(pl.len()).over("value"), size=pl.len().over("value")
    )
    pairs = table.select("value", "size").rows()
    most = pl.Series([_bound(quota, *pair) for pair in pairs], dtype=pl.Float64)
    over = table.filter(pl.col("nth") >= most)["index"]
    return pl.Series(range(rows.height), dtype=pl.UInt32).is_in(over.implode())


def _bound(quota: Quota, value: str | None, size: int) -> int:
    rows = quota.rows
    if isinstance(rows, Mapping):
        rows = rows.get(value or "", size)
    return int(rows * size) if isinstance(rows, float) else rows


def rank_lessons(rows: pl.DataFrame, stages: Sequence[str]) -> pl.DataFrame:
    """Add curriculum_rank (0 comes first), and curriculum_stage where there are stages.

    A row is in the first of the `stages` (SQL conditions) that it fulfils; rows in none
    come last, and so do those without a pass rate within their stage.
    """
    stage = pl.lit(None, pl.UInt32)
    if stages:
        holds = decide(rows, stages, setting="select.curriculum")
        for number, is_true in reversed(list(enumerate(holds))):
            stage = (
                pl.when(pl.lit(is_true))
                .then(pl.lit(number, pl.UInt32))
                .otherwise(stage)
            )
        rows = rows.with_columns(curriculum_stage=stage)
        stage = pl.col("curriculum_stage")
    known = "pass_rate" in rows.columns
    rate = pl.col("pass_rate").cast(pl.Float64) if known else pl.lit(None, pl.Float64)
    # Not an expression of constants alone: it would have one value, and not one a row.
    order = rows.with_columns(_stage=stage.fill_null(len(stages)), _rate=-rate)
    order = order.select("_stage", pl.col("_rate").fill_null(1.0))
    rank = order.select(pl.struct("_stage", "_rate").rank("ordinal")).to_series()
    return rows.with_columns(curriculum_rank=rank.cast(pl.UInt32) - 1)
