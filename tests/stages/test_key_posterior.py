"""The chance that a key is wrong, from arrays of votes."""

import numpy as np
import pytest

from stages.verify.likelihood import (
    ANSWERS,
    CONCENTRATIONS,
    LIKE_A_MODEL,
    NOBODY,
    RATES,
    SHAPES,
    Ballots,
    precompute,
)
from stages.verify.posterior import truth_chances
from stages.verify.reliability import bound_by_reliability, measure_reliability

C = CONCENTRATIONS


def ballots(*problems: list[list[int]], models: int = 1) -> Ballots:
    """Votes of each model for the key and for other answers, the most frequent first.

    >>> ballots([[8]], [[0, 7, 1]])  # two problems, one model
    """
    votes = np.zeros((len(problems), 1 + ANSWERS, models), np.int64)
    for number, by_model in enumerate(problems):
        for model, counts in enumerate(by_model):
            votes[number, : len(counts), model] = counts
    scattered = np.zeros((len(problems), models), np.int64)
    return Ballots(votes, scattered, np.ones((len(problems), 2 + ANSWERS)))


# Eight votes each of a model that is right seven times of eight, or seldom.
STRONG = [[[8]], [[8]], [[8]], [[7, 1]], [[7, 1]], [[6, 1, 1]]]
WEAK = [[[0, 3, 2, 1, 1]], [[1, 3, 2, 1, 1]], [[0, 4, 2, 2]]]
AGAINST = [[0, 7, 1]]


def wrong(cast: Ballots, strata: np.ndarray | None = None) -> np.ndarray:
    """The chance of each key to be wrong, where 2% of the keys are expected to be."""
    if strata is None:
        strata = np.zeros((len(cast.votes), 1), np.int64)
    chances, _ = truth_chances(cast, strata, 0.02)
    assert chances.sum(axis=1) == pytest.approx(1)
    return 1 - chances[:, 0]


def test_what_is_likely_by_hand():
    terms = precompute(ballots([[0, 2]]), np.array([1]))

    # Two equal wrong votes: the second sits at the first one's table, 1 of 1 + c.
    gathered = terms.gathered[0]
    assert gathered[0] == pytest.approx(1 / (1 + C))
    # Where their answer is the truth, no vote is wrong.
    assert gathered[1] == pytest.approx(1)
    # Where nobody has the truth, the key is at neither's table, which a key that is
    # some model's mistake would be in 2 of 2 + c.
    elsewhere = LIKE_A_MODEL * C / (C + 2) + 1 - LIKE_A_MODEL
    assert gathered[NOBODY] == pytest.approx(elsewhere / (1 + C))
    right = terms.right[terms.pattern[0, :, 0]]
    assert right[0] == pytest.approx((1 - RATES) ** 2)
    assert right[1] == pytest.approx(RATES**2)


def test_a_misled_model_leaves_votes_to_the_truth_by_hand():
    terms = precompute(ballots([[1, 5, 1]]), np.array([1]))

    # One of seven votes for the truth, in this order: B(2, b + 6) / B(1, b).
    assert terms.found[0] == pytest.approx(SHAPES / ((SHAPES + 6) * (SHAPES + 7)))
    # Of the six others five are for the mistake, as firm as right ones are elsewhere;
    # the sixth sits alone.
    assert terms.right[terms.pattern[0, -ANSWERS, 0]] == pytest.approx(
        RATES**5 * (1 - RATES)
    )
    assert terms.gathered[0, -ANSWERS] == pytest.approx(1)
    # Or the key is a mistake of the model: both votes at tables of their own, c of
    # 1 + c, and the key at one of them, 1 of 2 + c.
    by_mistake = LIKE_A_MODEL / (2 + C)
    assert terms.gathered[0, 1] == pytest.approx(C / (1 + C) * by_mistake)


def test_a_key_that_samples_reach_is_right():
    assert (wrong(ballots(*[[[8]]] * 50, [[5, 3]])) < 0.01).all()


def test_sixteen_samples_are_not_sixteen_witnesses():
    few = [*[[[4]], [[3, 1]]] * 20, *[[[0, 2, 1, 1]]] * 5, [[0, 3, 1]]]
    many = [*[[[16]], [[12, 4]]] * 20, *[[[0, 8, 4, 4]]] * 5, [[0, 12, 4]]]
    odds = [p / (1 - p) for p in (wrong(ballots(*pool))[-1] for pool in (few, many))]
    prior = 0.02 / 0.98

    assert odds[1] / prior < (odds[0] / prior) ** 2  # independent ones: the power of 4


def test_a_second_model_that_agrees_is_evidence_and_one_that_is_weak_is_not():
    def with_second(*seconds: list[list[int]]) -> float:
        pairs = [
            [first, second]
            for (first,), (second,) in zip(STRONG * 10, seconds, strict=True)
        ]
        cast = ballots(*pairs, [[0, 2], [0, 2]], models=2)
        return float(wrong(cast)[-1])

    alone = wrong(ballots(*STRONG * 10, [[0, 2]]))[-1]
    strong = with_second(*(STRONG[::-1] * 10))
    weak = with_second(*WEAK * 20)

    assert strong > alone
    assert weak < strong


def test_a_stratum_in_which_the_model_is_weak_says_less():
    cast = ballots(*STRONG * 10, AGAINST, *WEAK * 20, AGAINST)
    levels = np.array([0] * 61 + [1] * 61)
    chances = wrong(cast, np.column_stack([np.zeros(122, np.int64), levels]))

    assert chances[60] > 3 * chances[-1]  # the same votes, in two levels


def test_sources_have_shares_of_wrong_keys_of_their_own():
    cast = ballots(*STRONG * 15, *STRONG * 10, *[AGAINST] * 20)
    strata = np.array([[0]] * 90 + [[1]] * 80)
    chances, shares = truth_chances(cast, strata, 0.02)

    assert shares[0] < 0.02
    assert shares[-1] == pytest.approx(0.2, abs=0.06)  # 20 of 80 look so
    assert (1 - chances[-20:, 0] > 0.8).all()


def test_where_most_keys_seem_wrong_it_is_the_model():
    cast = ballots(*[[[0, 8]]] * 60, *[[[8]]] * 10)
    _, shares = truth_chances(cast, np.zeros((70, 1), np.int64), 0.02)

    assert (shares < 0.04).all()  # the prior's mean is 0.031


def test_the_order_of_problems_changes_nothing():
    cast = ballots(*[[[8]]] * 30, *[[[3, 2, 1]]] * 10, [[0, 7, 1]], [[0, 2, 1]])
    order = np.random.default_rng(0).permutation(42)
    shuffled = Ballots(*(part[order] for part in cast))

    assert (wrong(shuffled) == wrong(cast)[order]).all()


def test_no_votes_say_nothing():
    cast = ballots(*STRONG * 10, [[0]])
    chances, noise = truth_chances(cast, np.zeros((61, 1), np.int64), 0.02)

    assert 1 - chances[-1, 0] == pytest.approx(noise[-1], abs=0.005)
    assert wrong(ballots()).tolist() == []


def test_reliability_is_how_often_such_majorities_agree_with_keys():
    cast = ballots(*[[[8]]] * 90, *[[[0, 8]]] * 10, *[[[1, 4, 3]]] * 100)
    strata, noise = np.zeros((200, 1), np.int64), np.zeros(200)
    rates = measure_reliability(cast, strata, noise)

    # 90 of the 99 others that agree so firmly, and 10 problems of 91 right in 202.
    assert rates[95] == pytest.approx((90 + 10 * 91 / 202) / (99 + 10))
    assert rates[-1] == pytest.approx((10 * 91 / 202) / (99 + 10))


def test_votes_speak_no_louder_than_their_reliability():
    cast = ballots([[0, 8]], [[0, 8]])
    cast.witnesses[1] = [0.1, 1, 0.5, 0.5, 0.5, 0.5]
    chances = np.tile([0.05, 0.95, 0, 0, 0, 0], (2, 1))
    bounded = bound_by_reliability(chances, cast, np.array([0.5, 0.5]))

    # Another witness, ten times likelier if the key is wrong, lifts odds of 1 to 10.
    assert bounded[:, 0] == pytest.approx([0.5, 1 / 11])
    assert bounded.sum(axis=1) == pytest.approx(1)


def test_where_a_model_is_never_right_its_firm_mistakes_make_no_key_suspect():
    never = [[[0, 2, 2, 1, 1]]] * 60 + [[[0, 3, 2, 2, 1]]] * 12 + [[[0, 8]]] * 8
    cast = ballots(*STRONG * 60, *never)
    strata = np.array([[0]] * 360 + [[1]] * 80)
    chances, shares = truth_chances(cast, strata, 0.02)
    reliability = measure_reliability(cast, strata, shares)
    bounded = bound_by_reliability(chances, cast, reliability)

    assert (1 - bounded[-8:, 0] < 0.5).all()
