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
    Items,
    NgramIndex,
    compared_tokens,
    index_ngrams,
    prepare_items,
    rarity,
)
from pipeline.kernels import item_overlap
from pipeline.kernels.answer_codes import answer_codes
from pipeline.kernels.latex_tokens import Tokens, tokenise, tokenise_shard
from pipeline.kernels.latex_vocabulary import plain_text
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

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
    prepared = prepare_items(items["problem"], texts["text"], params.n)
    text, item = _propose_pairs(texts["text"], prepared)
    involved, row = np.unique(text, return_inverse=True)
    few = texts["text"].gather(pl.Series(involved, dtype=pl.UInt32)).fill_null("")
    tokens = _read(few, prepared)
    pairs = _compare(tokens, row, prepared, item)
    same_answer = _compare_answers(
        answer_codes(texts["answer"])[text], answer_codes(items["answer"])[item]
    )
    level = choose_levels(pairs, same_answer, params.threshold)
    score = np.where(pairs.is_whole, 1.0, pairs.share)
    # An item too short for an n-gram is there as a whole or not at all.
    is_there = (pairs.size >= params.n) | pairs.is_whole | pairs.goes_on
    order = np.lexsort((-score, level, text))
    order = order[is_there[order]]
    best = order[np.unique(text[order], return_index=True)[1]]
    hit_items, item_row = np.unique(item[best], return_inverse=True)
    problems = prepared.problems.gather(pl.Series(hit_items, dtype=pl.UInt32))
    return hit_table(
        text[best],
        item[best],
        level=np.array(LEVELS)[level[best]],
        score=score[best].round(4),
        span=_cut_spans(few, tokens, row[best], pairs.span[:, best]),
        item_span=_cut_spans(
            problems, _read(problems, prepared), item_row, pairs.item_span[:, best]
        ),
        same_answer=pl.Series(same_answer[best]).replace_strict(
            {1: True, -1: False, 0: None}, return_dtype=pl.Boolean
        ),
    )


def _compare(tokens: Tokens, row: Array, items: Items, item: Array) -> Comparison:
    """What is measured of each row of `tokens` and the item beside it."""
    here = tokens.codes, tokens.kinds, tokens.ends
    there = items.tokens.codes, items.tokens.kinds, items.tokens.ends
    measures = item_overlap.overlap_measures(
        here, row, there, item, items.token_weights, items.pair_weights
    )
    start, goes_on = item_overlap.find_whole_items(
        here, tokens.starts, tokens.stops, row, there, item
    )
    size = np.diff(items.tokens.ends)[item]
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
    """(text, item) that share enough n-grams, or the beginning of a short item."""
    index, short, count = items.index, _index_short_items(items), len(items.problems)
    lookups = (items.n, index.table), (TINY, short.table)

    def scan_shard(part: pl.Series) -> list[tuple[Array, Array]]:
        tokens = compared_tokens(tokenise_shard(part, drawings=False), items.common)
        return [
            find_token_ngrams(tokens.codes, tokens.ends, n, table)
            for n, table in lookups
        ]

    shards = map_threads(scan_shard, split_shards(texts))
    matches, short_matches = map(_join_shards, zip(*shards, strict=True))
    held = np.diff(index.ends)
    weights = rarity(count_texts(*matches, len(index.keys)) + held, len(texts) + count)
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
    return distinct[:, 0], distinct[:, 1]


def _join_shards(shards: tuple[tuple[Array, Array], ...]) -> tuple[Array, Array]:
    """Matches of all texts, and where those of each end."""
    sizes = np.concatenate([np.diff(ends) for _, ends in shards])
    matches = np.concatenate([matches for matches, _ in shards])
    return matches, np.concatenate([[0], np.cumsum(sizes)])


def _index_short_items(items: Items) -> NgramIndex:
    """Items that are too short for an n-gram, by their first TINY tokens."""
    sizes, begins = np.diff(items.tokens.ends), items.tokens.ends[:-1]
    is_short = (sizes >= TINY) & (sizes < items.n)
    places = (begins[is_short][:, None] + np.arange(TINY)).ravel()
    ends = np.arange(0, len(places) + 1, TINY)
    keys, _ = token_ngrams(items.tokens.codes[places], ends, TINY)
    return index_ngrams(keys, np.concatenate([[0], np.cumsum(is_short)]))


def _compare_answers(text: Array, item: Array) -> Array:
    """1 where two codes of answers agree, -1 where not, 0 where one is unknown (0)."""
    is_known = (text != 0) & (item != 0)
    same: Array = np.where(is_known, np.where(text == item, 1, -1), 0)
    return same


def _read(texts: pl.Series, items: Items) -> Tokens:
    """The tokens of texts as they are compared, with their bytes."""
    return compared_tokens(tokenise(texts, spans=True, drawings=False), items.common)


def _cut_spans(texts: pl.Series, tokens: Tokens, row: Array, span: Array) -> pl.Series:
    """The text of each row from token `span[0]` to token `span[1]`."""
    raw = plain_text(texts)
    spans = []
    for number, begin, end in zip(row.tolist(), *span, strict=True):
        first, last = tokens.ends[number] + begin, tokens.ends[number] + end - 1
        if first > last:
            spans.append("")
            continue
        data = raw[number].encode()[tokens.starts[first] : tokens.stops[last]]
        spans.append(data.decode(errors="replace"))
    return pl.Series(spans, dtype=pl.String)
