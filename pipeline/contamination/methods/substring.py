"""Texts that hold the whole of an item, word for word.

Words are runs of letters and digits: "Now: compute 3+5, please." holds the item
"Compute 3 + 5" if an item may have three words.
"""

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import HITS, hit_table
from pipeline.contamination.words import count_words, hash_ngrams, scan_shards
from pipeline.kernels import hash_table
from pipeline.kernels.published_ngrams import WORDS, find_word_ngrams
from pipeline.kernels.shards import Array


class Params(Method):
    """Items of `min_tokens` to `max_tokens` words are looked for."""

    min_tokens: int = Field(default=5, ge=1)
    max_tokens: int = Field(default=64, ge=1)


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of every item that a text holds."""
    problems = items["problem"]
    sizes = np.where(detects(problems, params), count_words(problems, "word"), 0)
    groups = {
        int(size): _distinct_items(problems, sizes == size, int(size))
        for size in np.unique(sizes[sizes > 0])
    }
    if not groups:
        return HITS.to_frame()
    heads, ends = hash_ngrams(problems, params.min_tokens, "word")
    first = heads[ends[:-1][np.diff(ends) > 0]]
    beginnings = hash_table.build_table(hash_table.group_ids(first)[1])

    def find(data: Array, offsets: Array) -> pl.DataFrame:
        # Few texts hold the first words of an item; only they are read on.
        match = find_word_ngrams(data, offsets, params.min_tokens, WORDS, beginnings)
        rows = np.flatnonzero(np.diff(match[1]) > 0)
        data, offsets = _gather(data, offsets, rows)
        pairs = [np.zeros((0, 2), np.int64)]
        for size, (table, numbers) in groups.items():
            place, ends, _, _ = find_word_ngrams(data, offsets, size, WORDS, table)
            text = np.repeat(rows, np.diff(ends))
            pairs.append(np.stack([text, numbers[place.astype(np.int64)]], 1))
        text, item = np.unique(np.concatenate(pairs), axis=0).T
        span = problems.gather(pl.Series(item, dtype=pl.UInt32))
        return hit_table(text, item, level="exact", score=1.0, span=span)

    return scan_shards(find, texts["text"])


def detects(problems: pl.Series, params: Params) -> Array:
    """Items that have as many words as are looked for (bool)."""
    words = count_words(problems, "word")
    chosen: Array = (words >= params.min_tokens) & (words <= params.max_tokens)
    return chosen


def _distinct_items(
    problems: pl.Series, chosen: Array, size: int
) -> tuple[hash_table.Table, Array]:
    """A lookup of the chosen items, each one n-gram of `size` words, and their numbers.

    Of items that are equal the first is taken.
    """
    numbers = np.flatnonzero(chosen)
    keys, _ = hash_ngrams(problems.filter(pl.Series(chosen)), size, "word")
    distinct, first = np.unique(keys, return_index=True)
    return hash_table.build_table(distinct), numbers[first]


def _gather(data: Array, offsets: Array, rows: Array) -> tuple[Array, Array]:
    """The bytes and offsets of some rows of a shard."""
    parts = [data[offsets[row] : offsets[row + 1]] for row in rows]
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return np.concatenate([data[:0], *parts]), ends
