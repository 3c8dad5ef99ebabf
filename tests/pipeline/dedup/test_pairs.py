import numpy as np

from pipeline.dedup.pairs import Pairs, pair_key, rank_pairs
from tests.support.near import names


def test_pairs_are_ranked_by_places_in_the_order():
    pairs = Pairs(
        first=np.array([0, 1, 0], np.int32),
        second=np.array([1, 3, 2], np.int32),
        score=np.array([0.7, 0.8, 0.9]),
        leader=np.array([0, 1, 2, 2], np.int32),
        relation=np.array([1, 2, 0], np.uint8),
    )
    ranked = rank_pairs(pairs, np.array([2, 3, 1, 0]))

    # Row 2 is now at place 0, row 3 at 1, row 1 at 2 and row 0 at 3.
    assert names(ranked) == [(1, 2), (0, 3), (2, 3)]
    assert ranked.score.tolist() == [0.8, 0.9, 0.7]
    assert ranked.relation is not None
    assert ranked.relation.tolist() == [2, 0, 1]
    assert ranked.leader is not None
    assert ranked.leader.tolist() == [0, 0, 2, 3]


def test_keys_of_pairs_sort_by_the_later_row_then_the_earlier():
    first, second = np.array([1, 0, 2, 0]), np.array([2, 1, 2**31 - 1, 2])
    order = np.argsort(pair_key(first, second))

    assert order.tolist() == [1, 3, 0, 2]
