"""Which pass rates a pool has, fitted from counts, and what they say of a problem.

Empirical Bayes. Of every Beta distribution that counts of the pool are likely under,
the average is taken, weighted by that likelihood (a beta-binomial model): with few
problems that is nearly all there is to know. From there EM for the mixing distribution
of binomial counts (Laird 1978) adds what a Beta cannot say, for as many rounds as make
problems that were held out more likely.
"""

import itertools
from collections.abc import Iterator
from functools import cache

import numpy as np

from pipeline.pass_rates.window import Window

Array = np.ndarray

# Rates that are told apart: 0, 1, and two hundred between them, equally far apart on
# the scale on which counts of one size tell rates apart equally well.
GRID = np.sin(np.pi / 2 * np.clip((np.arange(202) - 0.5) / 200, 0, 1)) ** 2
MAX_ROUNDS = 100  # of EM: how many do not yet fit noise is found by folds
FOLDS = 5
PSEUDO_COUNT = 20.0  # the weight of the Beta distributions in EM, in problems
SHAPES = np.geomspace(0.1, 15, 15)  # what both parameters of a Beta may be
# Shares that may be at 0, and at 1, where a window ends there and is open: pools have
# problems that are never solved, which ever more samples tell from those that nearly
# never are.
ENDPOINT_MASSES = (0.02, 0.1, 0.3, 0.6)
MIN_BETA = 0.5  # the least parameter of a Beta on that side: below 1 it peaks


def fit_prior(right: Array, wrong: Array, window: Window) -> Array:
    """The weights (grid,) over GRID of the pass rates of a pool; they add up to 1.

    `right` and `wrong` are counts (n,) of the pool's problems. `window` is what the
    prior is for: it says whether 0 and 1 themselves matter.
    """
    counts, index, times = _distinct_counts(right, wrong)
    likelihood = _likelihood(*counts)
    gains = np.zeros(MAX_ROUNDS + 1)
    for fold in range(FOLDS if len(right) >= FOLDS else 0):
        held_out = np.bincount(index[fold::FOLDS], minlength=len(times))
        rounds = _run_em(likelihood, times - held_out, window)
        for number, weights in enumerate(rounds):
            gains[number] += held_out @ _log(likelihood @ weights)
    best = int(np.argmax(gains))
    return next(itertools.islice(_run_em(likelihood, times, window), best, None))


def posterior_inside(right: Array, wrong: Array, window: Window, prior: Array) -> Array:
    """The posterior probability (n,) that each problem's rate is in the window.

    `right` and `wrong` are counts (n,); `prior` has weights (grid,).
    """
    counts, index, _ = _distinct_counts(right, wrong)
    share = _likelihood(*counts) * prior
    inside = share[:, window.holds(GRID)].sum(axis=1) / share.sum(axis=1)
    of_problems: Array = inside[index]
    return of_problems


def _run_em(likelihood: Array, times: Array, window: Window) -> Iterator[Array]:
    """The mean of Betas, and the weights after each round of EM from there."""
    start = weights = _mean_of_betas(likelihood, times, window)
    yield weights
    for _ in range(MAX_ROUNDS):
        share = likelihood * weights
        share /= share.sum(axis=1, keepdims=True)
        weights = times @ share + PSEUDO_COUNT * start
        weights /= weights.sum()
        yield weights


def _distinct_counts(
    right: Array, wrong: Array
) -> tuple[tuple[Array, Array], Array, Array]:
    """The pairs of counts there are, which of them each problem has, how often each."""
    size = int(wrong.max(initial=0)) + 1
    codes = np.asarray(right, np.int64) * size + wrong
    kinds, index, times = np.unique(codes, return_inverse=True, return_counts=True)
    return (kinds // size, kinds % size), index, times


def _likelihood(right: Array, wrong: Array) -> Array:
    """p^right (1 - p)^wrong over GRID (n, grid), each row scaled to at most 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(right[:, None] > 0, right[:, None] * np.log(GRID), 0.0)
        logs += np.where(wrong[:, None] > 0, wrong[:, None] * np.log(1 - GRID), 0.0)
    scaled: Array = np.exp(logs - logs.max(axis=1, keepdims=True))
    return scaled


def _log(likelihood: Array) -> Array:
    logs: Array = np.log(np.maximum(likelihood, 1e-300))
    return logs


def _mean_of_betas(likelihood: Array, times: Array, window: Window) -> Array:
    """The mean of Betas with and without mass at the ends, each as likely as it is.

    Where the window ends at 0 (at 1) and is open, mass is asked for there, and the
    Betas do not peak there: no number of samples tells 0 from a rate next to it.
    """
    window = window.of_successes
    at_0 = window.lo_open and window.lo <= 0
    at_1 = window.hi_open and window.highest >= 1
    pairs = itertools.product(
        ENDPOINT_MASSES if at_0 else (0.0,), ENDPOINT_MASSES if at_1 else (0.0,)
    )
    ends = np.array([pair for pair in pairs if sum(pair) < 1])
    a, b = (shape.ravel() for shape in np.meshgrid(SHAPES, SHAPES))
    betas = _betas()[:, (a >= MIN_BETA * at_0) & (b >= MIN_BETA * at_1)]
    of_beta = likelihood @ betas
    of_ends = ends @ likelihood[:, [0, -1]].T
    logs = np.empty((len(ends), betas.shape[1]))
    for row, (end, mass) in enumerate(zip(of_ends, ends.sum(axis=1), strict=True)):
        logs[row] = times @ _log((1 - mass) * of_beta + end[:, None])
    shares = np.exp(logs - logs.max())
    shares /= shares.sum()
    mean: Array = betas @ ((1 - ends.sum(axis=1)) @ shares)
    mean[[0, -1]] += shares.sum(axis=1) @ ends
    return mean


@cache
def _betas() -> Array:
    """Weights over GRID of Betas with every two parameters of SHAPES (grid, betas)."""
    from scipy.special import betainc

    edges = np.concatenate([[0.0], (GRID[1:] + GRID[:-1]) / 2, [1.0]])
    a, b = (shape.ravel() for shape in np.meshgrid(SHAPES, SHAPES))
    weights: Array = np.diff(betainc(a, b, edges[:, None]), axis=0)
    return weights
