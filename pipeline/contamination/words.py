"""Words as published rules count them, and n-grams of them in shards of texts.

`whitespace` parts words at white space and keeps punctuation, `word` takes runs of
letters and digits. Case does not count.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from pipeline.contamination.hits import HITS
from pipeline.kernels.published_ngrams import lowercase_bytes, word_ngrams
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.word_tokens import REGEX_WORDS, WHITESPACE

UNITS = {"whitespace": WHITESPACE, "word": REGEX_WORDS}


def hash_ngrams(texts: pl.Series, n: int, unit: str) -> tuple[Array, Array]:
    """N-grams of all texts uint64, and where those of each end, int64 (texts + 1,)."""
    keys, ends = word_ngrams(*lowercase_bytes(texts), n, UNITS[unit])
    return keys, ends


def count_words(texts: pl.Series, unit: str) -> Array:
    """How many words each text has, int64 (texts,)."""
    return np.diff(hash_ngrams(texts, 1, unit)[1])


def scan_shards(
    find: Callable[[Array, Array], pl.DataFrame], texts: pl.Series
) -> pl.DataFrame:
    """HITS of all texts, where `find` gives those of a shard's bytes and offsets."""
    shards = map_threads(lambda part: find(*lowercase_bytes(part)), split_shards(texts))
    tables, start = [HITS.to_frame()], 0
    for part, hits in zip(split_shards(texts), shards, strict=True):
        tables.append(hits.with_columns(pl.col("text") + start))
        start += len(part)
    return pl.concat(tables)
