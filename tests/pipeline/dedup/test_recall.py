import numpy as np

from pipeline.dedup import cosine
from pipeline.dedup.cosine import near_pairs, nearest_cells, one_cell
from pipeline.dedup.recall import describe, measure_recall
from tests.support.near import clouds, pairs_of, unit


def test_recall_counts_what_was_left_out():
    vectors = unit([[1, 0], [1, 0.01], [0, 1], [0.01, 1], [-1, 0]])
    half = pairs_of((0, 1, 1.0))
    recall = measure_recall(vectors, 0.9, half, seed=0)

    assert recall.rows() == [(5, 2, 0.5, 0.5)]
    assert describe(recall.row(0, named=True)) == (
        "row recall 0.500 (2 of 5 sampled rows have an earlier neighbour), "
        "pair recall 0.500"
    )


def test_a_thinned_crowd_costs_no_recall(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 2)
    vectors = clouds(300)
    pairs = near_pairs(vectors, one_cell(300), 0.5)

    assert measure_recall(vectors, 0.5, pairs, seed=0).row(0)[2:] == (1.0, 1.0)


def test_recall_of_nothing_to_find_is_one():
    vectors = np.eye(4, dtype=np.float32)
    pairs = near_pairs(vectors, one_cell(4), 0.9)

    assert measure_recall(vectors, 0.9, pairs, seed=0).rows() == [(4, 0, 1.0, 1.0)]


def test_four_visits_find_nearly_all_and_more_than_one():
    vectors = clouds(5000, size=32)
    single, four = (
        measure_recall(
            vectors,
            0.8,
            near_pairs(vectors, nearest_cells(vectors, 140, visits=n, seed=0)[0], 0.8),
            most=5000,
            seed=0,
        ).row(0, named=True)
        for n in (1, 4)
    )

    assert four["row_recall"] >= 0.985
    assert four["pair_recall"] > single["pair_recall"]
