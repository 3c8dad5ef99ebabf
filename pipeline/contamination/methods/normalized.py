"""Texts that equal an item once everything but letters is gone, digits too.

Published by Light-R1 to catch items whose numbers alone were changed: "Tom has 3
apples!" is a hit of "tom has 17 apples".
"""

import polars as pl

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import hit_table


class Params(Method):
    """There is nothing to set."""


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of the first item that has the letters of a text, in their order."""
    letters = _letters(items["problem"], "item").filter(pl.col("letters") != "")
    letters = letters.unique("letters", keep="first", maintain_order=True)
    pairs = _letters(texts["text"], "text").join(
        letters, on="letters", how="inner", maintain_order="left"
    )
    text, item = pairs["text"], pairs["item"]
    return hit_table(
        text.to_numpy(),
        item.to_numpy(),
        level="near",
        score=1.0,
        span=texts["text"].gather(text),
        item_span=items["problem"].gather(item),
    )


def _letters(texts: pl.Series, name: str) -> pl.DataFrame:
    letters = texts.fill_null("").str.to_lowercase().str.replace_all(r"[^\w]|\d", "")
    return pl.DataFrame({"letters": letters}).with_row_index(name)
