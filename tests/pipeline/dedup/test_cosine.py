import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup import cosine
from pipeline.dedup.cosine import Found, pairs
from pipeline.dedup.recall import recall
from pipeline.dedup.semdedup import clusters, priority, within

SEARCHES = ["flat", "cells", "ivf", "hnsw"]


def unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def clouds(rows: int, size: int = 8, seed: int = 0) -> np.ndarray:
    """Rows scattered around a few points, as texts around templates."""
    numbers = np.random.default_rng(seed)
    points = numbers.normal(size=(max(1, rows // 10), size))
    spread = 0.3 * numbers.normal(size=(rows, size))
    return unit(points[numbers.integers(0, len(points), rows)] + spread)


def brute(vectors: np.ndarray, threshold: float) -> set[tuple[int, int]]:
    near = np.triu(vectors @ vectors.T >= threshold - 1e-6, k=1)
    return set(zip(*(side.tolist() for side in np.nonzero(near)), strict=True))


def named(found: Found) -> list[tuple[int, int]]:
    return list(zip(found.first.tolist(), found.second.tolist(), strict=True))


@given(
    rows=st.integers(0, 120),
    seed=st.integers(0, 1000),
    threshold=st.sampled_from([0.5, 0.8, 0.95, 1.0]),
    tile=st.sampled_from([1, 7, 64]),
)
@settings(max_examples=40, deadline=None)
def test_flat_is_brute_force_whatever_the_tiles(rows, seed, threshold, tile):
    vectors = clouds(rows, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cosine, "TALL", tile)
        patch.setattr(cosine, "WIDE", 2 * tile)
        patch.setattr(cosine, "CROWD", 1000)
        found = pairs(vectors, threshold, search="flat")

    assert set(named(found)) == brute(vectors, threshold)


@pytest.mark.parametrize("search", SEARCHES)
def test_pairs_come_once_by_the_later_row_with_their_cosine(search):
    vectors = clouds(2000)
    found = pairs(vectors, 0.95, search=search)
    names = [(later, earlier) for earlier, later in named(found)]

    assert names == sorted(set(names))
    assert (found.first < found.second).all()
    cosines = (vectors[found.first] * vectors[found.second]).sum(axis=1)
    assert found.cosine == pytest.approx(cosines, abs=1e-4)
    assert found.cosine.min() >= 0.9499
    assert len(names) > 1000


@pytest.mark.parametrize("search", SEARCHES)
def test_the_same_seed_finds_the_same(search):
    vectors = clouds(3000)
    one, other = (pairs(vectors, 0.9, search=search, seed=3) for _ in range(2))

    assert named(one) == named(other)
    assert (one.cosine == other.cosine).all()


@pytest.mark.parametrize("search", SEARCHES)
def test_the_number_of_threads_changes_nothing(search):
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    vectors = clouds(3000)
    many = pairs(vectors, 0.9, search=search)
    with limits(limits=1):
        single = pairs(vectors, 0.9, search=search)

    assert named(many) == named(single)


@pytest.mark.parametrize("search", SEARCHES)
def test_equal_vectors_have_cosine_one(search):
    vectors = np.repeat(clouds(1, size=384), 5, axis=0)
    found = pairs(vectors, 1.0, search=search)

    assert len(named(found)) == 10
    assert found.cosine.tolist() == [1.0] * 10


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("rows", [0, 1])
def test_there_is_nothing_to_find_among_fewer_than_two_rows(search, rows):
    found = pairs(clouds(2)[:rows], 0.9, search=search)

    assert named(found) == []
    assert found.first.dtype == np.int32


def test_a_vector_of_zeros_is_near_nothing():
    vectors = clouds(50)
    vectors[[3, 7]] = 0

    assert {3, 7}.isdisjoint(pairs(vectors, 0.5, search="cells").first)


@pytest.mark.parametrize("search", ["cells", "ivf"])
def test_with_all_cells_probed_nothing_is_missed(search, monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 1000)
    vectors = clouds(500)
    found = pairs(vectors, 0.8, search=search, probes=500)

    assert set(named(found)) == brute(vectors, 0.8)


def test_four_probes_find_nearly_all_and_more_than_one():
    vectors = clouds(5000, size=32)
    few, more = (
        recall(
            vectors,
            0.8,
            pairs(vectors, 0.8, search="cells", probes=probes),
            most=5000,
        )
        for probes in (1, 4)
    )

    assert more.rows >= 0.985
    assert more.pairs > few.pairs


def test_auto_is_exact_up_to_a_number_of_rows():
    vectors = clouds(3000)
    exact = named(pairs(vectors, 0.8, search="flat"))

    assert named(pairs(vectors, 0.8, exact_rows=3000)) == exact
    cells = named(pairs(vectors, 0.8, search="cells"))
    assert named(pairs(vectors, 0.8, exact_rows=2999)) == cells


def test_in_a_crowd_a_row_keeps_the_nearest_and_the_first(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 3)
    monkeypatch.setattr(cosine, "GATHERED", 100)  # thinned many times over
    monkeypatch.setattr(cosine, "TALL", 16)
    numbers = np.random.default_rng(0)
    vectors = unit(1 + 0.1 * numbers.normal(size=(200, 8)))
    cosines = (vectors @ vectors.T).round(4)
    truth = set()
    for later in range(200):
        nearest = sorted(range(later), key=lambda row: (-cosines[later, row], row))
        truth |= {(row, later) for row in [*range(min(3, later)), *nearest[:3]]}
    found = pairs(vectors, 0.5, search="flat")

    assert set(named(found)) == truth
    rows, kept = np.unique(found.second, return_counts=True)
    assert found.crowded == (kept < rows).sum()


def test_pairs_in_the_margin_push_no_near_one_out_of_a_crowd(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 3)
    monkeypatch.setattr(cosine, "GATHERED", 100)
    monkeypatch.setattr(cosine, "TALL", 16)
    vectors = unit(1 + 0.2 * np.random.default_rng(1).normal(size=(200, 8)))
    alone = pairs(vectors, 0.97, search="flat")
    both = pairs(vectors, 0.97, margin=0.1, search="flat")

    assert set(named(alone)) <= set(named(both))
    assert (both.cosine < 0.97).any()
    assert both.crowded == alone.crowded


def test_recall_counts_what_was_left_out():
    vectors = unit([[1, 0], [1, 0.01], [0, 1], [0.01, 1], [-1, 0]])
    half = Found(*(np.array([value]) for value in (0, 1, 1.0)))
    found = recall(vectors, 0.9, half, most=5)

    assert (found.sample, found.neighboured) == (5, 2)
    assert (found.rows, found.pairs) == (0.5, 0.5)
    assert "row recall 0.500 (2 of 5" in str(found)


def test_a_thinned_crowd_costs_no_recall(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 2)
    vectors = clouds(300)
    found = recall(vectors, 0.5, pairs(vectors, 0.5, search="flat"))

    assert (found.rows, found.pairs) == (1.0, 1.0)


def test_recall_of_nothing_to_find_is_one():
    vectors = np.eye(4, dtype=np.float32)
    found = recall(vectors, 0.9, pairs(vectors, 0.9, search="cells"))

    assert (found.neighboured, found.rows, found.pairs) == (0, 1.0, 1.0)


def test_within_clusters_every_pair_is_found_and_none_across():
    vectors = clouds(1000)
    home = clusters(vectors, 20, seed=0).home
    found = named(within(vectors, home, 0.8))
    truth = {pair for pair in brute(vectors, 0.8) if home[pair[0]] == home[pair[1]]}

    assert set(found) <= truth
    assert len(found) > 0.9 * len(truth)  # crowds are thinned


def test_a_cluster_for_every_hundred_rows():
    parted = clusters(clouds(1000), None, seed=0)

    assert len(np.unique(parted.home)) == 10
    assert parted.closeness.max() <= 1


def test_who_survives():
    closeness = np.array([0.2, 0.9, 0.9, 0.5], np.float32)

    assert priority("first", closeness, 0) is None
    assert priority("central", closeness, 0).tolist() == [3, 0, 1, 2]
    assert sorted(priority("random", closeness, 0)) == [0, 1, 2, 3]
    assert (priority("random", closeness, 1) == priority("random", closeness, 1)).all()
