"""SQL of a recipe as numbers or conditions, and a mistake where it is neither."""

from collections.abc import Sequence

import polars as pl

from pipeline.errors import UserError
from pipeline.sql import evaluate


def numbers(
    rows: pl.DataFrame, expressions: Sequence[str], *, setting: str
) -> list[pl.Series]:
    """The value (float64) of each expression for each row; truth counts as 1."""
    values = evaluate(rows, expressions, setting=setting)
    for expression, value in zip(expressions, values, strict=True):
        if not (value.dtype.is_numeric() or value.dtype in (pl.Boolean, pl.Null)):
            raise UserError(f"{setting}: {expression!r} is no number")
    return [value.cast(pl.Float64) for value in values]


def conditions(
    rows: pl.DataFrame, expressions: Sequence[str], *, setting: str
) -> list[pl.Series]:
    """Whether each expression is true for each row; what is null is not."""
    values = evaluate(rows, expressions, setting=setting)
    for expression, value in zip(expressions, values, strict=True):
        if value.dtype not in (pl.Boolean, pl.Null):
            raise UserError(f"{setting}: {expression!r} is neither true nor false")
    return [value.cast(pl.Boolean).fill_null(value=False) for value in values]
