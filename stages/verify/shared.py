"""Which models share mistakes: a common wrong answer of two that often do is little.

Models of one family, or of one teacher, are wrong alike. How often two models that are
both wrong give a common wrong answer is counted where a third finds the key, so that no
wrong key passes for a mistake. Only which models agree is weighed: that so many do is
what likelihood.py weighs, and the mean over all ways to swap models is 1.
"""

from itertools import combinations

import numpy as np

from stages.verify.likelihood import Array, Ballots

PRIOR_PROBLEMS = 20.0  # weight of how often any two agree
SWAPS = 24  # orders of the models over which the mean is taken


def weigh_shared_mistakes(ballots: Ballots, times: Array) -> Ballots:
    """Ballots whose witnesses say how usual it is that just these models agree.

    `times` (n,) says how many problems are of each kind.
    """
    n_models = ballots.votes.shape[2]
    pairs = list(combinations(range(n_models), 2))
    if len(pairs) < 2:
        return ballots
    are_wrong, agree = _compare(ballots, pairs)
    is_found = (ballots.votes[:, 0].sum(axis=1) > 0) * times
    n_wrong, n_agree = (np.tensordot(is_found, t[:, 0], 1) for t in (are_wrong, agree))
    any_two = (n_agree.sum() + 0.5) / (n_wrong.sum() + 1)
    rates = (n_agree + PRIOR_PROBLEMS * any_two) / (n_wrong + PRIOR_PROBLEMS)

    def weigh(rates: Array) -> Array:
        apart = np.where(are_wrong, 1 - rates, 1.0)
        weights: Array = np.where(agree, rates, apart).prod(axis=2)
        return weights

    number = {frozenset(pair): i for i, pair in enumerate(pairs)}
    orders = _swap(n_models)
    swapped = [
        rates[[number[frozenset(order[list(pair)])] for pair in pairs]]
        for order in orders
    ]
    usual = sum(weigh(rates) for rates in swapped) / len(orders)
    return ballots._replace(witnesses=ballots.witnesses * weigh(rates) / usual)


def _compare(ballots: Ballots, pairs: list[tuple[int, int]]) -> tuple[Array, Array]:
    """Whether both models of a pair are wrong, and whether they share a wrong answer.

    Both are (n, 2 + ANSWERS, pairs): the key is the truth, answer j is, or none is.
    """
    votes, scattered, _ = ballots
    truth = np.concatenate([votes, np.zeros_like(votes[:, :1])], axis=1)
    cast = votes.sum(axis=1) + scattered
    is_wrong = cast[:, None] > truth
    one, other = np.transpose(pairs)
    both = (votes[..., one] > 0) & (votes[..., other] > 0)  # (n, 1 + ANSWERS, pairs)
    n_common = both.sum(axis=1, keepdims=True)
    on_truth = np.concatenate([both, np.zeros_like(both[:, :1])], axis=1)
    return is_wrong[..., one] & is_wrong[..., other], n_common > on_truth


def _swap(n_models: int) -> Array:
    """Orders of the models (SWAPS at most, n_models): the same in every run."""
    rng = np.random.default_rng(0)
    orders = np.array([rng.permutation(n_models) for _ in range(20 * SWAPS)])
    return np.unique(orders, axis=0)[:: max(1, len(np.unique(orders, axis=0)) // SWAPS)]
