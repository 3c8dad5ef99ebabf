"""Spread over partitions and batches, the search finds the pairs of the whole."""

import numpy as np
import polars as pl
import pytest

from pipeline.dedup import ngram_search, spread_ngrams
from pipeline.dedup.ngram_search import NgramSearch, find_near_copies
from tests.support.rows import problems


@pytest.fixture
def spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches and many partitions, all of them here."""
    monkeypatch.setattr(ngram_search, "is_cluster", lambda: True)
    monkeypatch.setattr(spread_ngrams, "ROWS", 100)
    monkeypatch.setattr(spread_ngrams, "PAIRS", 150)
    monkeypatch.setattr(spread_ngrams, "ENTRIES", 500)


def crowd(size: int) -> pl.DataFrame:
    """Problems of three templates with so many numbers, and others; two are blank."""
    rng = np.random.default_rng(4)
    words = [[f"w{word}" for word in rng.integers(0, 900, 40)] for _ in range(3)]
    texts = []
    for number in range(size):
        own = words[number % 3] if number % 4 else rng.permutation(words[0]).tolist()
        texts.append(" ".join([*own, "is it", str(number // 5), "?"]))
    return problems(*texts, "", "?", answer=[str(n % 5) for n in range(size + 2)])


def as_tuples(pairs) -> list:
    return [each.tolist() for each in (pairs.first, pairs.second, pairs.score)]


@pytest.mark.parametrize("guard", [True, False])
def test_spread_or_not_the_pairs_are_the_same(request, guard: bool):
    rows, search = crowd(900), NgramSearch(guard=guard)
    whole = find_near_copies(rows, search)
    request.getfixturevalue("spread")
    parts = find_near_copies(rows, search)

    assert len(whole.first) > 300
    assert as_tuples(parts) == as_tuples(whole)
    assert parts.leader.tolist() == whole.leader.tolist()
    assert parts.relation.tolist() == whole.relation.tolist()


def test_no_rows_and_no_pairs_are_nothing(spread: None):
    for rows in (problems(), problems("", "a b c d")):
        assert as_tuples(find_near_copies(rows, NgramSearch())) == [[], [], []]
