import numpy as np

from pipeline.dedup import cosine, embedding_search
from pipeline.dedup.embedding_search import EmbeddingSearch, find_near_rows
from tests.support.near import circle, clouds, names


def search(vectors: np.ndarray, **settings):
    return find_near_rows(vectors, EmbeddingSearch(**settings))


def test_a_crowd_never_loses_the_central_row(monkeypatch):
    monkeypatch.setattr(cosine, "CROWD", 2)
    vectors = circle(*np.linspace(0, 10, 60))
    settings = {"method": "semdedup", "eps": 0.1, "clusters": 1, "survivor": "central"}
    pairs, order, _ = search(vectors, **settings)

    assert order.tolist() != list(range(60))
    assert set(pairs.second[pairs.first == 0]) == set(range(1, 60))


def test_auto_is_exact_up_to_a_number_of_rows(monkeypatch):
    vectors = clouds(3000)
    exact, cells = (search(vectors, search=how) for how in ("flat", "cells"))
    monkeypatch.setattr(embedding_search, "EXACT_ROWS", 3000)
    few = search(vectors)
    monkeypatch.setattr(embedding_search, "EXACT_ROWS", 2999)
    many = search(vectors)

    assert names(few[0]) == names(exact[0])
    assert names(many[0]) == names(cells[0])
    assert [result[2].height for result in (few, exact, many, cells)] == [0, 0, 1, 1]


def test_semdedup_never_looks_across_clusters():
    vectors = circle(0, 10, 20, 160, 170, 180)
    pairs, _, recall = search(vectors, method="semdedup", clusters=2, eps=0.9)

    assert names(pairs) == [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]
    assert recall["pair_recall"].to_list() == [1.0]


def test_semdedup_has_a_cluster_for_every_hundred_rows(monkeypatch):
    counts = []
    nearest = cosine.nearest_cells

    def count_cells(vectors, count, **options):
        counts.append(count)
        return nearest(vectors, count, **options)

    monkeypatch.setattr(cosine, "nearest_cells", count_cells)
    for rows in (99, 1000):
        search(clouds(rows), method="semdedup")

    assert counts == [1, 10]


def test_the_central_row_of_a_cluster_can_survive():
    vectors = circle(0, 10, 20)
    settings = {"method": "semdedup", "clusters": 1, "eps": 0.1}
    first = search(vectors, **settings)[1]
    pairs, central, _ = search(vectors, survivor="central", **settings)

    assert first.tolist() == [0, 1, 2]
    assert central.tolist()[0] == 1
    assert sorted(names(pairs)) == [(0, 1), (0, 2), (1, 2)]
