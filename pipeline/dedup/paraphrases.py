"""Rows of one pool that are one problem in other words: pairs that a witness confirms.

An encoder alone must be strict: siblings of one template are nearer to each other than
many a paraphrase. With the same answer and the same numbers less nearness will do.
"""

import numpy as np
import polars as pl

from pipeline.dedup.evidence import find_twins, have_same_words, keeps_order
from pipeline.dedup.pairs import Array, Pairs, pair_key
from pipeline.dedup.same_problem import classify_pairs
from pipeline.dedup.witness import find_witnesses


def add_paraphrases(
    rows: pl.DataFrame, vectors: Array, pairs: Pairs, least: float
) -> Pairs:
    """`pairs` and the paraphrases among `rows`, each with its relation.

    `vectors` (rows, d) float32 are units; `least` is the cosine of a rich pair. A pair
    in other words is a copy; in nearly the same words, one after the other, it is what
    the guard says.
    """
    from pipeline.kernels.relations import COPY

    relation = classify_pairs(rows, pairs, guard=True)
    first, second, cosine, same_words = _find_paraphrases(rows, vectors, least)
    known = pair_key(pairs.first, pairs.second)
    key = pair_key(first, second)
    relation[np.isin(known, key[~same_words])] = COPY
    fresh = ~np.isin(key, known)
    order = np.argsort(np.concatenate([known, key[fresh]]), kind="stable")
    both = Pairs(
        np.concatenate([pairs.first, first[fresh]]).astype(np.int32),
        np.concatenate([pairs.second, second[fresh]]).astype(np.int32),
        np.concatenate([pairs.score, cosine[fresh]]),
        relation=np.concatenate([relation, np.full(fresh.sum(), COPY, np.uint8)]),
        crowded=pairs.crowded,
    )
    return both.take(order)


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
    same_words = np.array([have_same_words(*pair) for pair in texts], bool)
    return (
        twins.first[ordered],
        twins.second[ordered],
        cosines[ordered],
        same_words[ordered],
    )
