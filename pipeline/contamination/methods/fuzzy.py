"""Texts that differ from an item in few characters (OpenThoughts: ratio 95).

The ratio is rapidfuzz's: twice the characters that agree, over all of both texts. It
is blind to numbers, of which one may be another for a character.
"""

import polars as pl
from pydantic import Field

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import hit_table


class Params(Method):
    """`threshold` is the ratio, from 0 to 1, from which on a text is an item."""

    threshold: float = Field(default=0.95, gt=0, le=1)


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS with the ratio as their score."""
    from pipeline.dedup.ngrams import ratio_pairs

    both = pl.concat([items["problem"].fill_null(""), texts["text"].fill_null("")])
    pairs = ratio_pairs(both.to_list(), params.threshold, apart=items.height)
    text = pairs.second - items.height
    return hit_table(text, pairs.first, level="near", score=pairs.score)
