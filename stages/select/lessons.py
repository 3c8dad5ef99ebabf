"""The order of lessons: stages one after the other, in each the easiest first."""

from collections.abc import Sequence

import polars as pl

from pipeline.sql import decide


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
