"""Texts that hold the whole of an item, word for word.

Words are runs of letters and digits, in lower case: the item "Compute 3 + 5" is in the
text "Now: compute 3+5, please." if an item may have three words.
"""

from itertools import pairwise

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import HITS, hit_table
from pipeline.contamination.items import index_ngrams
from pipeline.contamination.words import hash_ngrams, scan_shards
from pipeline.dedup.pairs import holds_run
from pipeline.kernels import item_overlap
from pipeline.kernels.published_ngrams import find_word_ngrams, word_ngrams
from pipeline.kernels.shards import Array
from pipeline.kernels.word_tokens import REGEX_WORDS


class Params(Method):
    """Items of at least `min_tokens` words are looked for."""

    min_tokens: int = Field(default=5, ge=1)


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of every item that a text holds."""
    problems = items["problem"]
    heads, ends = hash_ngrams(problems, params.min_tokens, "word")
    has_head = np.diff(ends) > 0
    if not has_head.any():
        return HITS.to_frame()
    first = heads[ends[:-1][has_head]]
    index = index_ngrams(first, np.concatenate([[0], np.cumsum(has_head)]))
    weights, totals = np.ones(len(index.keys)), np.ones(items.height)
    item_words = _split_words(*hash_ngrams(problems, 1, "word"))

    def find(data: Array, offsets: Array) -> pl.DataFrame:
        # Few texts hold the first words of an item; only they are read on.
        places, ends, _, _ = find_word_ngrams(
            data, offsets, params.min_tokens, REGEX_WORDS, index.table
        )
        text, item, _ = item_overlap.find_candidates(
            places, ends, index.holders, index.ends, weights, totals, 1.0
        )
        rows, row = np.unique(text, return_inverse=True)
        few = _gather(data, offsets, rows)
        text_words = _split_words(*word_ngrams(*few, 1, REGEX_WORDS))
        is_whole = np.array(
            [
                holds_run(text_words[few_row], item_words[number], 8)
                for few_row, number in zip(row, item, strict=True)
            ],
            bool,
        )
        text, item = text[is_whole], item[is_whole]
        span = problems.gather(pl.Series(item, dtype=pl.UInt32))
        return hit_table(text, item, level="exact", score=1.0, span=span)

    return scan_shards(find, texts["text"])


def _split_words(words: Array, ends: Array) -> list[bytes]:
    """The hashes of each text's words, 8 bytes a word."""
    return [words[begin:end].tobytes() for begin, end in pairwise(ends)]


def _gather(data: Array, offsets: Array, rows: Array) -> tuple[Array, Array]:
    """The bytes and offsets of some rows of a shard."""
    parts = [data[offsets[row] : offsets[row + 1]] for row in rows]
    ends = np.cumsum([0, *map(len, parts)], dtype=np.int64)
    return np.concatenate([data[:0], *parts]), ends
