"""Which items a text may hold: those of which it has some n-grams.

An item that is too short for an n-gram is proposed where its first tokens stand.
Every text is read once, the sample too in which words are counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import NamedTuple

import numpy as np
import polars as pl

from pipeline.cluster.each import each, is_cluster, ready
from pipeline.contamination.items import (
    Items,
    NgramIndex,
    compared_tokens,
    index_ngrams,
)
from pipeline.contamination.parts import Part, Texts
from pipeline.contamination.pasted import APART, read_contents
from pipeline.contamination.sample import (
    SAMPLE_BYTES,
    Sample,
    clip,
    pick_rows,
    sample_step,
)
from pipeline.contamination.weights import rarity
from pipeline.kernels import item_overlap
from pipeline.kernels.characters import plain_bytes
from pipeline.kernels.hash_table import Table, build_table
from pipeline.kernels.latex_tokens import Tokens
from pipeline.kernels.layout import strip_layout
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.token_ngrams import (
    copy_rows,
    count_texts,
    find_few_ngrams,
    find_token_ngrams,
    token_ngrams,
)

GATE = 0.12  # of an item's n-grams by weight, to be looked at closely
GATE_TEXTS = 12_800  # in fewer texts, n-grams are weighed as in so many
TINY = 3  # tokens; a shorter item is found in any text
KEPT_BYTES = 512 << 20  # of what is found in texts

Matches = tuple[Array, Array]  # of texts, and where those of each end, or their sizes
Found = tuple[Matches, ...]  # n-grams of items, and beginnings of short ones
JudgedBy = tuple[NgramIndex, Array, Array]  # what its n-grams weigh, and those of items


@dataclass(frozen=True)
class Proposals:
    """Pairs (text, item) to be looked at, and the texts of these pairs, `involved`.

    Texts go by their number among all; `row` is that among the involved, where a text
    that is read in several ways is more than once. `counts` are the texts, of all, that
    hold each n-gram of items, and `matches` the n-grams in the involved ones. `sample`
    is what words are counted in.
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


class Lookups(NamedTuple):
    """How n-grams of items are looked for: by their sizes and tables.

    `known` n-grams are in the first table; `short` are those of short items, and the
    tokens that they end with. Every `step`th text is in the sample. `keeps`: what is
    found in a text is wanted again.
    """

    long: tuple[int, Table]
    short: tuple[int, Table, Array]
    known: int
    step: int
    keeps: bool


class Scanned(NamedTuple):
    """Of a shard: which n-grams are in how many texts, what is sampled, the matches."""

    seen: Array
    times: Array
    sampled: tuple[Array, Array, Array]  # codes, how many of each text, its bytes
    found: Found


def propose_pairs(texts: Texts, count: int, items: Items) -> Proposals:
    """The texts and items that share enough n-grams, or the beginning of a short item.

    All n-grams are counted before any text is judged by them. What was found in a text
    is kept for that as long as it is not too much, and then is sought again; on a
    cluster it always is.
    """
    index, (short, lasts) = items.index, _index_short_items(items)
    held, known = np.diff(index.ends), len(index.keys)
    ways = (items.n, index.table), (TINY, short.table, lasts)
    step, is_here = sample_step(count), not is_cluster()
    lookups = Lookups(*ways, known, step, keeps=is_here)
    sample, room = list[Matches](), SAMPLE_BYTES
    counts, kept, size = np.zeros(known, np.int64), list[list[Found]](), 0
    for shards in each(ready(partial(_scan, lookups)), texts.parts(), by=map_threads):
        for shard in shards:
            counts[shard.seen] += shard.times
            sample.append(clip(*shard.sampled, room, least=not sample))
            room -= int(shard.sampled[2].sum())
            size += sum(array.nbytes for pair in shard.found for array in pair)
        if is_here and size <= KEPT_BYTES:
            kept.append([shard.found for shard in shards])
    weights = rarity(counts + held, max(count + len(items), GATE_TEXTS))
    totals = np.bincount(index.holders, np.repeat(weights, held), minlength=len(items))
    judged_by = (
        (index, weights, np.maximum(totals, 1e-9)),
        (short, np.ones(len(short.keys)), np.ones(len(items))),
    )
    choose = ready(partial(_choose, lookups, judged_by))
    parts = zip_longest(texts.parts(), kept, fillvalue=None)
    chosen = each(choose, parts, by=map_threads)
    joined = Sample(step, *_concatenate(sample))
    return _join(chain.from_iterable(chosen), counts, joined)


def _scan(lookups: Lookups, part: Part) -> list[Scanned]:
    scanned, start = [], part.start
    for text, tokens in _read(part.read()):
        found = _find(lookups, tokens)
        rows, sizes = pick_rows(start, text, lookups.step)
        sampled = *_take(tokens.codes, tokens.ends, rows), sizes
        none = np.zeros(len(text), bool)
        counts = count_texts(*found[0], lookups.known, none)
        seen = np.flatnonzero(counts)
        kept = found if lookups.keeps else ()
        scanned.append(Scanned(seen, counts[seen], sampled, kept))
        start += len(text)
        del tokens  # or their arrays are there beside those of the next shard
    return scanned


def _read(texts: pl.Series) -> Iterator[tuple[pl.Series, Tokens]]:
    """The texts of each shard, and their tokens as they are compared."""
    read = read_contents(texts, barely=True)
    bare, start = strip_layout(read), 0
    for shard in split_shards(texts):
        own = slice(start, start + len(shard))
        yield read[own], compared_tokens(*plain_bytes(bare[own]))
        start = own.stop


def _find(lookups: Lookups, tokens: Tokens) -> Found:
    codes, ends = tokens.codes, tokens.ends
    long = find_token_ngrams(codes, ends, *lookups.long)
    return long, find_few_ngrams(codes, ends, *lookups.short)


class Chosen(NamedTuple):
    """Of a shard: its pairs (reading, item), the texts of readings, and their matches.

    The first reading of a text has the matches of all.
    """

    pairs: tuple[Array, Array]
    rows: Array
    texts: list[str]
    matches: Array
    sizes: Array
    height: int


def _choose(
    lookups: Lookups,
    judged_by: tuple[JudgedBy, ...],
    part: tuple[Part, list[Found] | None],
) -> list[Chosen]:
    """The pairs of a part, of which it may be known what was found."""
    chosen, texts = [], part[0].read()
    kept = part[1] or (_find(lookups, tokens) for _, tokens in _read(texts))
    for shard, found in zip(split_shards(texts), kept, strict=True):
        pairs = [_find_pairs(*each) for each in zip(found, judged_by, strict=True)]
        items = len(judged_by[0][2])
        distinct = np.divmod(np.unique(np.concatenate(pairs)), items)
        rows = np.unique(distinct[0])
        own = [text.split(APART) for text in read_contents(shard[rows], barely=True)]
        times = np.array([len(readings) for readings in own], np.int64)
        place = np.searchsorted(rows, distinct[0])
        first = np.repeat(
            np.cumsum(times)[place] - np.cumsum(times[place]), times[place]
        )
        reading = first + np.arange(len(first))
        matches, found_sizes = _take(*found[0], rows)
        sizes = np.zeros(times.sum(), found_sizes.dtype)
        sizes[np.cumsum(times) - times] = found_sizes
        # As texts of their own: a slice would keep all texts of the shard.
        chosen.append(
            Chosen(
                (reading, np.repeat(distinct[1], times[place])),
                np.repeat(rows, times), [*chain(*own)], matches, sizes, len(shard),
            )
        )  # fmt: skip
    return chosen


def _join(shards: Iterable[Chosen], counts: Array, sample: Sample) -> Proposals:
    parts, texts = [], list[str]()
    start = 0
    for shard in shards:
        row = shard.pairs[0] + len(texts)
        arrays = shard.rows + start, shard.matches, shard.sizes, row, shard.pairs[1]
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


def _find_pairs(matches: Matches, way: JudgedBy) -> Array:
    """Texts and items that share enough of the item's n-grams: text * items + item."""
    index, weights, totals = way
    text, item, _ = item_overlap.find_candidates(
        *matches, index.holders, index.ends, weights, totals, GATE
    )
    pairs: Array = text.astype(np.int64) * len(totals) + item
    return pairs


def _take(matches: Array, ends: Array, rows: Array) -> tuple[Array, Array]:
    """The matches of some rows, one after the other, and how many each has."""
    sizes = np.diff(ends)[rows]
    taken = np.empty(sizes.sum(), matches.dtype)
    copy_rows(matches, ends, rows, taken)
    return taken, sizes


def _index_short_items(items: Items) -> tuple[NgramIndex, Array]:
    """Items that are too short for an n-gram, by their first TINY tokens.

    And the Bloom bits of the last of these.
    """
    sizes, begins = items.sizes, items.tokens.ends[:-1]
    is_short = (sizes >= TINY) & (sizes < items.n)
    places = (begins[is_short][:, None] + np.arange(TINY)).ravel()
    ends = np.arange(0, len(places) + 1, TINY)
    codes = items.tokens.codes[places]
    keys, _ = token_ngrams(codes, ends, TINY)
    lasts, _, _ = build_table(np.unique(codes[TINY - 1 :: TINY]))
    return index_ngrams(keys, np.concatenate([[0], np.cumsum(is_short)])), lasts
