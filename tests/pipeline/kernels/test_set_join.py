"""Exact joins find what brute force finds."""

from itertools import combinations

import polars as pl
import pytest

from pipeline.dedup.ngrams import exact_pairs, extract_ngrams
from pipeline.kernels import set_join
from tests.support import reference
from tests.support.texts import edited_texts, ngram_sets, row_numbers


@pytest.mark.parametrize("threshold", [0.6, 0.7, 0.8, 0.95])
def test_the_join_finds_what_brute_force_finds(threshold: float):
    texts = edited_texts()
    sets = ngram_sets(texts, 3)
    truth = {
        (i, j): reference.jaccard(sets[i], sets[j])
        for i, j in combinations(range(len(sets)), 2)
        if reference.jaccard(sets[i], sets[j]) >= threshold
    }

    matches = exact_pairs(
        extract_ngrams(pl.Series(texts), n=3), row_numbers(len(texts)), threshold
    )
    pairs = zip(matches.first.tolist(), matches.second.tolist(), strict=True)
    assert dict(zip(pairs, matches.score, strict=True)) == pytest.approx(truth)
    assert len(truth) > 50


@pytest.mark.parametrize("threshold", [0.5, 0.8, 1.0])
def test_containment_finds_what_brute_force_finds(threshold: float):
    texts = edited_texts()[:120]
    texts += [f"before {text} behind it" for text in texts[:40]]
    sets = ngram_sets(texts, 3)
    ngrams = extract_ngrams(pl.Series(texts), n=3)
    hashes, ends = ngrams.sets(row_numbers(len(texts)))
    ranks, distinct = set_join.rank_by_rarity(hashes, ends)
    small, large, share = set_join.join_sets(
        ranks, ends, distinct, threshold, least=4, jaccard=False
    )

    truth = {
        frozenset((i, j))
        for i, j in combinations(range(len(sets)), 2)
        if min(len(sets[i]), len(sets[j])) >= 4
        and len(sets[i] & sets[j]) / min(len(sets[i]), len(sets[j])) >= threshold
    }
    matches = {
        frozenset(pair) for pair in zip(small.tolist(), large.tolist(), strict=True)
    }
    assert matches == truth
    assert share.min() >= threshold


def test_joins_take_as_many_pairs_as_there_are():
    texts = pl.Series(["one text of five words"] * 60)
    pairs = exact_pairs(extract_ngrams(texts, n=2), row_numbers(60), 0.9)

    assert list(zip(pairs.first, pairs.second, strict=True)) == [
        (first, second) for second in range(60) for first in range(second)
    ]
