import numpy as np

from pipeline.dedup.pairs import Pairs, pair_key
from tests.support.near import names, pairs_of


def test_pairs_come_once_by_the_later_row_then_the_earlier():
    pairs = pairs_of((2, 3, 0.9), (0, 3, 0.8), (1, 2, 0.7), (2, 3, 0.9)).distinct()

    assert names(pairs) == [(1, 2), (0, 3), (2, 3)]
    assert pairs.score.tolist() == [0.7, 0.8, 0.9]


def test_settled_rows_send_others_away_and_stay():
    pairs = Pairs(
        first=np.array([0, 0, 1, 2], np.int32),
        second=np.array([1, 2, 3, 3], np.int32),
        score=np.array([0.7, 0.8, 0.9, 1.0]),
        leader=np.array([0, 0, 1, 3]),
    ).settle(2)

    assert names(pairs) == [(0, 2), (1, 3), (2, 3)]
    assert pairs.leader is not None
    assert pairs.leader.tolist() == [0, 1, 1, 3]


def test_keys_of_pairs_sort_by_the_later_row_then_the_earlier():
    first, second = np.array([1, 0, 2, 0]), np.array([2, 1, 2**31 - 1, 2])
    order = np.argsort(pair_key(first, second))

    assert order.tolist() == [1, 3, 0, 2]
