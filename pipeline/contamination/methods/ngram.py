"""Texts that share a run of n words with an item, whatever the run says.

The rule of s1 and Open-R1 (n = 8), AceReason (9), DeepSeekMath and NuminaMath (10) and
Light-R1 (32): texts in lower case, parted at white space. It is blind to changed
numbers and layout, and takes boilerplate ("where m and n are relatively prime positive
integers. Find m+n.") for a leak.
"""

from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import hit_table
from pipeline.contamination.items import index_ngrams
from pipeline.contamination.methods import substring
from pipeline.contamination.words import (
    UNITS,
    count_words,
    hash_ngrams,
    scan_shards,
)
from pipeline.kernels import item_overlap
from pipeline.kernels.published_ngrams import find_word_ngrams
from pipeline.kernels.shards import Array


class Params(Method):
    """Runs of `n` words of a `unit` are compared.

    An item of fewer words has no such run. `short_items: substring` looks for it as a
    whole, `ignore` leaves it out, as the published rules do.
    """

    n: int = Field(default=13, ge=1)
    unit: Literal["whitespace", "word"] = "whitespace"
    short_items: Literal["substring", "ignore"] = "substring"


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of the item a text shares most n-grams with; the score is their share."""
    hits = _find_shared(texts["text"], items["problem"], params)
    if params.short_items == "ignore":
        return hits
    is_short = count_words(items["problem"], params.unit) < params.n
    short = np.flatnonzero(is_short)
    whole = substring.find_hits(texts, items[short], substring.Params())
    numbers = pl.Series(short, dtype=pl.UInt32)
    return pl.concat([hits, whole.with_columns(item=numbers.gather(whole["item"]))])


def _find_shared(texts: pl.Series, items: pl.Series, params: Params) -> pl.DataFrame:
    index = index_ngrams(*hash_ngrams(items, params.n, params.unit))
    sizes = np.maximum(np.bincount(index.holders, minlength=len(items)), 1.0)
    weights = np.ones(len(index.keys))

    def find(data: Array, offsets: Array) -> pl.DataFrame:
        places, ends, begin, end = find_word_ngrams(
            data, offsets, params.n, UNITS[params.unit], index.table
        )
        text, item, share = item_overlap.find_candidates(
            places, ends, index.holders, index.ends, weights, sizes, 0.0
        )
        order = np.lexsort((item, -share, text))
        best = order[np.unique(text[order], return_index=True)[1]]
        text = text[best]
        starts, stops = offsets[text] + begin[text], offsets[text] + end[text]
        span = [
            data[start:stop].tobytes().decode(errors="replace").strip()
            for start, stop in zip(starts, stops, strict=True)
        ]
        return hit_table(
            text,
            item[best],
            level="near",
            score=share[best],
            span=pl.Series(span, dtype=pl.String),
        )

    return scan_shards(find, texts)
