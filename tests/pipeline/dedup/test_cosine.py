import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import cosine
from pipeline.dedup.cosine import near_pairs, nearest_cells, one_cell
from pipeline.dedup.pairs import Pairs
from tests.support.near import clouds, names, near_by_brute_force, unit

SEARCHES = ["flat", "cells"]


def search(vectors: np.ndarray, threshold: float, how: str) -> Pairs:
    cells = one_cell(len(vectors))
    if how == "cells":
        cells, _ = nearest_cells(
            vectors, 2 * int(len(vectors) ** 0.5), visits=4, seed=3
        )
    return near_pairs(vectors, cells, threshold)


@given(
    rows=st.integers(0, 120),
    seed=st.integers(0, 1000),
    threshold=st.sampled_from([0.5, 0.8, 0.95, 1.0]),
    tile=st.sampled_from([1, 7, 64]),
)
@settings(max_examples=40, deadline=None)
def test_one_cell_is_brute_force_whatever_the_tiles(rows, seed, threshold, tile):
    vectors = clouds(rows, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosine, "TILE_ROWS", tile)
        patch.setattr(cosine, "TILE_COLUMNS", 2 * tile)
        patch.setattr(cosine, "CROWD", 1000)
        pairs = near_pairs(vectors, one_cell(rows), threshold)

    assert set(names(pairs)) == near_by_brute_force(vectors, threshold)


@pytest.mark.parametrize("how", SEARCHES)
def test_pairs_come_once_by_the_later_row_with_their_cosine(how):
    vectors = clouds(2000)
    pairs = search(vectors, 0.95, how)
    keys = [(later, earlier) for earlier, later in names(pairs)]

    assert keys == sorted(set(keys))
    assert (pairs.first < pairs.second).all()
    cosines = (vectors[pairs.first] * vectors[pairs.second]).sum(axis=1)
    assert pairs.score == pytest.approx(cosines, abs=1e-4)
    assert pairs.score.min() >= 0.9499
    assert len(keys) > 1000


def test_the_same_seed_finds_the_same():
    vectors = clouds(3000)
    first, second = (search(vectors, 0.9, "cells") for _ in range(2))

    assert names(first) == names(second)
    assert (first.score == second.score).all()


@pytest.mark.parametrize("how", SEARCHES)
def test_the_number_of_threads_changes_nothing(how):
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    vectors = clouds(3000)
    many = search(vectors, 0.9, how)
    with limits(limits=1):
        single = search(vectors, 0.9, how)

    assert names(many) == names(single)


@pytest.mark.parametrize("how", SEARCHES)
def test_equal_vectors_have_cosine_one(how):
    vectors = np.repeat(clouds(1, size=384), 5, axis=0)
    pairs = search(vectors, 1.0, how)

    assert len(names(pairs)) == 10
    assert pairs.score.tolist() == [1.0] * 10


@pytest.mark.parametrize("rows", [0, 1])
def test_there_is_nothing_to_find_among_fewer_than_two_rows(rows):
    pairs = search(clouds(2)[:rows], 0.9, "flat")

    assert names(pairs) == []
    assert pairs.first.dtype == np.int32


def test_a_vector_of_zeros_is_near_nothing():
    vectors = clouds(50)
    vectors[[3, 7]] = 0

    assert {3, 7}.isdisjoint(search(vectors, 0.5, "cells").first)


def test_with_all_cells_visited_nothing_is_missed(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 1000)
    vectors = clouds(500)
    cells, _ = nearest_cells(vectors, 44, visits=500, seed=0)

    assert cells.shape == (500, 44)
    pairs = near_pairs(vectors, cells, 0.8)
    assert set(names(pairs)) == near_by_brute_force(vectors, 0.8)


def test_of_rows_that_visit_only_their_home_pairs_across_are_not_found(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 1000)
    vectors = clouds(1000)
    cells, closeness = nearest_cells(vectors, 20, visits=1, seed=0)
    home = cells[:, 0]

    assert len(np.unique(home)) == 20
    assert 0 < closeness.min() <= closeness.max() <= 1.00001
    assert set(names(near_pairs(vectors, cells, 0.8))) == {
        (first, second)
        for first, second in near_by_brute_force(vectors, 0.8)
        if home[first] == home[second]
    }


def test_in_a_crowd_a_row_keeps_the_nearest_and_the_first(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 3)
    monkeypatch.setattr(cosine, "HELD_PAIRS", 100)  # thinned many times over
    monkeypatch.setattr(cosine, "TILE_ROWS", 16)
    numbers = np.random.default_rng(0)
    vectors = unit(1 + 0.1 * numbers.normal(size=(200, 8)))
    cosines = (vectors @ vectors.T).round(4)
    truth = set()
    for later in range(200):
        nearest = sorted(range(later), key=lambda row: (-cosines[later, row], row))
        truth |= {(row, later) for row in [*range(min(3, later)), *nearest[:3]]}
    pairs = search(vectors, 0.5, "flat")

    assert set(names(pairs)) == truth
    rows, kept = np.unique(pairs.second, return_counts=True)
    assert pairs.crowded == (kept < rows).sum()


@pytest.mark.parametrize("tile", [3, 256])
def test_a_cosine_is_the_exact_one_to_four_digits_whatever_stands_beside(tile):
    vectors = clouds(1500)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosine, "TILE_ROWS", tile)
        patch.setattr(cosine, "PAIRS_AT_ONCE", 2 * tile)
        patch.setattr(cosine, "CROWD", 10_000)
        pairs = near_pairs(vectors, one_cell(1500), 0.9)
    exact = (vectors[pairs.first].astype(float) * vectors[pairs.second]).sum(axis=1)

    assert len(exact) > 1000
    assert (pairs.score == np.minimum(exact.round(4), 1)).all()
