import numpy as np
import pytest

from pipeline.dedup import cosine, embedding_search, survivors
from pipeline.dedup.embedding_search import EmbeddingSearch, find_near_rows
from pipeline.filter import unjudged
from tests.support.near import circle, clouds, names
from tests.support.rows import problems


def search(vectors: np.ndarray, order: np.ndarray | None = None, **settings):
    order = np.arange(len(vectors)) if order is None else order
    return find_near_rows(vectors, order, EmbeddingSearch(**settings))


@pytest.mark.parametrize("method", ["pairs", "semdedup"])
def test_a_crowd_is_cut_in_the_order_in_which_its_rows_survive(monkeypatch, method):
    monkeypatch.setattr(cosine, "CROWD", 2)
    vectors = circle(*np.linspace(0, 10, 60))
    order = np.random.default_rng(0).permutation(60)
    settings = {"method": method, "threshold": 0.9, "eps": 0.1, "clusters": 1}
    pairs, same_order, _ = search(vectors, order, **settings)
    linked = set(pairs.first[pairs.second == order[0]]) | set(
        pairs.second[pairs.first == order[0]]
    )

    assert same_order.tolist() == order.tolist()
    assert linked == set(range(60)) - {order[0]}
    judged = survivors.mark_duplicates(
        unjudged(problems(*["a"] * 60)),
        pairs,
        "copy",
        order=order,
        rules=survivors.MergeRules(guard=False),
    )
    assert judged.rows["reason"].is_null().arg_true().to_list() == [order[0]]


def test_auto_is_exact_up_to_a_number_of_rows(monkeypatch):
    vectors = clouds(3000)
    exact, cells = (search(vectors, search=how) for how in ("flat", "cells"))
    monkeypatch.setattr(embedding_search, "EXACT_ROWS", 3000)
    few = search(vectors)
    monkeypatch.setattr(embedding_search, "EXACT_ROWS", 2999)
    many = search(vectors)

    assert names(few[0]) == names(exact[0])
    assert names(many[0]) == names(cells[0])
    assert [found[2].height for found in (few, exact, many, cells)] == [0, 0, 1, 1]


def test_semdedup_never_looks_across_clusters():
    vectors = circle(0, 10, 20, 160, 170, 180)
    pairs, _, recall = search(vectors, method="semdedup", clusters=2, eps=0.9)

    assert names(pairs) == [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]
    assert recall["pair_recall"].to_list() == [1.0]


def test_semdedup_has_a_cluster_for_every_hundred_rows(monkeypatch):
    counts = []
    nearest = embedding_search.nearest_cells

    def count_cells(vectors, count, **options):
        counts.append(count)
        return nearest(vectors, count, **options)

    monkeypatch.setattr(embedding_search, "nearest_cells", count_cells)
    for rows in (99, 1000):
        search(clouds(rows), method="semdedup")

    assert counts == [1, 10]


def test_the_central_row_of_a_cluster_can_survive():
    vectors = circle(0, 10, 20)
    settings = {"method": "semdedup", "clusters": 1, "eps": 0.1}
    _, first, _ = search(vectors, **settings)
    pairs, central, _ = search(vectors, survivor="central", **settings)

    assert first.tolist() == [0, 1, 2]
    assert central.tolist()[0] == 1
    assert sorted(names(pairs)) == [(0, 1), (0, 2), (1, 2)]


def test_pairs_above_the_upper_end_of_the_window_are_left_out():
    vectors = circle(0, 5, 25)  # cosines 0.9962, 0.9063 and 0.9397
    pairs, _, _ = search(vectors, threshold=0.92, upper=0.95)

    assert names(pairs) == [(0, 2), (1, 2)]
    assert pairs.score.tolist() == [0.9063, 0.9397]
