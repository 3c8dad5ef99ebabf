import numpy as np
import pytest

from stages.verify.likelihood import ANSWERS, Ballots
from stages.verify.posterior import truth_chances
from stages.verify.shared import weigh_shared_mistakes


def ballots(*rows: list[list[int]]) -> Ballots:
    """Of each problem and each model: votes for the key and for other answers."""
    votes = np.zeros((len(rows), 1 + ANSWERS, len(rows[0])), np.int64)
    for number, row in enumerate(rows):
        for model, given in enumerate(row):
            votes[number, : len(given), model] = given
    nobody = np.zeros((len(rows), len(rows[0])), np.int64)
    return Ballots(votes, nobody, np.ones((len(rows), 2 + ANSWERS)))


def wrong(pool: Ballots, noise: float = 0.02) -> tuple[np.ndarray, float]:
    strata = np.zeros((len(pool.votes), 1), np.int64)
    chances, noises = truth_chances(pool, strata, noise)
    assert chances.sum(axis=1) == pytest.approx(1)
    return 1 - chances[:, 0], noises[0]


# One model with four samples that is right on most problems, and whose mistakes
# scatter; on the last problems all four samples are for one other answer.
def strong(n_against: int) -> Ballots:
    usual = [[[4]], [[4]], [[4]], [[4]], [[3, 1]], [[2, 1, 1]], [[1, 1, 1, 1]]]
    return ballots(*usual * 70, *[[[0, 4]]] * n_against)


def test_four_samples_against_the_key_of_a_strong_model_are_enough():
    chances, noise = wrong(strong(25))

    assert chances[-1] > 0.8
    assert noise == pytest.approx(25 / 515, rel=0.3)


def test_where_few_problems_are_like_that_the_chance_is_lower():
    assert 0.3 < wrong(strong(1))[0][-1] < wrong(strong(25))[0][-1]


def test_where_a_model_is_now_and_then_misled_its_firm_mistakes_are_no_wrong_keys():
    firm_but_found = [[[1, 15]], [[2, 14]], [[1, 14, 1]], [[3, 13]]]
    usual = [[[16]], [[15, 1]], [[14, 1, 1]], [[12, 2, 1, 1]]] * 60
    against = [[[0, 16]]] * 10

    honest = wrong(ballots(*usual, *against))[0][-1]
    misled = wrong(ballots(*usual, *firm_but_found * 8, *against))[0][-1]

    assert honest > 0.8
    assert misled < 0.5


def family(votes_of_three: list[list[list[int]]]) -> Ballots:
    """Three models: where the first finds the key, the others share one mistake."""
    alike = [[1], [0, 1], [0, 1]]
    return ballots(*[alike] * 40, *votes_of_three)


def test_a_mistake_that_models_often_share_is_worth_less_than_one_that_they_do_not():
    # Two of three agree against the key; the other has an answer of its own.
    siblings = [[0, 0, 1], [0, 1], [0, 1]]
    strangers = [[0, 1], [0, 0, 1], [0, 1]]
    pool = family([siblings, strangers])
    weighed = weigh_shared_mistakes(pool, np.ones(len(pool.votes))).witnesses

    assert weighed[-2, 0] > 1 > weighed[-1, 0]
    # The mean over which two of the three agree is 1: by how much is known by hand.
    # Two agree 60 times of 60, others (0 + 20 · 40.5/41) / 20; the orders' mean is 1.
    assert weighed[-2, 0] + 2 * weighed[-1, 0] == pytest.approx(3)
    # If the shared answer is the truth, only one model is wrong, and nobody shares.
    assert weighed[-1, 1] == 1


def test_one_or_two_models_have_no_pairs_to_compare():
    pool = ballots(*[[[0, 1], [0, 1]]] * 5)

    assert weigh_shared_mistakes(pool, np.ones(5)) is pool


def test_models_in_another_order_change_nothing():
    rows = [[[1], [0, 1], [0, 1]], [[0, 1], [0, 1], [0, 1]], [[1], [1], [1]]] * 20
    swapped = [[row[2], row[0], row[1]] for row in rows]

    assert wrong(ballots(*rows))[0] == pytest.approx(wrong(ballots(*swapped))[0])
