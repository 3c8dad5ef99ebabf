"""Which items a text may hold: those of which it has some n-grams.

An item that is too short for an n-gram is proposed where its first tokens stand.
"""

import numpy as np
import polars as pl

from pipeline.contamination.items import (
    Items,
    NgramIndex,
    compared_tokens,
    index_ngrams,
)
from pipeline.contamination.weights import rarity
from pipeline.kernels import item_overlap
from pipeline.kernels.latex_tokens import tokenise_shard
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

GATE = 0.12  # of an item's n-grams by weight, to be looked at closely
GATE_TEXTS = 12_800  # in fewer texts, n-grams are weighed as in so many
TINY = 3  # tokens; a shorter item is found in any text


def propose_pairs(
    texts: pl.Series, items: Items
) -> tuple[tuple[Array, Array], Array, Array]:
    """The n-grams of items in each text, and (text, item) that share enough of them.

    Or the beginning of a short item.
    """
    index, short, count = items.index, _index_short_items(items), len(items)
    lookups = (items.n, index.table), (TINY, short.table)

    def scan_shard(part: pl.Series) -> list[tuple[Array, Array]]:
        tokens, _ = compared_tokens(tokenise_shard(part, drawings=False))
        return [
            find_token_ngrams(tokens.codes, tokens.ends, n, table)
            for n, table in lookups
        ]

    shards = map_threads(scan_shard, split_shards(texts))
    matches, short_matches = map(_join_shards, zip(*shards, strict=True))
    held = np.diff(index.ends)
    none = np.zeros(len(texts), bool)
    counts = count_texts(*matches, len(index.keys), none) + held
    weights = rarity(counts, max(len(texts) + count, GATE_TEXTS))
    totals = np.bincount(index.holders, np.repeat(weights, held), minlength=count)
    text, item, _ = item_overlap.find_candidates(
        *matches, index.holders, index.ends, weights, np.maximum(totals, 1e-9), GATE
    )
    short_text, short_item, _ = item_overlap.find_candidates(
        *short_matches,
        short.holders,
        short.ends,
        np.ones(len(short.keys)),
        np.ones(count),
        GATE,
    )
    pairs = np.stack([np.r_[text, short_text], np.r_[item, short_item]], 1)
    distinct = np.unique(pairs.astype(np.int64), axis=0)
    return matches, distinct[:, 0], distinct[:, 1]


def _join_shards(shards: tuple[tuple[Array, Array], ...]) -> tuple[Array, Array]:
    """Matches of all texts, and where those of each end."""
    sizes = np.concatenate([np.diff(ends) for _, ends in shards])
    matches = np.concatenate([matches for matches, _ in shards])
    return matches, np.concatenate([[0], np.cumsum(sizes)])


def _index_short_items(items: Items) -> NgramIndex:
    """Items that are too short for an n-gram, by their first TINY tokens."""
    sizes, begins = items.sizes, items.tokens.ends[:-1]
    is_short = (sizes >= TINY) & (sizes < items.n)
    places = (begins[is_short][:, None] + np.arange(TINY)).ravel()
    ends = np.arange(0, len(places) + 1, TINY)
    keys, _ = token_ngrams(items.tokens.codes[places], ends, TINY)
    return index_ngrams(keys, np.concatenate([[0], np.cumsum(is_short)]))
