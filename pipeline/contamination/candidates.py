"""Which items a text may hold: those of which it has some n-grams.

An item that is too short for an n-gram is proposed where its first tokens stand.
Every text is read once, the sample too in which words are counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.contamination.contract import Read
from pipeline.contamination.escaped import read_escaped
from pipeline.contamination.items import (
    Items,
    NgramIndex,
    compared_tokens,
    index_ngrams,
)
from pipeline.contamination.sample import Sample, pick_rows, sample_step
from pipeline.contamination.weights import rarity
from pipeline.kernels import item_overlap
from pipeline.kernels.latex_tokens import tokenise_shard
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

GATE = 0.12  # of an item's n-grams by weight, to be looked at closely
GATE_TEXTS = 12_800  # in fewer texts, n-grams are weighed as in so many
TINY = 3  # tokens; a shorter item is found in any text
KEPT_BYTES = 512 << 20  # of what is found in texts

Matches = tuple[Array, Array]  # of texts, and where those of each end, or their sizes


@dataclass(frozen=True)
class Proposals:
    """Pairs (text, item) to be looked at, and the texts of these pairs, `involved`.

    Texts go by their number among all; `row` is that among the involved. `counts` are
    the texts, of all, that hold each n-gram of items, and `matches` the n-grams in the
    involved ones. `sample` is what words are counted in.
    """

    involved: Array
    texts: pl.Series
    matches: tuple[Array, Array]
    counts: Array
    row: Array
    item: Array
    sample: Sample

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
    lookups = [(items.n, index.table), (TINY, short.table)]
    held, known = np.diff(index.ends), len(index.keys)

    def scan(shard: pl.Series, rows: Array) -> tuple[list[Matches], Matches]:
        tokens, _ = compared_tokens(tokenise_shard(shard, drawings=False))
        found = [find_token_ngrams(tokens.codes, tokens.ends, *way) for way in lookups]
        return found, _take(tokens.codes, tokens.ends, rows)

    def shards() -> Iterator[pl.Series]:
        parts = (part.fill_null("") for part in read())
        return chain.from_iterable(map(split_shards, parts))

    step, sample = sample_step(texts), list[Matches]()
    counts, kept, size = np.zeros(known, np.int64), list[list[Matches]](), 0
    parts = pick_rows(map(read_escaped, shards()), step)
    for found, sampled in map_threads(lambda part: scan(*part), parts):
        matches, ends = found[0]
        counts += count_texts(matches, ends, known, np.zeros(len(ends) - 1, bool))
        sample.append(sampled)
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
        if number < len(kept):
            found = kept[number]
        else:
            found, _ = scan(read_escaped(shard), np.zeros(0, int))
        pairs = [_find_pairs(*each) for each in zip(found, ways, strict=True)]
        distinct = np.unique(np.concatenate(pairs), axis=0)
        rows = np.unique(distinct[:, 0])
        # As texts of their own: a slice would keep all texts of the shard.
        own = read_escaped(shard[rows]).to_list()
        return Chosen(distinct, rows, own, *_take(*found[0], rows), len(shard))

    chosen = map_threads(choose, enumerate(shards()))
    return _join(chosen, counts, Sample(step, *_concatenate(sample)))


class Chosen(NamedTuple):
    """Of a shard: its pairs (text, item), the texts in them, and their matches."""

    pairs: Array
    rows: Array
    texts: list[str]
    matches: Array
    sizes: Array
    height: int


def _join(shards: Iterable[Chosen], counts: Array, sample: Sample) -> Proposals:
    parts, texts = [], list[str]()
    start = 0
    for shard in shards:
        row = np.searchsorted(shard.rows, shard.pairs[:, 0]) + len(texts)
        arrays = shard.rows + start, shard.matches, shard.sizes, row, shard.pairs[:, 1]
        parts.append(arrays)
        texts += shard.texts
        start += shard.height
    involved, matches, sizes, row, item = map(np.concatenate, zip(*parts, strict=True))
    ends = np.r_[0, np.cumsum(sizes)]
    column = pl.Series(texts, dtype=pl.String)
    return Proposals(involved, column, (matches, ends), counts, row, item, sample)


def _concatenate(parts: list[Matches]) -> Matches:
    """What `_take` gives, one after the other, and where those of each text end."""
    arrays, sizes = map(np.concatenate, zip(*parts, strict=True))
    return arrays, np.r_[0, np.cumsum(sizes)]


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
