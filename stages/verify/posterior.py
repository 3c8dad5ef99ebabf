"""How likely each key is wrong, given who voted for what: empirical Bayes.

A model solves a problem with a chance x, and its wrong answers gather on one mistake or
scatter. How both are spread over problems is measured where the problem comes from, by
EM (Dempster, Laird and Rubin 1977). A key is wrong with the chance that the votes came
about with another answer's being the truth, against the chance that they did with the
key's (likelihood.py). A model that is seldom right, or whose wrong answers often agree,
is thereby no evidence. All samples of a problem share x, so sixteen samples of one
model are not sixteen witnesses.

What votes tell least about are the shares of wrong keys and of problems that mislead:
where samples are few, either explains a majority against the key. They are therefore
not estimated but integrated out, over a grid with weights by Bayes' rule.

Several models fail at the same problems: each problem has one of a few difficulties,
in which models succeed or fail on their own (a latent class model; Goodman 1974). Their
wrong votes sit at the same tables, so that they share a mistake is no surprise, and
least of all for those that often do (shared.py).
"""

from typing import NamedTuple

import numpy as np

from stages.verify.likelihood import (
    ANSWERS,
    CONCENTRATIONS,
    RATES,
    SHAPES,
    Array,
    Ballots,
    Terms,
    precompute,
)
from stages.verify.shared import weigh_shared_mistakes

DIFFICULTIES = 6
# Shares of wrong keys and of problems that mislead: log-normal around the prior noise
# and a tenth of it. If more keys than the most seem wrong, it is the model that is.
NOISES, MOST = np.geomspace(0.001, 0.9, 24), 0.3
MISLED = np.geomspace(0.0005, 0.3, 12)
MISLED_PRIOR = 0.1
SPREAD = 1.0  # of both logarithms
# Weights in problems: of what is assumed before any vote, and of the coarser stratum.
UNINFORMED, COARSER = 4.0, 20.0
LEAST = 20  # problems that make a stratum of its own
ROUNDS = 100  # of EM
# A key is right, it is wrong, or it is right and models are misled.
CLASSES = np.repeat([0, 1, 2], [1, 1 + ANSWERS, ANSWERS])


def _prior_of_classes() -> Array:
    """Chances (NOISES · MISLED, 3) of the classes at each pair of shares."""
    noise, misled = np.meshgrid(NOISES, MISLED, indexing="ij")
    classes = (1 - noise) * (1 - misled), noise, (1 - noise) * misled
    return np.stack([chance.ravel() for chance in classes], axis=1)


CLASS_CHANCES = _prior_of_classes()


class Stratum(NamedTuple):
    """What is measured where problems come from.

    `shares` (NOISES, MISLED) are weights of the two shares; `difficulties` (d,) how
    frequent these are, with `rates` (d, m, RATES) of each model there; `gathering`
    (CONCENTRATIONS) and `shapes` (SHAPES) are weights. All add up to 1. `weight` is
    that of the stratum as a prior, in problems.
    """

    shares: Array
    difficulties: Array
    rates: Array
    gathering: Array
    shapes: Array
    weight: float


class Likelihood(NamedTuple):
    """How likely votes are (n, h), and what that is made of.

    The right votes of each model at each difficulty (n, h, m, d), the gathering of the
    wrong ones (n, h), and how often misled models find the key (n,).
    """

    votes: Array
    right: Array
    gathering: Array
    found: Array


def truth_chances(ballots: Ballots, strata: Array, noise: float) -> tuple[Array, Array]:
    """Chances (n, 2 + ANSWERS) that the key, answer j or none is the truth, and noise.

    Rows add up to 1. `strata` (n, depth) are labels (integers) from coarse to fine; of
    the first each value has a share of wrong keys of its own, whose mean is the second
    result (n,), near `noise` where little is known. The kinds of problems are few, so
    a million problems take seconds.
    """
    n, _, n_models = ballots.votes.shape
    if not n:
        return np.empty((0, 2 + ANSWERS)), np.empty(0)
    columns = (strata, ballots.votes, ballots.scattered, ballots.witnesses)
    table = np.concatenate([np.reshape(c, (n, -1)) for c in columns], axis=1)
    _, first, kind, times = np.unique(
        table, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    kinds = Ballots(*(part[first] for part in ballots))
    terms = precompute(weigh_shared_mistakes(kinds, times), times)
    chances, noises = _fit_sources(terms, strata[first], _assume(n_models, noise))
    chances[:, 0] += chances[:, -ANSWERS:].sum(axis=1)
    kind = kind.ravel()
    return chances[kind, :-ANSWERS], noises[kind]


def _assume(n_models: int, noise: float) -> Stratum:
    """What is assumed before any vote: nearly nothing."""
    d = DIFFICULTIES if n_models > 1 else 1
    middles = (np.arange(d) + 0.5) * len(RATES) / d
    width = len(RATES) / d if d > 1 else np.inf
    away = (np.arange(len(RATES)) - middles[:, None]) / width
    rates = _normalise(np.exp(-(away**2) / 2))
    return Stratum(
        _log_normal(NOISES, noise)[:, None] * _log_normal(MISLED, MISLED_PRIOR * noise),
        np.full(d, 1 / d),
        np.repeat(rates[:, None], n_models, axis=1),
        _normalise(np.ones_like(CONCENTRATIONS)),
        _normalise(np.ones_like(SHAPES)),
        UNINFORMED,
    )


def _log_normal(shares: Array, middle: float) -> Array:
    return _normalise(np.exp(-((np.log(shares / middle) / SPREAD) ** 2) / 2))


def _normalise(weights: Array) -> Array:
    normalised: Array = weights / weights.sum(axis=-1, keepdims=True)
    return normalised


def _fit_sources(terms: Terms, strata: Array, prior: Stratum) -> tuple[Array, Array]:
    """Chances (n, h), and the share of wrong keys (n,), source by source."""
    pool = _fit(terms, prior, prior.shares)
    chances, noises = np.empty(terms.witnesses.shape), np.empty(len(terms.times))
    for label in np.unique(strata[:, 0]):
        rows = np.flatnonzero(strata[:, 0] == label)
        is_whole = len(rows) == len(strata)
        source = pool if is_whole else _fit(terms.take(rows), pool, prior.shares)
        chances[rows] = _fit_finer(terms.take(rows), strata[rows, 1:], source)
        noises[rows] = source.shares.sum(axis=1) @ NOISES
    return chances, noises


def _fit_finer(terms: Terms, strata: Array, parent: Stratum) -> Array:
    """Chances (n, h), where each finer stratum is fitted from what its parent is."""
    if not strata.shape[1]:
        return _mix(_weigh(terms, parent).votes, parent.shares)
    chances = np.empty(terms.witnesses.shape)
    for label in np.unique(strata[:, 0]):
        rows = np.flatnonzero(strata[:, 0] == label)
        part = terms.take(rows)
        is_whole = len(rows) == len(strata)
        is_small = part.times.sum() < LEAST
        own = parent if is_whole or is_small else _fit(part, parent, None)
        chances[rows] = _fit_finer(part, strata[rows, 1:], own)
    return chances


def _fit(terms: Terms, parent: Stratum, shares: Array | None) -> Stratum:
    """The stratum under which `terms` are likely, near its parent.

    `shares` are the prior weights of both shares, which are the parent's without it.
    """
    own = parent if shares is None else parent._replace(shares=shares)
    for _ in range(ROUNDS):
        likely = _weigh(terms, own)
        if shares is not None:
            own = own._replace(shares=_weigh_shares(terms, likely.votes, shares))
        own = _update(terms, own, parent, likely)
    return own


def _update(terms: Terms, own: Stratum, parent: Stratum, likely: Likelihood) -> Stratum:
    """One M-step for all but the shares."""
    chances = _mix(likely.votes, own.shares) * terms.times[:, None]
    at_difficulty = likely.right.prod(axis=2) * own.difficulties
    at_difficulty *= (chances / at_difficulty.sum(axis=2))[..., None]
    difficulties = at_difficulty.sum(axis=(0, 1))
    rates = _count_rates(terms, at_difficulty[:, :, None] / likely.right, own.rates)
    gathering = np.einsum("nh,nhc->c", chances / likely.gathering, terms.gathered)
    misled = chances[:, -ANSWERS:].sum(axis=1)
    shapes = (misled / likely.found) @ terms.found

    def shrink(problems: Array, to: Array) -> Array:
        total = problems.sum(axis=-1, keepdims=True)
        shrunk: Array = (problems + parent.weight * to) / (total + parent.weight)
        return shrunk

    return Stratum(
        own.shares,
        shrink(difficulties, parent.difficulties),
        shrink(rates, parent.rates),
        shrink(own.gathering * gathering, parent.gathering),
        shrink(own.shapes * shapes, parent.shapes),
        COARSER,
    )


def _count_rates(terms: Terms, shares: Array, rates: Array) -> Array:
    """Problems (d, m, RATES) of each difficulty at each rate of each model."""
    problems = np.empty_like(rates)
    for d, m in np.ndindex(rates.shape[:2]):
        patterns, weights = terms.pattern[..., m].ravel(), shares[..., m, d].ravel()
        counts = np.bincount(patterns, weights, minlength=len(terms.right))
        problems[d, m] = rates[d, m] * (counts @ terms.right)
    return problems


def _weigh(terms: Terms, own: Stratum) -> Likelihood:
    of_patterns = np.einsum("pr,dmr->pmd", terms.right, own.rates)
    models = range(own.rates.shape[1])
    of_models = [of_patterns[terms.pattern[..., m], m] for m in models]
    right = np.stack(of_models, axis=2)
    gathering = terms.gathered @ own.gathering
    found = terms.found @ own.shapes
    votes = terms.witnesses * (right.prod(axis=2) @ own.difficulties) * gathering
    votes[:, -ANSWERS:] *= found[:, None]
    return Likelihood(votes, right, gathering, found)


def _by_class(votes: Array) -> Array:
    """How likely votes are (n, 3) in each class."""
    classes: Array = np.add.reduceat(votes, [0, 1, 2 + ANSWERS], axis=1)
    return classes


def _weigh_shares(terms: Terms, votes: Array, shares: Array) -> Array:
    """Weights (NOISES, MISLED) of both shares, given all votes.

    As far as votes ask for more wrong keys than the most, they say nothing of them.
    """
    log = terms.times @ np.log(_by_class(votes) @ CLASS_CHANCES.T)
    weights = shares.ravel() * np.exp(log - log.max())
    weights = (weights / weights.sum()).reshape(shares.shape)
    believed = weights * (NOISES <= MOST)[:, None]
    weighed: Array = believed + (1 - believed.sum()) * shares
    return weighed


def _mix(votes: Array, shares: Array) -> Array:
    """Chances (n, h), averaged over both shares."""
    evidence = _by_class(votes) @ CLASS_CHANCES.T
    classes = (shares.ravel() / evidence) @ CLASS_CHANCES
    chances: Array = votes * classes[:, CLASSES]
    return chances
