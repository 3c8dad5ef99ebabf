"""Which items a text may hold: those of which it has some n-grams.

An item that is too short for an n-gram is proposed where its first tokens stand.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from pipeline.contamination.contract import Read
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
KEPT_BYTES = 512 << 20  # of what is found in texts


@dataclass(frozen=True)
class Proposals:
    """Pairs (text, item) to be looked at, and the texts of these pairs, `involved`.

    Texts go by their number among all; `row` is that among the involved. `counts` are
    the texts, of all, that hold each n-gram of items, and `matches` the n-grams in the
    involved ones.
    """

    involved: Array
    texts: pl.Series
    matches: tuple[Array, Array]
    counts: Array
    row: Array
    item: Array

    @property
    def text(self) -> Array:
        """The number of each pair's text."""
        text: Array = self.involved[self.row]
        return text

    def count_others(self, copies: Array) -> Array:
        """In how many texts that are not `copies` (bool, of all texts) n-grams are.

        Only involved ones can be.
        """
        known, others = len(self.counts), ~copies[self.involved]
        counts: Array = self.counts - count_texts(*self.matches, known, others)
        return counts


def propose_pairs(read: Read, texts: int, items: Items) -> Proposals:
    """The texts and items that share enough n-grams, or the beginning of a short item.

    All n-grams are counted before any text is judged by them. What was found in a text
    is kept for that as long as it is not too much, and then is sought again.
    """
    index, short = items.index, _index_short_items(items)
    lookups = (items.n, index.table), (TINY, short.table)
    held, known = np.diff(index.ends), len(index.keys)

    def scan(shard: pl.Series) -> list[tuple[Array, Array]]:
        tokens, _ = compared_tokens(tokenise_shard(shard, drawings=False))
        return [
            find_token_ngrams(tokens.codes, tokens.ends, n, table)
            for n, table in lookups
        ]

    def shards() -> Iterator[pl.Series]:
        return chain.from_iterable(map(split_shards, read()))

    counts, kept, size = np.zeros(known, np.int64), list[Any](), 0
    for found in map_threads(scan, shards()):
        matches, _ = found
        counts += count_texts(*matches, known, np.zeros(len(matches[1]) - 1, bool))
        size += sum(array.nbytes for pair in found for array in pair)
        if size <= KEPT_BYTES:
            kept.append(found)
    weights = rarity(counts + held, max(texts + len(items), GATE_TEXTS))
    totals = np.bincount(index.holders, np.repeat(weights, held), minlength=len(items))
    ways = (
        (index, weights, np.maximum(totals, 1e-9)),
        (short, np.ones(len(short.keys)), np.ones(len(items))),
    )

    def choose(numbered: tuple[int, pl.Series]) -> Chosen:
        number, shard = numbered
        found = kept[number] if number < len(kept) else scan(shard)
        pairs = [_find_pairs(*each) for each in zip(found, ways, strict=True)]
        distinct = np.unique(np.concatenate(pairs), axis=0)
        rows = np.unique(distinct[:, 0])
        matches, ends = found[0]
        chosen = _take(matches, ends, rows)
        # As texts of their own: a slice would keep all texts of the shard.
        return Chosen(distinct, rows, shard.gather(rows).to_list(), *chosen, len(shard))

    return _join(map_threads(choose, enumerate(shards())), counts)


class Chosen(NamedTuple):
    """Of a shard: its pairs (text, item), the texts in them, and their matches."""

    pairs: Array
    rows: Array
    texts: list[str]
    matches: Array
    sizes: Array
    height: int


def _join(shards: Iterable[Chosen], counts: Array) -> Proposals:
    parts, texts = [], list[str]()
    start = 0
    for shard in shards:
        row = np.searchsorted(shard.rows, shard.pairs[:, 0]) + len(texts)
        arrays = shard.rows + start, shard.matches, shard.sizes, row, shard.pairs[:, 1]
        parts.append(arrays)
        texts += shard.texts
        start += shard.height
    none = np.zeros(0, np.int64)
    involved, matches, sizes, row, item = (
        (np.concatenate(each) for each in zip(*parts, strict=True))
        if parts
        else [none] * 5
    )
    ends = np.concatenate([[0], np.cumsum(sizes)])
    column = pl.Series(texts, dtype=pl.String)
    return Proposals(involved, column, (matches, ends), counts, row, item)


def _find_pairs(
    matches: tuple[Array, Array], way: tuple[NgramIndex, Array, Array]
) -> Array:
    """(text, item), int64 (pairs, 2), that share enough of the item's n-grams."""
    index, weights, totals = way
    text, item, _ = item_overlap.find_candidates(
        *matches, index.holders, index.ends, weights, totals, GATE
    )
    return np.stack([text, item], 1).astype(np.int64)


def _take(matches: Array, ends: Array, rows: Array) -> tuple[Array, Array]:
    """The matches of some rows, one after the other, and how many each has."""
    parts = [matches[ends[row] : ends[row + 1]] for row in rows]
    taken = np.concatenate([np.zeros(0, matches.dtype), *parts])
    return taken, np.diff(ends)[rows]


def _index_short_items(items: Items) -> NgramIndex:
    """Items that are too short for an n-gram, by their first TINY tokens."""
    sizes, begins = items.sizes, items.tokens.ends[:-1]
    is_short = (sizes >= TINY) & (sizes < items.n)
    places = (begins[is_short][:, None] + np.arange(TINY)).ravel()
    ends = np.arange(0, len(places) + 1, TINY)
    keys, _ = token_ngrams(items.tokens.codes[places], ends, TINY)
    return index_ngrams(keys, np.concatenate([[0], np.cumsum(is_short)]))
