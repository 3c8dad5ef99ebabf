"""How two texts differ that share most of their words.

Tokens are read where the two differ, and of whole texts only where that is not enough:
a name that stands for another must do so all through, and sentences that changed places
are the same in all.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.dedup.pairs import Array
from pipeline.kernels.shards import freeze, map_threads

if TYPE_CHECKING:
    from pipeline.kernels.latex_tokens import Tokens

PAIRS_AT_ONCE = 1 << 14
# So near to what differs is the scale or the unit of what is spelt out there.
NEAR = 24

Spans = tuple[Array, Array, Array]  # as `differing_spans` gives them


def compare_texts(texts: pl.Series, first: Array, second: Array, same: Array) -> Array:
    """How pairs of texts differ, uint8: TURNED to EQUAL of `kernels.edit_rest`.

    `texts` have no layout any more. TURNED where numbers or signs differ, unless the
    answers are the `same` and one text has those of the other and no more than numbers
    beside: then MOVED, if they have the same sentences, or REWORDED at best.
    """
    from pipeline.kernels.shards import text_bytes

    data, offsets = text_bytes(texts)
    change = np.zeros(len(first), np.uint8)
    starts = range(0, len(first), PAIRS_AT_ONCE)
    parts = [slice(start, start + PAIRS_AT_ONCE) for start in starts]

    def compare(part: slice) -> None:
        change[part] = _compare_part(
            texts, data, offsets, first[part], second[part], same[part]
        )

    for _ in map_threads(compare, parts):
        pass
    return change


def _compare_part(
    texts: pl.Series,
    data: Array,
    offsets: Array,
    first: Array,
    second: Array,
    same: Array,
) -> Array:
    """As `compare_texts`; values in words are read where what differs may hold them."""
    from pipeline.kernels.characters import plain_characters
    from pipeline.kernels.differences import differing_spans
    from pipeline.kernels.shards import text_bytes

    spans = differing_spans(data, offsets, first, second)
    spelt = _find_spelt(data, offsets, first, second, spans)
    both = np.stack([first[spelt], second[spelt]])
    rows, places = np.unique(both, return_inverse=True)
    before = texts.gather(pl.Series(rows, dtype=pl.UInt32))
    plain = plain_characters(before)
    places = places.reshape(both.shape)
    changed = (plain != before).to_numpy()[places].any(axis=0)
    spelt, places = spelt[changed], places[:, changed]
    begins, ends, parts = spans
    is_spelt = np.zeros(len(first), bool)
    is_spelt[spelt] = True
    ends = np.where(np.repeat(is_spelt, np.diff(parts[::2])), begins, ends)
    spans = begins, ends, parts  # nothing is read twice
    change = _compare_spans(data, offsets, first, second, spans, same)
    if len(spelt):
        first, second = map(np.ascontiguousarray, places)
        data, offsets = text_bytes(plain)
        spans = differing_spans(data, offsets, first, second)
        read = data, offsets, first, second
        change[spelt] = _compare_spans(*read, spans, same[spelt])
    return change


def _find_spelt(
    data: Array, offsets: Array, first: Array, second: Array, spans: Spans
) -> Array:
    """Pairs in which numbers or units may be spelt out where they differ.

    They are in words there or beside it, or in characters beyond ASCII.
    """
    from pipeline.kernels.spelled_marks import find_spellings, marked_words
    from pipeline.kernels.swar import hold_non_ascii

    begins, ends, parts = spans
    text = np.repeat(np.stack([first, second], 1).ravel(), np.diff(parts))
    rows, _, _ = find_spellings(
        data,
        freeze(np.maximum(begins - NEAR, offsets[text])),
        freeze(np.minimum(ends + NEAR, offsets[text + 1])),
        *marked_words(),
    )
    spelt = hold_non_ascii(data, begins, ends)
    spelt[rows] = True
    pair = np.repeat(np.arange(len(first)), np.diff(parts[::2]))
    return np.unique(pair[spelt])


def _compare_spans(
    data: Array,
    offsets: Array,
    first: Array,
    second: Array,
    spans: Spans,
    same: Array,
) -> Array:
    """As `compare_texts`, of texts whose values are plain, by what differs in `spans`.

    Quantities are nested where they do not agree and one text has all of the other,
    and beside them no more than numbers.
    """
    from pipeline.kernels.edit_rest import EQUAL, PARTIAL, REWORDED, TURNED
    from pipeline.kernels.relations import are_plainly_equal, one_contains_other

    texts = np.stack([first, second], 1).ravel()
    tokens, agree = read_spans(data, offsets, first, second, spans)
    read = tokens.codes, tokens.kinds, tokens.ends
    nested = one_contains_other(*read, same & ~agree)
    change = np.full(len(first), TURNED, np.uint8)
    places = tokens.ends, tokens.starts, tokens.stops
    change[are_plainly_equal(data, offsets[texts], tokens.codes, *places)] = EQUAL
    near = np.flatnonzero((agree | nested) & (change != EQUAL))
    words = _judge_words(data, offsets, texts, tokens, near, agree[near], partial=True)
    change[near] = np.where(agree[near], words, np.minimum(words, REWORDED))
    again = near[(words == PARTIAL) | nested[near]]
    if len(again):
        pairs = first[again], second[again], nested[again]
        change[again] = _compare_whole(data, offsets, *pairs)
    return change


def read_spans(
    data: Array, offsets: Array, first: Array, second: Array, spans: Spans
) -> tuple["Tokens", Array]:
    """The tokens of the texts of pairs in their `spans`; whether quantities agree.

    Where one span has a quantity less and another one more, it may have moved past
    others that stand between: those texts are read whole.
    """
    from pipeline.kernels.latex_tokens import tokenise_ranges
    from pipeline.kernels.relations import quantity_hash

    def hash_quantities(tokens: "Tokens", ends: Array) -> Array:
        return quantity_hash(tokens.codes, tokens.kinds, ends, False, False)

    texts = np.stack([first, second], 1).ravel()
    begins, ends, parts = spans
    firsts = np.repeat(offsets[texts], np.diff(parts))
    tokens = tokenise_ranges(data, begins, ends, firsts=firsts, spans=True)
    agree = _pairwise_equal(hash_quantities(tokens, tokens.ends[parts]))
    each = hash_quantities(tokens, tokens.ends)
    is_left = np.repeat(np.arange(len(texts)) % 2 == 0, np.diff(parts))
    pair = np.repeat(np.arange(len(first)), np.diff(parts[::2]) // 2)
    moved = np.zeros(len(first), bool)
    moved[pair[each[is_left] != each[~is_left]]] = True
    moved &= agree
    if moved.any():
        asked = texts[np.repeat(moved, 2)]
        whole = tokenise_ranges(data, offsets[asked], offsets[asked + 1])
        agree[moved] = _pairwise_equal(hash_quantities(whole, whole.ends))
    return replace(tokens, ends=tokens.ends[parts]), agree


def _compare_whole(
    data: Array, offsets: Array, first: Array, second: Array, nested: Array
) -> Array:
    """As `_compare_spans`, by all words, where quantities agree or are `nested`.

    Rows of a grid that changed places are another grid: sentences are looked at only
    where numbers differ.
    """
    from pipeline.kernels.edit_rest import EQUAL, MOVED, REWORDED
    from pipeline.kernels.latex_tokens import tokenise_ranges
    from pipeline.kernels.sentences import sentence_bag

    texts = np.stack([first, second], 1).ravel()
    begins = offsets[texts]
    tokens = tokenise_ranges(data, begins, offsets[texts + 1], spans=True)
    everyone = np.arange(len(first))
    words = _judge_words(data, offsets, texts, tokens, everyone, ~nested, partial=False)
    spans = tokens.ends, tokens.starts, tokens.stops
    same = _pairwise_equal(sentence_bag(data, begins, tokens.codes, *spans))
    change = np.where(nested, np.minimum(words, REWORDED), words)
    change[nested & same & (words != EQUAL)] = MOVED
    return change


def _judge_words(
    data: Array,
    offsets: Array,
    texts: Array,
    tokens: "Tokens",
    pairs: Array,
    agree: Array,
    *,
    partial: bool,
) -> Array:
    """What differs in the words of `pairs` of `texts`; see `kernels.edits`."""
    from pipeline.kernels.edits import judge_edits
    from pipeline.kernels.names import person_names
    from pipeline.kernels.wording import negating_prefixes, wording

    spans = tokens.ends, tokens.starts, tokens.stops
    read = offsets[texts], offsets[texts + 1], tokens.codes, tokens.kinds, *spans
    lists = wording(), person_names(), negating_prefixes()
    return judge_edits(data, *read, *lists, pairs, agree, partial)


def _pairwise_equal(values: Array) -> Array:
    """Whether value 2 * i is equal to the next (bool)."""
    return np.asarray(values[::2] == values[1::2])
