"""Coverage: how much of a benchmark item a text holds, rare words counting more.

N-grams propose items. Each proposal is then looked at closely: the part of the text
that holds most of the item is found, and in it the weighted shares of the item's words
and of its pairs of neighbouring words, the longest common run, and the numbers. Words
alone do not make a leak. With other numbers the text is a sibling of the item: "Aya
walks twelve kilometers" for "Aya walks nine kilometers". Answers are the second
witness: where they agree, less of the wording is enough.

An item too short for n-grams is found where the text holds the whole of it, and where
its formula does not go on: 3+5 is in "Compute 3+5." and not in "Compute 3+5-2.".
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.contract import Method
from pipeline.contamination.hits import HITS, LEVELS, hit_table
from pipeline.contamination.items import (
    ComparedTokens,
    Items,
    compared_tokens,
    prepare_items,
    rarity,
)
from pipeline.kernels import hash_table, item_overlap
from pipeline.kernels.answer_codes import answer_codes
from pipeline.kernels.latex_tokens import tokenise, tokenise_shard
from pipeline.kernels.latex_vocabulary import plain_text
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.token_ngrams import count_texts, token_ngrams

GATE = 0.12  # of an item's n-grams by weight, to be looked at closely
SHORT = 12  # tokens; a shorter item must be there as a whole, or nearly
FORMULA = 4  # words; an item that has no more is a formula
TINY = 3  # tokens; a shorter one is found in any text
EXACT, NEAR, SIBLING, BOILERPLATE = range(len(LEVELS))


class Params(Method):
    """`n` tokens are an n-gram; an item is there from the share `threshold` on.

    The share may be 0.1 lower where the answers agree. It has to be 0.9 where they do
    not, or where the item is short.
    """

    n: int = Field(default=4, ge=2)
    threshold: float = Field(default=0.65, gt=0, le=1)


@dataclass(frozen=True)
class Reading:
    """Texts as tokens, with the bytes at which each token begins and stops."""

    texts: pl.Series
    tokens: ComparedTokens
    starts: Array  # int64 (tokens,)
    stops: Array


@dataclass(frozen=True)
class Comparison:
    """Pairs of a text and an item: arrays (pairs,), spans int64 (2, pairs)."""

    measures: item_overlap.OverlapMeasures
    size: Array  # tokens of the item
    words: Array  # words of the item
    is_whole: Array  # bool: the text holds the item, token for token
    goes_on: Array  # bool: and its formula goes on, so that it is another one
    span: Array  # from which token of the text to which
    item_span: Array

    @property
    def share(self) -> Array:
        """The share of the item that the text holds."""
        share: Array = (self.measures.tokens + self.measures.pairs) / 2
        return share


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> pl.DataFrame:
    """HITS of the item that each text holds most of, with the spans of both."""
    if not items.height or not texts.height:
        return HITS.to_frame()
    known = prepare_items(items["problem"], texts["text"], params.n)
    text, item = _propose_pairs(texts["text"], known)
    involved, row = np.unique(text, return_inverse=True)
    reading = _read(texts["text"], involved, known)
    pairs = _compare(reading, row, known, item)
    same_answer = _compare_answers(
        answer_codes(texts["answer"])[text], answer_codes(items["answer"])[item]
    )
    level = choose_levels(pairs, same_answer, params.threshold)
    score = np.where(pairs.is_whole, 1.0, pairs.share)
    order = np.lexsort((-score, level, text))
    best = order[np.unique(text[order], return_index=True)[1]]
    met, item_row = np.unique(item[best], return_inverse=True)
    return hit_table(
        text[best],
        item[best],
        level=np.array(LEVELS)[level[best]],
        score=score[best].round(4),
        span=_cut_spans(reading, row[best], pairs.span[:, best]),
        item_span=_cut_spans(
            _read(known.problems, met, known), item_row, pairs.item_span[:, best]
        ),
        same_answer=pl.Series(same_answer[best]).replace_strict(
            {1: True, -1: False, 0: None}, return_dtype=pl.Boolean
        ),
    )


def detects(problems: pl.Series, params: Params) -> Array:
    """Items of TINY tokens or more (bool)."""
    is_seen: Array = np.diff(tokenise(problems).ends) >= TINY
    return is_seen


def _compare(reading: Reading, row: Array, items: Items, item: Array) -> Comparison:
    """What is measured of each row of `reading` and the item beside it."""
    here, there = reading.tokens.row, items.tokens.row
    measures = item_overlap.overlap_measures(
        here, row, there, item, items.token_weights, items.pair_weights
    )
    start, goes_on = item_overlap.find_whole_items(
        here, reading.starts, reading.stops, row, there, item
    )
    size = items.tokens.sizes[item]
    is_whole = (start >= 0) & ~goes_on & (size >= TINY)
    part = measures.begin, measures.end
    item_part = measures.item_begin, measures.item_end
    return Comparison(
        measures,
        size,
        items.words[item],
        is_whole,
        goes_on,
        np.where(is_whole, (start, start + size), part).astype(np.int64),
        np.where(is_whole, (0 * size, size), item_part).astype(np.int64),
    )


def choose_levels(pairs: Comparison, same_answer: Array, threshold: float) -> Array:
    """The place in LEVELS of each pair.

    `same_answer` is 1 where the answers agree, -1 where not, 0 where one is unknown.
    """
    measures, size, share = pairs.measures, pairs.size, pairs.share
    # Numbers agree if few are missing, or some are and nothing stands in their place.
    missing, extra = measures.missing, measures.extra
    left_out = (extra == 0) & (missing <= measures.numbers / 3) & (share >= 0.8)
    numbers_agree = (missing <= measures.numbers / 10) | left_out
    # A short item has little to agree in, and another answer speaks against it.
    least = np.where(size < SHORT, 0.9, threshold)
    least = np.where(same_answer < 0, np.maximum(least, 0.9), least)
    least = np.where((same_answer > 0) & (size >= SHORT), least - 0.1, least)
    same_numbers = (missing == 0) & (extra == 0) & (same_answer >= 0)
    near = numbers_agree & (share >= least) & ~pairs.goes_on
    near &= (size >= SHORT) | same_numbers
    # A formula is its order: the same digits shuffled are another one.
    near &= (pairs.words > FORMULA) | (measures.run >= 0.9 * size)
    conditions = [pairs.is_whole, near, share >= threshold]
    levels: Array = np.select(conditions, [EXACT, NEAR, SIBLING], BOILERPLATE)
    return levels


def _propose_pairs(texts: pl.Series, items: Items) -> tuple[Array, Array]:
    """(text, item) that share enough n-grams, or the whole of a short item."""
    short = _index_short_items(items)

    def scan_shard(part: pl.Series) -> tuple[Array, Array, Array, Array]:
        tokens = compared_tokens(tokenise_shard(part, drawings=False), items.common)
        ngrams, ends = tokens.find_ngrams(items.n, items.index.table)
        return ngrams, ends, *_find_short_items(tokens, short)

    shards = list(map_threads(scan_shard, split_shards(texts)))
    sizes = np.concatenate([np.diff(ends) for _, ends, _, _ in shards])
    ends = np.concatenate([[0], np.cumsum(sizes)])
    ngrams = np.concatenate([shard[0] for shard in shards])
    index, count = items.index, len(items.problems)
    held = np.diff(index.ends)
    frequencies = count_texts(ngrams, ends, len(index.keys))
    weights = rarity(frequencies + held, len(texts) + count)
    totals = np.bincount(index.holders, np.repeat(weights, held), minlength=count)
    text, item, _ = item_overlap.find_candidates(
        ngrams, ends, index.holders, index.ends, weights, np.maximum(totals, 1e-9), GATE
    )
    firsts = np.cumsum([0, *(len(ends) - 1 for _, ends, _, _ in shards)])
    texts_of = [text, *(s[2] + first for s, first in zip(shards, firsts, strict=False))]
    items_of = [item, *(shard[3] for shard in shards)]
    pairs = np.stack([np.concatenate(texts_of), np.concatenate(items_of)], 1)
    distinct = np.unique(pairs.astype(np.int64), axis=0)
    return distinct[:, 0], distinct[:, 1]


def _index_short_items(items: Items) -> dict[int, tuple[hash_table.Table, Array]]:
    """By size, a lookup of items too short for an n-gram, and the first with each key.

    A short item is one n-gram of its own size.
    """
    tables = {}
    codes, ends = items.tokens.codes, items.tokens.ends
    for size in range(TINY, items.n):
        numbers = np.flatnonzero(items.tokens.sizes == size)
        places = (ends[numbers][:, None] + np.arange(size)).ravel()
        keys, _ = token_ngrams(codes[places], np.arange(0, len(places) + 1, size), size)
        distinct, first = np.unique(keys, return_index=True)
        tables[size] = hash_table.build_table(distinct), numbers[first]
    return tables


def _find_short_items(
    tokens: ComparedTokens, short: dict[int, tuple[hash_table.Table, Array]]
) -> tuple[Array, Array]:
    """(text, item) where a text of a shard holds the whole of a short item."""
    texts, items = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for size, (table, numbers) in short.items():
        places, ends = tokens.find_ngrams(size, table)
        texts.append(np.repeat(np.arange(len(ends) - 1), np.diff(ends)))
        items.append(numbers[places])
    return np.concatenate(texts), np.concatenate(items)


def _compare_answers(text: Array, item: Array) -> Array:
    """1 where two codes of answers agree, -1 where not, 0 where one is unknown (0)."""
    is_known = (text != 0) & (item != 0)
    same: Array = np.where(is_known, np.where(text == item, 1, -1), 0)
    return same


def _read(texts: pl.Series, numbers: Array, items: Items) -> Reading:
    """The texts with these numbers."""
    texts = texts.gather(pl.Series(numbers, dtype=pl.UInt32)).fill_null("")
    tokens = tokenise(texts, spans=True, drawings=False)
    compared = compared_tokens(tokens, items.common)
    starts, stops = tokens.starts[compared.places], tokens.stops[compared.places]
    return Reading(texts, compared, starts, stops)


def _cut_spans(reading: Reading, row: Array, span: Array) -> pl.Series:
    """The text of each row from token `span[0]` to token `span[1]`."""
    texts = plain_text(reading.texts)
    spans = []
    for number, first, stop in zip(row.tolist(), *span, strict=True):
        if first >= stop:
            spans.append("")
            continue
        tokens = reading.tokens.ends[number]
        data = texts[number].encode()
        data = data[reading.starts[tokens + first] : reading.stops[tokens + stop - 1]]
        spans.append(data.decode(errors="replace"))
    return pl.Series(spans, dtype=pl.String)
