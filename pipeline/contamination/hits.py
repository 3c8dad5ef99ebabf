"""What a method found: one row for each text and benchmark item that meet."""

import numpy as np
import polars as pl

HITS = pl.Schema(
    {
        "text": pl.UInt32,  # number of the text
        "item": pl.UInt32,  # number of the benchmark item
        "level": pl.String,  # exact, near, sibling or boilerplate
        "score": pl.Float32,
        "span": pl.String,  # what the text holds of the item
        "item_span": pl.String,  # where in the item
        "same_answer": pl.Boolean,  # null where one of them has none
    }
)
LEVELS = ("exact", "near", "sibling", "boilerplate")  # the worst first
Array = np.ndarray


def hits(
    text: Array,
    item: Array,
    *,
    level: str | list[str],
    score: Array | float,
    span: pl.Series | None = None,
    item_span: pl.Series | None = None,
) -> pl.DataFrame:
    """A table of hits."""
    absent = pl.Series([None], dtype=pl.String).new_from_index(0, len(text))
    return pl.DataFrame(
        {
            "text": pl.Series(text, dtype=pl.UInt32),
            "item": pl.Series(item, dtype=pl.UInt32),
            "level": [level] * len(text) if isinstance(level, str) else level,
            "score": np.broadcast_to(np.asarray(score, np.float32), len(text)),
            "span": absent if span is None else span,
            "item_span": absent if item_span is None else item_span,
            "same_answer": pl.Series([None] * len(text), dtype=pl.Boolean),
        },
        schema=HITS,
    )


def closest(found: pl.DataFrame) -> pl.DataFrame:
    """The hit of each text with the worst level, then the highest score."""
    rank = pl.col("level").replace_strict(
        list(LEVELS), range(len(LEVELS)), return_dtype=pl.Int8
    )
    return (
        found.with_columns(_rank=rank)
        .sort("text", "_rank", pl.col("score").neg(), "item")
        .unique("text", keep="first", maintain_order=True)
        .drop("_rank")
    )
