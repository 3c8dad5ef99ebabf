"""Coverage: how much of a benchmark item a text holds, rare words counting more.

N-grams propose items. Each proposal is then looked at closely: the part of the text
that holds most of the item is found, and in it the weighted shares of the item's words
and of its pairs of neighbouring words, the longest common run, and the numbers. Words
alone do not make a leak. With other numbers the text is a sibling of the item: "Aya
walks twelve kilometers" for "Aya walks nine kilometers". Answers are the second
witness: where they agree, less of the wording is enough.

An item too short for n-grams is found where the text holds the whole of it, and where
its formula does not go on: 3+5 is in "Compute 3+5." and not in "Compute 3+5-2.". One
without rare content is found where a text says it and nothing else, and is listed as
undetectable all the same.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import Field

from pipeline.contamination.arrangement import (
    are_alike,
    find_differing,
    is_rearranged,
)
from pipeline.contamination.candidates import TINY, propose_pairs
from pipeline.contamination.contract import Method
from pipeline.contamination.exchanged import is_exchanged
from pipeline.contamination.hits import HITS, LEVELS, UNDETECTABLE, Found, hit_table
from pipeline.contamination.items import Items, Part, Reading, read_texts
from pipeline.contamination.parts import Texts
from pipeline.contamination.pasted import read_contents
from pipeline.contamination.weights import Weigher, Weights
from pipeline.contamination.witnesses import (
    AGREE,
    CONTRADICT,
    compare_answers,
    names_agree,
)
from pipeline.contamination.wrapped import find_wrapped
from pipeline.kernels import item_overlap
from pipeline.kernels.hash_table import first_equal
from pipeline.kernels.hashing import STEP
from pipeline.kernels.item_whole import find_whole_items
from pipeline.kernels.shards import Array

SHORT = 12  # tokens; a shorter item must be there as a whole, or nearly
FORMULA = 4  # words; an item that has no more is a formula
LAST = 3  # tokens of an item that may be lacking at its end
LOOSE = 2  # tokens in a row that may be others though the answer is another one
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
    detectable: Array  # bool: the item has rare content
    is_whole: Array  # bool: the text holds the item, token for token
    goes_on: Array  # bool: and its formula goes on, so that it is another one
    is_cut: Array  # bool: the text is a run of the item's tokens and nothing else
    span: Array  # from which token of the text to which
    item_span: Array

    @property
    def share(self) -> Array:
        """The share of the item that the text holds."""
        share: Array = (self.measures.tokens + self.measures.pairs) / 2
        return share


def find_hits(texts: pl.DataFrame, items: pl.DataFrame, params: Params) -> Found:
    """HITS of the item that each text holds most of, with the spans of both."""
    parts = Texts(lambda: [texts["text"]])
    return find_hits_in_parts(parts, texts["answer"], items, params)


def find_hits_in_parts(
    texts: Texts, answers: pl.Series, items: pl.DataFrame, params: Params
) -> Found:
    """The same of texts that come in parts."""
    if not items.height or not len(answers):
        return Found(HITS.to_frame(), UNDETECTABLE.to_frame())
    sought = Items(read_texts(read_contents(items["problem"].fill_null(""))), params.n)
    proposals = propose_pairs(texts, len(answers), sought)
    text, row, item = proposals.text, proposals.row, proposals.item
    read = read_texts(proposals.texts)
    same_answer = compare_answers(answers, items["answer"], text, item)
    # Weighed once with all texts, and again without those that are copies of an item.
    weigher = Weigher(sought, proposals.sample)
    copies = np.zeros(len(answers), bool)
    whole = find_whole_items(
        read.marked[:3], read.tokens.starts, read.tokens.stops, row,
        sought.reading.marked[:3], item,
    )  # fmt: skip
    for _ in range(2):
        weights = weigher.weigh(copies, proposals.count_others(copies))
        pairs = _compare(read, row, sought, item, weights, whole)
        level = choose_levels(pairs, same_answer, params.threshold)
        copies = _find_copies(pairs, level, text, item, len(copies))
        if not copies.any():
            break
    said = np.flatnonzero(pairs.is_whole & (level == BOILERPLATE))
    wrapped = find_wrapped(
        read, row[said], pairs.span[:, said], item[said], same_answer[said]
    )
    level[said[wrapped]] = EXACT
    spans = pairs.span, pairs.item_span
    is_other = _find_others(level, read, row, sought, item, spans, same_answer)
    level[is_other] = SIBLING
    score = np.where(pairs.is_whole, 1.0, pairs.share)
    # An item too short for an n-gram is there as a whole or not at all.
    is_there = (pairs.size >= params.n) | pairs.is_whole | pairs.goes_on
    order = np.lexsort((-score, level, text))
    order = order[is_there[order]]
    best = order[np.unique(text[order], return_index=True)[1]]
    hits = hit_table(
        text[best],
        item[best],
        level=np.array(LEVELS)[level[best]],
        score=score[best].round(4),
        span=read.quote(row[best], *pairs.span[:, best]),
        item_span=sought.reading.quote(item[best], *pairs.item_span[:, best]),
        same_answer=pl.Series(np.sign(same_answer[best])).replace_strict(
            {1: True, 0: None, -1: False}, return_dtype=pl.Boolean
        ),
    )
    return Found(hits, list_undetectable(sought, weights))


def list_undetectable(items: Items, weights: Weights) -> pl.DataFrame:
    """UNDETECTABLE: items of next to no tokens, and those without rare content."""
    is_tiny = items.sizes < TINY
    number = np.flatnonzero(is_tiny | (~weights.is_detectable & (items.sizes < SHORT)))
    reason = np.where(is_tiny[number], "too_short", "no_rare_content")
    return pl.DataFrame({"item": number, "reason": reason}).cast(UNDETECTABLE)


def _find_copies(
    pairs: Comparison, level: Array, text: Array, item: Array, texts: int
) -> Array:
    """Which of so many texts are copies of an item, or of a text that covers one."""
    measures, size = pairs.measures, pairs.size
    copies = np.zeros(texts, bool)
    copies[text[level <= NEAR]] = True
    covers = np.flatnonzero(measures.end - measures.begin > size // 2)
    first = first_equal(measures.part[covers] * STEP + item[covers].astype(np.uint64))
    copies[text[covers[text[covers] != text[covers][first]]]] = True
    return copies


def _find_others(
    level: Array,
    read: Reading,
    row: Array,
    items: Items,
    item: Array,
    spans: tuple[Array, Array],
    same_answer: Array,
) -> Array:
    """Which pairs that would be leaks are other problems after all (bool).

    Persons stand for each other one to one, and only if the answers do not differ; and
    nothing has changed places, unless the answer is one that few problems have.
    """
    span, item_span = spans
    is_other = np.zeros(len(level), bool)
    begins, ends = read.tokens.ends[row] + span
    firsts, lasts = items.tokens.ends[item], items.tokens.ends[item + 1]
    exact = np.flatnonzero(level == EXACT)
    runs = begins[exact], ends[exact], firsts[exact], lasts[exact]
    asked = level <= NEAR
    asked[exact[are_alike(read, items.reading, *runs)]] = False
    for pair in np.flatnonzero(asked):
        here, there = slice(begins[pair], ends[pair]), slice(firsts[pair], lasts[pair])
        part = read.cut(int(row[pair]), *span[:, pair])
        size = int(items.sizes[item[pair]])
        whole = items.reading.cut(int(item[pair]), 0, size)
        around = _extend(read, int(row[pair]), span[:, pair], item_span[:, pair], size)
        ours = read.list_names(here, whole.codes)
        others = items.reading.list_names(there, part.codes)
        renamed = {*ours, 0} != {*others, 0}
        in_order = find_differing(around, whole) is not None
        is_other[pair] = (
            (renamed and same_answer[pair] < 0)
            or not names_agree(ours, others, in_order=in_order)
            or (
                level[pair] == NEAR
                and same_answer[pair] < AGREE
                and (is_rearranged(around, whole) or is_exchanged(around, whole))
            )
        )
    return is_other


def _extend(read: Reading, row: int, span: Array, item_span: Array, size: int) -> Part:
    """The part of a text, and what stands where its item is cut off."""
    begin = max(0, span[0] - item_span[0])
    end = span[1] + size - item_span[1]
    # Where the last words of an item stand in it twice, those at its end may be others.
    if begin + size - LAST <= end < begin + size:
        end = begin + size
    end = min(int(read.sizes[row]), end)
    return read.cut(row, int(begin), int(end))


def _compare(
    read: Reading,
    row: Array,
    items: Items,
    item: Array,
    weights: Weights,
    whole: tuple[Array, Array],
) -> Comparison:
    """What is measured of each row of texts and the item beside it.

    `whole` is what `find_whole_items` gives.
    """
    here, there = read.marked, items.reading.marked
    measures = item_overlap.overlap_measures(
        here, row, there, item, weights.tokens, weights.pairs
    )
    start, goes_on = whole
    size = items.sizes[item]
    is_whole = (start >= 0) & ~goes_on & (size >= TINY)
    part = measures.begin, measures.end
    is_all = measures.end - measures.begin == read.sizes[row]
    item_part = measures.item_begin, measures.item_end
    return Comparison(
        measures,
        size,
        items.words[item],
        weights.is_detectable[item],
        is_whole,
        goes_on,
        is_all & (measures.run == measures.end - measures.begin),
        np.where(is_whole, (start, start + size), part).astype(np.int64),
        np.where(is_whole, (0 * size, size), item_part).astype(np.int64),
    )


def choose_levels(pairs: Comparison, same_answer: Array, threshold: float) -> Array:
    """The place in LEVELS of each pair.

    `same_answer` is as `compare_answers` gives it.
    """
    measures, size, share = pairs.measures, pairs.size, pairs.share
    # Numbers agree if few are missing, or some are and nothing stands in their place.
    missing, extra = measures.missing, measures.extra
    left_out = (extra == 0) & (missing <= measures.numbers / 3) & (share >= 0.8)
    # Where the wording agrees less, many others beside them make another formula.
    few_others = (extra <= np.maximum(2, measures.numbers / 2)) | (share >= 0.8)
    numbers_agree = ((missing <= measures.numbers / 10) & few_others) | left_out
    numbers_agree |= pairs.is_cut
    # A short item has little to agree in, and another answer speaks against it.
    least = np.where(size < SHORT, 0.9, threshold)
    least = np.where(same_answer < 0, np.maximum(least, 0.9), least)
    least = np.where(same_answer == AGREE, least - 0.1, least)
    same_numbers = (missing == 0) & (extra == 0) & (same_answer >= 0)
    near = numbers_agree & (share >= least) & ~pairs.goes_on
    near &= (size >= SHORT) | same_numbers
    # A formula is its order: the same digits shuffled are another one.
    near &= (pairs.words > FORMULA) | (measures.run >= 0.9 * size - 1)
    # Another entity, or a word that turns the problem round, makes another problem. In
    # other words largest may be "at most", where the same rare answer is given.
    may_turn = np.where(same_answer == AGREE, 1, 0)
    near &= (measures.replaced == 0) & (measures.turned <= may_turn)
    near &= (measures.gap <= LOOSE) | (same_answer > CONTRADICT)
    # Without rare content, only a long text that is the item nearly as a whole is one.
    near &= pairs.detectable | ((size >= SHORT) & (share >= 0.9))
    can_be = pairs.detectable | (size >= SHORT)
    conditions = [pairs.is_whole & can_be, near, can_be & (share >= threshold)]
    levels: Array = np.select(conditions, [EXACT, NEAR, SIBLING], BOILERPLATE)
    return levels
