"""Coverage: how much of a benchmark item a text holds, rarity weighed in.

N-grams propose items. Each proposal is then looked at closely: the part of the text
that holds most of the item is found, and in it the weighted share of the item's
words and of its neighbouring words, the longest common run, and its numbers. Words
alone do not make a leak: if numbers are replaced by others, the text is a sibling
of the item. Answers are the second witness.

An item too short for n-grams is found where the text holds the whole of it.
"""

import numpy as np
import polars as pl

from pipeline.contamination.hits import hits
from pipeline.contamination.items import Items, plain, rarity
from pipeline.kernels import hash_table, item_overlap
from pipeline.kernels.latex_tokens import Tokens, tokenise, tokenise_shard
from pipeline.kernels.latex_vocabulary import NAME, WORD, plain_text
from pipeline.kernels.shards import Array, map_threads, split_shards
from pipeline.kernels.token_ngrams import count_texts, find_token_ngrams, token_ngrams

GATE = 0.12  # of an item's n-grams by weight, to be looked at closely
SHORT = 12  # tokens; a shorter item must be there as a whole, or nearly
FORMULA = 4  # words; an item that has no more is a formula
TINY = 3  # tokens; a shorter one is found in any text


def found(
    texts: pl.Series, items: Items, answers: tuple[Array, Array], threshold: float
) -> pl.DataFrame:
    """HITS of every text; `answers` are codes of the texts' and items', 0 unknown."""
    texts = texts.fill_null("")
    text, item = _proposed(texts, items)
    involved, place = np.unique(text, return_inverse=True)
    some = texts.gather(pl.Series(involved, dtype=pl.UInt32))
    tokens = tokenise(some, spans=True, drawings=False)
    rows = plain(tokens, items.common)
    measured = item_overlap.overlap_measures(
        rows.row,
        place,
        items.tokens.row,
        item,
        items.token_weights,
        items.pair_weights,
    )
    begins, goes_on = item_overlap.find_whole_items(
        rows.row,
        tokens.starts[rows.places],
        tokens.stops[rows.places],
        place,
        items.tokens.row,
        item,
    )
    size = np.diff(items.tokens.ends)[item]
    is_whole = (begins >= 0) & ~goes_on & (size >= TINY)
    same = _same_answer(answers[0][text], answers[1][item])
    level = levels(
        measured, is_whole, goes_on, size, _words(items)[item], same, threshold
    )
    score = np.where(is_whole, 1.0, (measured.tokens + measured.pairs) / 2)
    best = _best(text, level, score)
    begin = np.where(is_whole, begins, measured.begin)[best]
    end = np.where(is_whole, begins + size, measured.end)[best]
    part = place[best]
    in_items = np.where(is_whole, 0, measured.item_begin)[best]
    in_items_end = np.where(is_whole, size, measured.item_end)[best]
    made = hits(
        text[best],
        item[best],
        level=level[best].tolist(),
        score=score[best].round(4),
        span=_spans(some, tokens, rows.ends, rows.places, part, begin, end),
        item_span=_item_spans(items, item[best], in_items, in_items_end),
    )
    witness = pl.Series(np.where(same[best] == 0, 0, 1).astype(bool))
    said = pl.Series(same[best] > 0)
    return made.with_columns(
        same_answer=pl.select(pl.when(witness).then(said)).to_series()
    )


def _words(items: Items) -> Array:
    """How many words each item has."""
    _, kinds, ends = items.tokens.row
    words = np.isin(kinds, (WORD, NAME)).astype(np.int64)
    return np.diff(np.concatenate([[0], np.cumsum(words)])[ends])


def levels(
    measured: item_overlap.OverlapMeasures,
    whole: Array,
    goes_on: Array,
    size: Array,
    words: Array,
    same: Array,
    threshold: float,
) -> Array:
    """exact, near, sibling or boilerplate, for each comparison.

    `same` is 1 where the answers agree, -1 where they do not, 0 where one is
    unknown. Numbers agree if none is missing, or one in ten is, or if some are
    missing and nothing stands in their place. A formula that `goes_on` beside the
    item is another one.
    """
    numbers, missing, extra = measured.numbers, measured.missing, measured.extra
    share = (measured.tokens + measured.pairs) / 2
    left_out = (extra == 0) & (missing <= numbers / 3) & (share >= 0.8)
    agree = (missing <= numbers / 10) | left_out
    # A short item has little to agree in, and another answer speaks against it.
    least = np.where(size < SHORT, 0.9, threshold)
    least = np.where(same < 0, np.maximum(least, 0.9), least)
    least = np.where((same > 0) & (size >= SHORT), least - 0.1, least)
    exactly = (missing == 0) & (extra == 0) & (same >= 0)
    near = agree & (share >= least) & ~goes_on & ((size >= SHORT) | exactly)
    # A formula is its order: the same digits shuffled are another one.
    near &= (words > FORMULA) | (measured.run >= 0.9 * size)
    chosen: Array = np.select(
        [whole, near, (share >= threshold)],
        ["exact", "near", "sibling"],
        "boilerplate",
    )
    return chosen


def _proposed(texts: pl.Series, items: Items) -> tuple[Array, Array]:
    """(text, item) that share enough n-grams, or a short item's words."""
    distinct, holders, stops = items.grams
    parts = list(map_threads(lambda part: _hits(part, items), split_shards(texts)))
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    ends = [np.diff(stop) for _, stop, _, _ in parts]
    stops_all = np.concatenate([[0], np.cumsum(np.concatenate(ends))])
    grams = np.concatenate([gram for gram, _, _, _ in parts])
    counts = count_texts(grams, stops_all, len(distinct))
    held = np.diff(stops)
    weights = rarity(counts + held, len(texts) + len(items.problems))
    totals = np.bincount(
        holders, np.repeat(weights, held), minlength=len(items.problems)
    )
    row, item, _ = item_overlap.find_candidates(
        grams, stops_all, holders, stops, weights, np.maximum(totals, 1e-9), GATE
    )
    base = np.concatenate([[0], np.cumsum([len(part) for part in ends])])
    short_rows = [part[2] + start for part, start in zip(parts, base, strict=False)]
    texts_all = np.concatenate([row, *short_rows]).astype(np.int64)
    items_all = np.concatenate([item, *(part[3] for part in parts)])
    pairs = np.unique(np.stack([texts_all, items_all], 1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _hits(part: pl.Series, items: Items) -> tuple[Array, Array, Array, Array]:
    """N-grams found in a shard, and its texts that hold a short item's edge."""
    rows = plain(tokenise_shard(part, drawings=False), items.common)
    grams, ends = find_token_ngrams(rows.codes, rows.ends, items.n, items.known)
    return grams, ends, *_short(rows.row, items)


def _short(rows: item_overlap.Row, items: Items) -> tuple[Array, Array]:
    """Texts that hold the whole of an item that is too short for an n-gram."""
    sizes = np.diff(items.tokens.ends)
    texts, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for size in range(TINY, items.n):
        some = np.flatnonzero(sizes == size)
        if not len(some):
            continue
        keys, first = _sized(items, some, size)
        places, ends = find_token_ngrams(
            rows[0], rows[2], size, hash_table.build_table(keys)
        )
        texts.append(np.repeat(np.arange(len(ends) - 1), np.diff(ends)))
        found.append(some[first[places]])
    return np.concatenate(texts), np.concatenate(found)


def _sized(items: Items, some: Array, size: int) -> tuple[Array, Array]:
    """(distinct keys, the first of `some` with each) of items of `size` tokens."""
    codes, ends = items.tokens.codes, items.tokens.ends
    where = (ends[some][:, None] + np.arange(size)).ravel()
    keys, _ = token_ngrams(codes[where], np.arange(0, len(where) + 1, size), size)
    distinct, first = np.unique(keys, return_index=True)
    return distinct, first


def _same_answer(ours: Array, theirs: Array) -> Array:
    known = (ours != 0) & (theirs != 0)
    same: Array = np.where(known, np.where(ours == theirs, 1, -1), 0)
    return same


def _best(text: Array, level: Array, score: Array) -> Array:
    """The number of the worst comparison of each text."""
    rank = {"exact": 0, "near": 1, "sibling": 2, "boilerplate": 3}
    ranks = np.array([rank[name] for name in level], np.int8)
    order = np.lexsort((-score, ranks, text))
    _, first = np.unique(text[order], return_index=True)
    chosen: Array = order[first]
    return chosen


def _spans(
    texts: pl.Series,
    tokens: Tokens,
    ends: Array,
    places: Array,
    part: Array,
    begin: Array,
    end: Array,
) -> pl.Series:
    """The text from token `begin` to token `end` of each part."""
    raw = plain_text(texts)
    said = []
    for number, row in enumerate(part):
        if begin[number] >= end[number]:
            said.append("")
            continue
        first = places[ends[row] + begin[number]]
        last = places[ends[row] + end[number] - 1]
        data = raw[int(row)].encode()
        said.append(
            data[tokens.starts[first] : tokens.stops[last]].decode(errors="replace")
        )
    return pl.Series(said, dtype=pl.String)


def _item_spans(items: Items, item: Array, begin: Array, end: Array) -> pl.Series:
    few, part = np.unique(item, return_inverse=True)
    texts = items.problems.gather(pl.Series(few, dtype=pl.UInt32))
    tokens = tokenise(texts, spans=True, drawings=False)
    rows = plain(tokens, items.common)
    return _spans(texts, tokens, rows.ends, rows.places, part, begin, end)
