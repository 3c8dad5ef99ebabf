"""Which pass rates a pool has, fitted from counts, and what they say of a problem.

Empirical Bayes. Of every Beta distribution that counts of the pool are likely under,
the average is taken, weighted by that likelihood (a beta-binomial model): with few
problems that is nearly all there is to know. From there EM for the mixing distribution
of binomial counts (Laird 1978) adds what a Beta cannot say, for as many rounds as make
problems that were held out more likely.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

Array = np.ndarray

# Rates that are told apart: 0, 1, and two hundred between them, equally far apart on
# the scale on which counts of one size tell rates apart equally well.
GRID = np.sin(np.pi / 2 * np.clip((np.arange(202) - 0.5) / 200, 0, 1)) ** 2
ROUNDS = 100  # of EM at most: how many do not yet fit noise is found by folds
FOLDS = 5
WEIGHT = 20.0  # of the Beta distributions in EM, in problems
SHAPES = np.geomspace(0.1, 15, 15)  # what both parameters of a Beta may be
# Shares that may be at 0, and at 1, where a window ends there and is open: pools have
# problems that are never solved, which ever more samples tell from those that nearly
# never are.
ENDS = (0.02, 0.1, 0.3, 0.6)
FLAT = 0.5  # the least parameter of a Beta on that side: below 1 it peaks


@dataclass(frozen=True)
class Window:
    """Rates from `lo` to `hi`, the ends included unless they are open."""

    lo: float = 0.0
    hi: float = 1.0
    lo_open: bool = False
    hi_open: bool = False

    def holds(self, rate: Array) -> Array:
        """Whether each rate is inside (bool)."""
        above = rate > self.lo if self.lo_open else rate >= self.lo
        below = rate < self.hi if self.hi_open else rate <= self.hi
        inside: Array = above & below
        return inside


def fitted(right: Array, wrong: Array, window: Window) -> Array:
    """Weights over GRID of the pass rates of problems with these counts (n,).

    `window` is what they are for: it says whether 0 and 1 themselves matter.
    """
    counts, place, times = _distinct(right, wrong)
    likely = _likelihood(*counts)
    gains = np.zeros(ROUNDS + 1)
    for fold in range(FOLDS if len(right) >= FOLDS else 0):
        held_out = np.bincount(place[fold::FOLDS], minlength=len(times))
        for number, weights in enumerate(_em(likely, times - held_out, window)):
            gains[number] += held_out @ np.log(np.maximum(likely @ weights, 1e-300))
    best = int(np.argmax(gains))
    return next(itertools.islice(_em(likely, times, window), best, None))


def _em(likely: Array, times: Array, window: Window) -> Iterator[Array]:
    """The Betas' mean, and the weights after each round of EM from there."""
    start = weights = _start(likely, times, window)
    yield weights
    for _ in range(ROUNDS):
        share = likely * weights
        share /= share.sum(axis=1, keepdims=True)
        weights = times @ share + WEIGHT * start
        weights /= weights.sum()
        yield weights


def inside(right: Array, wrong: Array, window: Window, prior: Array) -> Array:
    """The posterior probability (n,) that each problem's rate is in the window."""
    counts, place, _ = _distinct(right, wrong)
    share = _likelihood(*counts) * prior
    chance: Array = share[:, window.holds(GRID)].sum(axis=1) / share.sum(axis=1)
    each: Array = chance[place]
    return each


def misplaced(
    prior: Array, window: Window, most: int, certainty: float | None = None
) -> Array:
    """What share of problems 1, 2, … `most` samples each put on the wrong side (most,).

    They are decided by the share of right samples; with `certainty` by the posterior,
    as outside once the chance of that reaches it.
    """
    held = window.holds(GRID)
    chances = np.ones((1, len(GRID)))  # of each count of right samples, by rate
    shares = np.empty(most)
    for drawn in range(1, most + 1):
        wrong, right = chances * (1 - GRID), chances * GRID
        chances = np.zeros((drawn + 1, len(GRID)))
        chances[:-1] += wrong
        chances[1:] += right
        within, outside = chances @ (prior * held), chances @ (prior * ~held)
        if certainty is None:
            decided = window.holds(np.arange(drawn + 1) / drawn)
        else:
            decided = outside < certainty * (within + outside)
        shares[drawn - 1] = np.where(decided, outside, within).sum()
    return shares


def _distinct(right: Array, wrong: Array) -> tuple[tuple[Array, Array], Array, Array]:
    """The pairs of counts there are, the place of each problem's, and how often."""
    size = int(wrong.max(initial=0)) + 1
    codes = np.asarray(right, np.int64) * size + wrong
    kinds, place, times = np.unique(codes, return_inverse=True, return_counts=True)
    return (kinds // size, kinds % size), place, times


def _likelihood(right: Array, wrong: Array) -> Array:
    """p^right (1 - p)^wrong over GRID (n, grid), each row scaled to at most 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(right[:, None] > 0, right[:, None] * np.log(GRID), 0.0)
        logs += np.where(wrong[:, None] > 0, wrong[:, None] * np.log(1 - GRID), 0.0)
    scaled: Array = np.exp(logs - logs.max(axis=1, keepdims=True))
    return scaled


def _start(likely: Array, times: Array, window: Window) -> Array:
    """The mean of Betas with and without mass at the ends, each as likely as it is.

    Where the window ends at 0 (at 1) and is open, mass is asked for there, and the
    Betas do not peak there: no number of samples tells 0 from a rate next to it.
    """
    at_0 = window.lo_open and window.lo <= 0
    at_1 = window.hi_open and window.hi >= 1
    pairs = itertools.product(ENDS if at_0 else (0.0,), ENDS if at_1 else (0.0,))
    ends = np.array([pair for pair in pairs if sum(pair) < 1])
    a, b = (shape.ravel() for shape in np.meshgrid(SHAPES, SHAPES))
    betas = _betas()[:, (a >= FLAT * at_0) & (b >= FLAT * at_1)]
    of_beta = likely @ betas
    of_ends = ends @ likely[:, [0, -1]].T
    logs = np.empty((len(ends), betas.shape[1]))
    for row, (end, mass) in enumerate(zip(of_ends, ends.sum(axis=1), strict=True)):
        mixed = (1 - mass) * of_beta + end[:, None]
        logs[row] = times @ np.log(np.maximum(mixed, 1e-300))
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
