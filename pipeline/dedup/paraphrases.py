"""Rows of one pool that are one problem in other words: pairs that a witness confirms.

An encoder alone must be strict: siblings of one template are nearer to each other than
many a paraphrase. With the same answer and the same numbers less nearness will do.
"""

import re
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import polars as pl

from pipeline.dedup.evidence import find_twins, keeps_order
from pipeline.dedup.pairs import Array, Pairs, pair_key
from pipeline.dedup.same_problem import classify_pairs
from pipeline.dedup.witness import find_witnesses

# From this share of aligned words on, two texts are near copies and no paraphrases.
SAME_WORDS = 0.8
WORD = re.compile(r"[\u3040-\u9fff]|[^\W\d_]{2,}")


def add_paraphrases(
    rows: pl.DataFrame, vectors: Array, pairs: Pairs, least: float
) -> Pairs:
    """`pairs` and the paraphrases among `rows`, each with its relation.

    `vectors` (rows, d) float32 are units; `least` is the cosine of a rich pair. A pair
    in other words is a copy; in nearly the same words, one after the other, it is what
    the guard says.
    """
    from pipeline.kernels.relations import COPY

    first, second, cosine, same_words = _find_paraphrases(rows, vectors, least)
    found = Pairs(first, second, cosine)
    known = np.isin(pair_key(first, second), pair_key(pairs.first, pairs.second))
    both = _join(pairs, found.take(~known))
    reworded = np.isin(
        pair_key(both.first, both.second), pair_key(first, second)[~same_words]
    )
    relation = np.full(len(both.first), COPY, np.uint8)
    relation[~reworded] = classify_pairs(rows, both.take(~reworded), guard=True)
    return replace(both, relation=relation)


def _join(pairs: Pairs, others: Pairs) -> Pairs:
    """Two disjoint lists of pairs as one, in order."""
    both = replace(
        pairs,
        first=np.concatenate([pairs.first, others.first]).astype(np.int32),
        second=np.concatenate([pairs.second, others.second]).astype(np.int32),
        score=np.concatenate([pairs.score, others.score]),
    )
    return both.distinct()


def _find_paraphrases(
    rows: pl.DataFrame, vectors: Array, least: float
) -> tuple[Array, Array, Array, Array]:
    """(earlier, later, cosine, whether in the same words) of confirmed pairs."""
    twins = find_twins(find_witnesses(rows["problem"].fill_null(""), rows["answer"]))
    cosines = np.einsum("ij,ij->i", vectors[twins.first], vectors[twins.second])
    cosines = np.clip(cosines.astype(np.float64).round(4), -1, 1)
    near = twins.is_confirmed(cosines, least)
    twins, cosines = twins.take(near), cosines[near]
    texts = [
        (rows["problem"][int(first)], rows["problem"][int(second)])
        for first, second in zip(twins.first, twins.second, strict=True)
    ]
    ordered = np.array([keeps_order(*pair) for pair in texts], bool)
    same_words = np.array([align_words(*pair) >= SAME_WORDS for pair in texts], bool)
    return (
        twins.first[ordered],
        twins.second[ordered],
        cosines[ordered],
        same_words[ordered],
    )


def align_words(text: str, other: str) -> float:
    """The share of the words of two texts that stand in one order in both (0 to 1).

    A Chinese or Japanese character is a word.
    """
    words, others = (WORD.findall(side.lower()) for side in (text, other))
    return SequenceMatcher(None, words, others, autojunk=False).ratio()
