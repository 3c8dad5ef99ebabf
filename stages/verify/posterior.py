"""How likely each key is wrong, given who voted for what: empirical Bayes.

A model solves a problem with a chance x, and its wrong answers gather on one mistake or
scatter. How both are spread over problems is measured where the problem comes from, by
EM (Dempster, Laird and Rubin 1977), and so is the share of wrong keys: a key is wrong
with the chance that the votes came about with another answer's being the truth,
against the chance that they did with the key's (likelihood.py). A model that is seldom
right, or whose wrong answers often agree, is thereby no evidence. All samples of a
problem share x, so sixteen samples of one model are not sixteen witnesses.

Wrong votes of all models sit at the same tables: that models share a mistake is no
surprise. Whether they fail at the same problems or each at its own (a comonotone and an
independent coupling of their x) is measured as a share.
"""

from typing import NamedTuple

import numpy as np

from stages.verify.likelihood import (
    ANSWERS,
    CONCENTRATIONS,
    HYPOTHESES,
    RATES,
    Array,
    Ballots,
    Terms,
    precompute,
)

QUANTILES = 64  # in which the rates of several models go in step
MISLED = 0.01  # prior share of problems that mislead
# Weights of priors, in problems: what the coarser stratum is like, and the noise.
PRIOR_PROBLEMS = 20.0
NOISE_PROBLEMS = 20.0
# If more keys than this seem wrong, it is the model that is; the noise stays the prior.
MOST_NOISE = 0.3
# A share of wrong keys above thrice the prior has to make the votes likelier by a nat.
MODEST = 3.0
LEAST_GAIN = 1.0
LEAST = 20  # problems that make a stratum of its own
ROUNDS = 100  # of EM
SETTLED = 15  # rounds with the prior's noise: what models are like comes first


class Stratum(NamedTuple):
    """What is measured where problems come from.

    `noise` is the share of wrong keys, `misled` that of misleading problems, `in_step`
    that of problems as hard for one model as for the other; `rates` (m, RATES) and
    `gathering` (CONCENTRATIONS) are weights that add up to 1.
    """

    noise: float
    misled: float
    in_step: float
    rates: Array
    gathering: Array


def truth_chances(ballots: Ballots, strata: Array, noise: float) -> tuple[Array, Array]:
    """Chances (n, 2 + ANSWERS) that the key, answer j or none is the truth, and noise.

    Rows add up to 1. `strata` (n, depth) are labels (integers) from coarse to fine; of
    the first each value has a share of wrong keys of its own, the second result (n,),
    which is `noise` where little is known. The kinds of problems are few, so a million
    problems take seconds.
    """
    n, _, n_models = ballots.votes.shape
    if not n:
        return np.empty((0, 2 + ANSWERS)), np.empty(0)
    columns = (strata, ballots.votes, ballots.scattered, ballots.witnesses)
    table = np.concatenate([np.reshape(c, (n, -1)) for c in columns], axis=1)
    _, first, kind, times = np.unique(
        table, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    terms = precompute(Ballots(*(part[first] for part in ballots)), times)
    even = Stratum(
        noise,
        MISLED,
        0.5,
        np.full((n_models, len(RATES)), 1 / len(RATES)),
        np.full(len(CONCENTRATIONS), 1 / len(CONCENTRATIONS)),
    )
    pool = _fit_noise(terms, even, noise)
    chances, shares = _fit_sources(terms, strata[first], pool, noise)
    chances[:, 0] += chances[:, -ANSWERS:].sum(axis=1)
    kind = kind.ravel()
    return chances[kind, :-ANSWERS], shares[kind]


def _fit_sources(
    terms: Terms, strata: Array, pool: Stratum, noise: float
) -> tuple[Array, Array]:
    """Chances (n, h), and the share of wrong keys (n,), source by source."""
    chances, shares = np.empty(terms.witnesses.shape), np.empty(len(terms.times))
    for label in np.unique(strata[:, 0]):
        rows = np.flatnonzero(strata[:, 0] == label)
        source = _fit_noise(terms.take(rows), pool, noise)
        chances[rows] = _fit_finer(terms.take(rows), strata[rows, 1:], source)
        shares[rows] = source.noise
    return chances, shares


def _fit_finer(terms: Terms, strata: Array, parent: Stratum) -> Array:
    """Chances (n, h), where each finer stratum is fitted from what its parent is."""
    if not strata.shape[1]:
        return _normalise(_weigh(terms, parent)[0])
    chances = np.empty(terms.witnesses.shape)
    for label in np.unique(strata[:, 0]):
        rows = np.flatnonzero(strata[:, 0] == label)
        part = terms.take(rows)
        is_whole = len(rows) == len(strata)
        is_small = part.times.sum() < LEAST
        own = parent if is_whole or is_small else _fit(part, parent, None)
        chances[rows] = _fit_finer(part, strata[rows, 1:], own)
    return chances


def _fit_noise(terms: Terms, parent: Stratum, noise: float) -> Stratum:
    """The stratum with its share of wrong keys, where votes speak for that share.

    Else it stays the prior's, and what models are like explains the votes.
    """
    free = _fit(terms, parent, noise)
    fixed = _fit(terms, parent._replace(noise=noise), None)
    gain = _log_likelihood(terms, free) - _log_likelihood(terms, fixed)
    is_modest = free.noise <= MODEST * noise
    is_sound = (is_modest or gain >= LEAST_GAIN) and free.noise <= MOST_NOISE
    return free if is_sound else fixed


def _log_likelihood(terms: Terms, own: Stratum) -> float:
    return float(terms.times @ np.log(_weigh(terms, own)[0].sum(axis=1)))


def _fit(terms: Terms, parent: Stratum, noise: float | None) -> Stratum:
    """The stratum under which `terms` are likely, near its parent.

    `noise` is the prior of the share of wrong keys, which is the parent's without it.
    """
    own = parent if noise is None else parent._replace(noise=noise)
    for number in range(ROUNDS):
        fitted = _run_round(terms, own, parent, noise)
        if number < SETTLED:
            fitted = fitted._replace(noise=own.noise)
        own = fitted
    return own


def _run_round(
    terms: Terms, own: Stratum, parent: Stratum, noise: float | None
) -> Stratum:
    weights, of_models, of_gathering, in_step = _weigh(terms, own)
    chances = _normalise(weights) * terms.times[:, None]
    misled, wrong = chances[:, -ANSWERS:].sum(), chances[:, 1:-ANSWERS].sum()
    total = terms.times.sum()
    rates = np.stack(
        [
            _update_rates(terms, chances / of_models[..., model], weights, model)
            for model, weights in enumerate(own.rates)
        ]
    )
    gathering = np.einsum("nh,nhc->c", chances / of_gathering, terms.gathered)
    if noise is not None:
        own = own._replace(noise=float(_shrink(wrong, noise, total, NOISE_PROBLEMS)))
    return Stratum(
        own.noise,
        float(_shrink(misled, parent.misled, total - wrong)),
        float(_shrink((chances * in_step).sum(), parent.in_step, total)),
        _shrink(rates, parent.rates, total),
        _shrink(own.gathering * gathering, parent.gathering, total),
    )


def _shrink(
    sums: Array, parent: Array | float, total: float, weight: float = PRIOR_PROBLEMS
) -> Array:
    shrunk: Array = (sums + weight * parent) / (total + weight)
    return shrunk


def _update_rates(terms: Terms, shares: Array, rates: Array, model: int) -> Array:
    """Problems (RATES,) at each rate of a model."""
    patterns = terms.pattern[..., model].ravel()
    weights = np.bincount(patterns, shares.ravel(), minlength=len(terms.right))
    problems: Array = rates * (weights @ terms.right)
    return problems


def _weigh(terms: Terms, own: Stratum) -> tuple[Array, Array, Array, Array]:
    """Joint weights (n, h), and what they are made of.

    These are P(right votes) of each model (n, h, m), of the gathering of the wrong ones
    (n, h), and the chance (n, h) that models are in step.
    """
    of_models = np.stack(
        [
            (terms.right @ rates)[terms.pattern[..., model]]
            for model, rates in enumerate(own.rates)
        ],
        axis=2,
    )
    apart = of_models.prod(axis=2)
    together = _in_step(terms, own) if len(own.rates) > 1 else apart
    right = own.in_step * together + (1 - own.in_step) * apart
    of_gathering = terms.gathered @ own.gathering
    prior = np.full(HYPOTHESES, own.noise)
    prior[0] = (1 - own.noise) * (1 - own.misled)
    prior[-ANSWERS:] = (1 - own.noise) * own.misled
    weights = terms.witnesses * prior * right * of_gathering
    return weights, of_models, of_gathering, own.in_step * together / right


def _in_step(terms: Terms, own: Stratum) -> Array:
    """P(right votes) (n, h) if each model's rate is at one quantile of its own."""
    at = (np.arange(QUANTILES) + 0.5) / QUANTILES
    product = np.ones((*terms.pattern.shape[:2], QUANTILES))
    for model, rates in enumerate(own.rates):
        places = np.searchsorted(np.cumsum(rates), at).clip(max=len(RATES) - 1)
        product *= terms.right[:, places][terms.pattern[..., model]]
    mean: Array = product.mean(axis=2)
    return mean


def _normalise(weights: Array) -> Array:
    chances: Array = weights / weights.sum(axis=1, keepdims=True)
    return chances
