"""Which problems are worth another sample: optimal stopping under a fitted prior.

A pass-rate window asks one thing of a problem: is its rate p inside? Samples are
spent where they are likely to change that decision. The prior of p is fitted to the
pool (empirical Bayes: the mixing distribution of the binomial counts, by EM; Laird
1978). Under it, backward induction over the counts (right, wrong) gives the policy
that loses least, where a misplaced problem costs 1 and a sample `cost` (Wald 1947;
Chow, Robbins, Siegmund: Great Expectations, 1971). `cost` follows from a budget.

Where problems stop does not depend on p but through the counts, so the posterior
needs no correction for it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray

# Rates that are told apart: 0, 1, and two hundred between them, equally far apart on
# the scale on which counts of one size tell rates apart equally well.
GRID = np.sin(np.pi / 2 * np.clip((np.arange(202) - 0.5) / 200, 0, 1)) ** 2
ROUNDS = 20  # of EM: more fits noise in the counts
WEIGHT = 5.0  # of the prior before there are counts, in problems
# Of that prior, what is at 0 and at 1 each, where a window ends there and is open:
# pools have problems that are never solved, which ever more samples tell from those
# that nearly never are.
ATOM = 0.15
HALVINGS = 20


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
    counts, times = np.unique(np.stack([right, wrong]), axis=1, return_counts=True)
    likely = _likelihood(counts[0], counts[1])
    start = _start(window)
    weights = start
    for _ in range(ROUNDS):
        share = likely * weights
        share /= share.sum(axis=1, keepdims=True)
        weights = times @ share + WEIGHT * start
        weights /= weights.sum()
    return weights


def _start(window: Window) -> Array:
    """The prior before there are counts: flat, but for ends that matter."""
    start = np.ones(len(GRID))
    if window.lo_open and window.lo <= 0:
        start[0] = ATOM * len(GRID)
    if window.hi_open and window.hi >= 1:
        start[-1] = ATOM * len(GRID)
    whole: Array = start / start.sum()
    return whole


def _likelihood(right: Array, wrong: Array) -> Array:
    """p^right (1 - p)^wrong over GRID (n, grid), each row scaled to at most 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(right[:, None] > 0, right[:, None] * np.log(GRID), 0.0)
        logs += np.where(wrong[:, None] > 0, wrong[:, None] * np.log(1 - GRID), 0.0)
    scaled: Array = np.exp(logs - logs.max(axis=1, keepdims=True))
    return scaled


def inside(right: Array, wrong: Array, window: Window, prior: Array) -> Array:
    """The posterior probability (n,) that each problem's rate is in the window."""
    share = _likelihood(right, wrong) * prior
    chance: Array = share[:, window.holds(GRID)].sum(axis=1) / share.sum(axis=1)
    return chance


@dataclass(frozen=True)
class Lattice:
    """All counts of up to `most` samples under `prior`, indexed [right, wrong]."""

    window: Window
    prior: Array
    most: int

    @cached_property
    def mass(self) -> Array:
        """Σ prior p^right (1 - p)^wrong, the chance of one order of such samples."""
        powers = np.arange(self.most + 1)[:, None]
        with np.errstate(divide="ignore"):
            ups, downs = GRID[None] ** powers, (1 - GRID[None]) ** powers
        table: Array = np.maximum((ups * self.prior) @ downs.T, 1e-300)
        return table

    @cached_property
    def chance(self) -> Array:
        """The posterior probability that the rate is in the window."""
        powers = np.arange(self.most + 1)[:, None]
        held = self.prior * self.window.holds(GRID)
        table = (GRID[None] ** powers * held) @ ((1 - GRID[None]) ** powers).T
        chance: Array = np.clip(table / self.mass, 0, 1)
        return chance

    @cached_property
    def next_right(self) -> Array:
        """The chance that the next sample is right; defined below `most`."""
        ahead = np.ones_like(self.mass)
        ahead[:-1] = self.mass[1:] / self.mass[:-1]
        chance: Array = np.clip(ahead, 0, 1)
        return chance

    def stops(self, cost: float) -> Array:
        """Where it is best to stop, if a sample costs `cost` misplaced problems."""
        error = np.minimum(self.chance, 1 - self.chance)
        value, stop = error.copy(), np.ones(error.shape, bool)
        for drawn in range(self.most - 1, -1, -1):
            right = np.arange(drawn + 1)
            wrong = drawn - right
            up = self.next_right[right, wrong]
            on = (
                cost + up * value[right + 1, wrong] + (1 - up) * value[right, wrong + 1]
            )
            best = error[right, wrong]
            stop[right, wrong] = best <= on
            value[right, wrong] = np.minimum(best, on)
        return stop

    def expected(self, stop: Array) -> Array:
        """Samples still to be drawn from each state under `stop`."""
        ahead = np.zeros(stop.shape)
        for drawn in range(self.most - 1, -1, -1):
            right = np.arange(drawn + 1)
            wrong = drawn - right
            up = self.next_right[right, wrong]
            on = 1 + up * ahead[right + 1, wrong] + (1 - up) * ahead[right, wrong + 1]
            ahead[right, wrong] = np.where(stop[right, wrong], 0.0, on)
        return ahead


def affordable(
    lattice: Lattice, right: Array, wrong: Array, samples: float, luck: Array
) -> Array:
    """Whether each problem goes on (bool, n), so that about `samples` more are drawn.

    Costs are tried until two policies are as near to the budget as they come, one
    above and one below; problems whose `luck` (n,), uniform in [0, 1), is low
    follow the dearer one.
    """
    low, high = 1e-7, 0.5
    dear, cheap = lattice.stops(low), lattice.stops(high)
    needed_dear, needed_cheap = _needed(lattice, dear, right, wrong), 0.0
    for _ in range(HALVINGS if needed_dear > samples else 0):
        cost = float(np.sqrt(low * high))
        stop = lattice.stops(cost)
        needed = _needed(lattice, stop, right, wrong)
        if needed > samples:
            low, needed_dear, dear = cost, needed, stop
        else:
            high, needed_cheap, cheap = cost, needed, stop
    share = (samples - needed_cheap) / max(needed_dear - needed_cheap, 1e-9)
    stops = np.where(luck < share, dear[right, wrong], cheap[right, wrong])
    goes_on: Array = ~stops.astype(bool)
    return goes_on


def _needed(lattice: Lattice, stop: Array, right: Array, wrong: Array) -> float:
    """Samples that all problems are expected to take from here."""
    return float(lattice.expected(stop)[right, wrong].sum())
