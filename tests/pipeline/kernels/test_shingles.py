"""Sets of n-grams and how similar they are."""

from itertools import combinations, pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.ngrams import extract_ngrams
from pipeline.kernels.shingles import jaccard_unsorted, shingle_sets
from tests.support import reference
from tests.support.texts import WORDS, ngram_sets, row_numbers


@given(st.lists(WORDS, min_size=2, max_size=8), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_jaccard_is_that_of_the_sets(texts: list[str], n: int):
    ngrams = extract_ngrams(pl.Series(texts), n=n)
    sets = ngram_sets(texts, n)
    pairs = np.array(list(combinations(range(len(texts)), 2)), np.int32)
    sizes = np.full(len(texts), -1, np.int32)
    scores = jaccard_unsorted(
        ngrams.hashes, ngrams.ends, pairs[:, 0], pairs[:, 1], 0.01, sizes
    )

    expected = [reference.jaccard(sets[i], sets[j]) for i, j in pairs]
    assert scores.tolist() == pytest.approx(expected)
    assert all(size in (-1, len(s)) for size, s in zip(sizes, sets, strict=True))


@given(st.lists(WORDS, min_size=1, max_size=8), st.integers(1, 3))
@settings(max_examples=50, deadline=None)
def test_sets_are_sorted_and_distinct(texts: list[str], n: int):
    ngrams = extract_ngrams(pl.Series(texts), n=n)
    hashes, ends = shingle_sets(ngrams.hashes, ngrams.ends, row_numbers(len(texts)))

    assert [hashes[a:b].tolist() for a, b in pairwise(ends)] == [
        sorted(set(ngrams.hashes[a:b].tolist())) for a, b in pairwise(ngrams.ends)
    ]


@given(st.lists(WORDS, min_size=2, max_size=8))
@settings(max_examples=50, deadline=None)
def test_prints_are_equal_for_equal_bags(texts: list[str]):
    prints = extract_ngrams(pl.Series(texts), n=2).prints
    bags = [sorted(reference.shingles(text, 2)) for text in texts]

    for i, j in combinations(range(len(texts)), 2):
        assert (prints[i] == prints[j]) == (bags[i] == bags[j])
