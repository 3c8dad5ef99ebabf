"""How often the majority is right: a curve over its share, measured against keys.

Where most votes are for one answer with a certain share, keys of the same stratum agree
with such majorities so often. Divided by the share of right keys, that is how often
the majority is right, and more than that nothing but other witnesses can say against a
key that disagrees. Strata with few problems lean on the coarser ones.
"""

import numpy as np

from stages.verify.likelihood import Array, Ballots

# Shares of the majority that are told apart.
STEPS = np.array([0.3, 0.5, 0.7, 0.9, 1.0])
PRIOR_PROBLEMS = 10.0  # weight of the coarser stratum
HIGHEST = 0.99


def measure_reliability(ballots: Ballots, strata: Array, noise: Array) -> Array:
    """How often (n,) a majority of such a share is right in the row's finest stratum.

    `strata` (n, depth) are labels from coarse to fine, `noise` (n,) is the share of
    wrong keys. Where a row has no votes it is what all majorities together are.
    """
    votes = ballots.votes.sum(axis=2)
    cast = votes.sum(axis=1) + ballots.scattered.sum(axis=1)
    most = votes.max(axis=1, initial=0)
    agrees = ((votes[:, 0] == most) & (cast > 0)).astype(float)
    step = np.searchsorted(STEPS, most / np.maximum(cast, 1) - 1e-9)
    counts = (cast > 0).astype(float)
    rates: Array = np.full(len(strata), _rate(agrees, counts))
    n_before: Array = np.zeros(len(strata))
    for depth in range(strata.shape[1] + 1):
        labels = np.column_stack([step, strata[:, :depth]])
        group = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
        right, n = (np.bincount(group, w)[group] for w in (agrees, counts))
        # A row's own vote is what is judged, and a stratum that is all of the coarser
        # one says nothing new.
        finer = (right - agrees + PRIOR_PROBLEMS * rates) / (
            n - counts + PRIOR_PROBLEMS
        )
        rates, n_before = np.where(n == n_before, rates, finer), n
    reliability: Array = np.minimum(rates / (1 - noise), HIGHEST)
    return reliability


def _rate(agrees: Array, counts: Array) -> float:
    return float((agrees.sum() + 1) / (counts.sum() + 2))


def bound_by_reliability(chances: Array, ballots: Ballots, reliability: Array) -> Array:
    """`chances` (n, 2 + ANSWERS), where votes alone speak no louder than is measured.

    What other witnesses say of the key multiplies the odds of the bound as well.
    """
    against = ballots.witnesses[:, 1:].max(axis=1) / ballots.witnesses[:, 0]
    odds = reliability / (1 - reliability) * against
    bound = odds / (1 + odds)
    wrong = chances[:, 1:].sum(axis=1)
    scale = np.minimum(1, bound / np.maximum(wrong, 1e-300))
    bounded: Array = chances * scale[:, None]
    bounded[:, 0] = 1 - wrong * scale
    return bounded
