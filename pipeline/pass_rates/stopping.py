"""Which problems are worth another sample: optimal stopping under a fitted prior.

A pass-rate window asks one thing of a problem: is its rate p inside? Samples are
spent where they are likely to change that decision. Under the prior of p that is
fitted to the pool (`pipeline/pass_rates/prior.py`), backward induction over the
counts (right, wrong) gives the policy that loses least, where a misclassified problem
costs 1 and a sample `cost` (Wald 1947; Chow, Robbins, Siegmund: Great Expectations,
1971). `cost` follows from a budget.

Where problems stop does not depend on p but through the counts, so the posterior
needs no correction for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.pass_rates.prior import GRID
from pipeline.pass_rates.window import Window

Array = np.ndarray
States = tuple[Array, Array]  # indices of tables: right and wrong samples
HALVINGS = 20


@dataclass(frozen=True)
class StoppingGrid:
    """All counts of up to `most` samples under `prior`, in tables [right, wrong].

    Tables are (most + 1, most + 1); what stands beyond `most` samples has no meaning.
    """

    window: Window
    prior: Array
    most: int

    @cached_property
    def mass(self) -> Array:
        """Σ prior p^right (1 - p)^wrong, the chance of one order of such samples."""
        mass: Array = np.maximum(self._sum_over_rates(self.prior), 1e-300)
        return mass

    @cached_property
    def posterior(self) -> Array:
        """The posterior probability that the rate is in the window."""
        held = self._sum_over_rates(self.prior * self.window.holds(GRID))
        posterior: Array = np.clip(held / self.mass, 0, 1)
        return posterior

    @cached_property
    def next_right(self) -> Array:
        """The chance that the next sample is right; defined below `most`."""
        ahead = np.ones_like(self.mass)
        ahead[:-1] = self.mass[1:] / self.mass[:-1]
        chance: Array = np.clip(ahead, 0, 1)
        return chance

    def stops(self, cost: float) -> Array:
        """Where it is best to stop (bool), if a sample costs `cost` problems."""
        error = np.minimum(self.posterior, 1 - self.posterior)
        value, stop = error.copy(), np.ones(error.shape, bool)
        for here, up, if_right, if_wrong in self._backwards():
            on = cost + up * value[if_right] + (1 - up) * value[if_wrong]
            stop[here] = error[here] <= on
            value[here] = np.minimum(error[here], on)
        return stop

    def expected_samples(self, stop: Array) -> Array:
        """Samples that `stop` is expected to draw from each state (float)."""
        ahead = np.zeros(stop.shape)
        for here, up, if_right, if_wrong in self._backwards():
            on = 1 + up * ahead[if_right] + (1 - up) * ahead[if_wrong]
            ahead[here] = np.where(stop[here], 0.0, on)
        return ahead

    def guaranteed_samples(self, stop: Array) -> Array:
        """Samples (int64) that `stop` draws from each state whatever they show."""
        ahead = np.zeros(stop.shape, np.int64)
        for here, _, if_right, if_wrong in self._backwards():
            on = 1 + np.minimum(ahead[if_right], ahead[if_wrong])
            ahead[here] = np.where(stop[here], 0, on)
        return ahead

    def _sum_over_rates(self, weights: Array) -> Array:
        powers = np.arange(self.most + 1)[:, None]
        table: Array = (GRID[None] ** powers * weights) @ ((1 - GRID[None]) ** powers).T
        return table

    def _backwards(self) -> Iterator[tuple[States, Array, States, States]]:
        """The states of every number of samples, the most first.

        Yields their indices, the chance of a right sample, and the indices that a right
        and a wrong one lead to.
        """
        for drawn in range(self.most - 1, -1, -1):
            right = np.arange(drawn + 1)
            wrong = drawn - right
            up = self.next_right[right, wrong]
            yield (right, wrong), up, (right + 1, wrong), (right, wrong + 1)


def plan_round(
    grid: StoppingGrid,
    right: Array,
    wrong: Array,
    samples: float,
    luck: Array,
    least_round: int = 1,
) -> Array:
    """How many samples of each problem (n,) int64 the next round draws, 0 for no more.

    `right` and `wrong` are counts (n,). The round is the first of a plan that draws
    about `samples`, the budget. It has those that will be drawn whatever they show. A
    round of fewer than `least_round`, or than a quarter of the problems where that is
    less, goes on to as many of each as make it that large, but to no more than half of
    what the problem is expected to take: the rest waits for what they show. What is
    left of the budget in the end, less than such a round, goes out at once.

    Costs are tried until two policies are as near to the budget as they come, one
    above and one below; problems whose `luck` (n,), uniform in [0, 1), is low
    follow the dearer one.
    """
    dear, cheap, share = _bracket_budget(grid, right, wrong, samples)
    here = (luck >= share).astype(int), right, wrong
    goes_on = ~np.stack([dear, cheap])[here]
    count = int(goes_on.sum())
    if not count:
        return np.zeros(len(right), np.int64)
    guaranteed = np.stack([grid.guaranteed_samples(s) for s in (dear, cheap)])[here]
    expected = np.stack([grid.expected_samples(s) for s in (dear, cheap)])[here]
    least_round = min(least_round, max(1, len(right) // 4))
    ahead = expected / 2 if samples > least_round else expected
    ahead = np.ceil(ahead).astype(np.int64)
    more = np.maximum(guaranteed, np.minimum(ahead, least_round // count))
    if more.sum() > samples:
        more = np.minimum(more, max(1, int(samples // count)))
    of_problems: Array = np.where(goes_on, np.maximum(more, 1), 0)
    return of_problems


def _bracket_budget(
    grid: StoppingGrid, right: Array, wrong: Array, samples: float
) -> tuple[Array, Array, float]:
    """Where to stop under two costs, and what share of problems follows the first."""

    def needed(stop: Array) -> float:
        return float(grid.expected_samples(stop)[right, wrong].sum())

    low, high = 1e-7, 0.5
    dear, cheap = grid.stops(low), grid.stops(high)
    needed_dear, needed_cheap = needed(dear), 0.0
    for _ in range(HALVINGS if needed_dear > samples else 0):
        cost = float(np.sqrt(low * high))
        stop = grid.stops(cost)
        if (total := needed(stop)) > samples:
            low, needed_dear, dear = cost, total, stop
        else:
            high, needed_cheap, cheap = cost, total, stop
    return dear, cheap, (samples - needed_cheap) / max(needed_dear - needed_cheap, 1e-9)
