"""Which problems are worth another sample: optimal stopping under a fitted prior.

A pass-rate window asks one thing of a problem: is its rate p inside? Samples are
spent where they are likely to change that decision. Under the prior of p that is
fitted to the pool (`pipeline/pass_rates/prior.py`), backward induction over the
counts (right, wrong) gives the policy that loses least, where a misplaced problem
costs 1 and a sample `cost` (Wald 1947; Chow, Robbins, Siegmund: Great Expectations,
1971). `cost` follows from a budget.

Where problems stop does not depend on p but through the counts, so the posterior
needs no correction for it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.pass_rates.prior import GRID, Window

Array = np.ndarray
HALVINGS = 20


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

    def surely(self, stop: Array) -> Array:
        """Samples that `stop` draws from each state whatever they show."""
        ahead = np.zeros(stop.shape, np.int64)
        for drawn in range(self.most - 1, -1, -1):
            right = np.arange(drawn + 1)
            wrong = drawn - right
            on = 1 + np.minimum(ahead[right + 1, wrong], ahead[right, wrong + 1])
            ahead[right, wrong] = np.where(stop[right, wrong], 0, on)
        return ahead


def planned(
    lattice: Lattice,
    right: Array,
    wrong: Array,
    samples: float,
    luck: Array,
    least_round: int = 1,
) -> Array:
    """How many samples of each problem (n,) the next round draws, 0 for no more.

    The round is the first of a plan that draws about `samples`, the budget. It has
    those that will be drawn whatever they show. A round of fewer than `least_round`, or
    than a quarter of the problems where that is less, goes on to as many of each as
    make it that large, but to no more than half of what the problem is expected to
    take: the rest waits for what they show. What is left of the budget in the end,
    less than such a round, goes out at once.

    Costs are tried until two policies are as near to the budget as they come, one
    above and one below; problems whose `luck` (n,), uniform in [0, 1), is low
    follow the dearer one.
    """
    dear, cheap, share = _policies(lattice, right, wrong, samples)
    here = (luck >= share).astype(int), right, wrong
    goes_on = ~np.stack([dear, cheap])[here]
    count = int(goes_on.sum())
    if not count:
        return np.zeros(len(right), np.int64)
    surely = np.stack([lattice.surely(dear), lattice.surely(cheap)])[here]
    expected = np.stack([lattice.expected(dear), lattice.expected(cheap)])[here]
    least_round = min(least_round, max(1, len(right) // 4))
    ahead = expected / 2 if samples > least_round else expected
    ahead = np.ceil(ahead).astype(np.int64)
    more = np.maximum(surely, np.minimum(ahead, least_round // count))
    if more.sum() > samples:
        more = np.minimum(more, max(1, int(samples // count)))
    each: Array = np.where(goes_on, np.maximum(more, 1), 0)
    return each


def _policies(
    lattice: Lattice, right: Array, wrong: Array, samples: float
) -> tuple[Array, Array, float]:
    """Where to stop under two prices, and what share of problems follows the first."""
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
    return dear, cheap, (samples - needed_cheap) / max(needed_dear - needed_cheap, 1e-9)


def _needed(lattice: Lattice, stop: Array, right: Array, wrong: Array) -> float:
    """Samples that all problems are expected to take from here."""
    return float(lattice.expected(stop)[right, wrong].sum())
