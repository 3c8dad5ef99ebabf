"""What a handful of right and wrong samples says about a pass rate."""

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

Interval = tuple[float, float]
Z = 1.959964  # the normal distribution holds 95% within so many deviations


def wilson(mean: float, n: float) -> Interval:
    """Wilson's 95% interval of a share `mean` of `n` independent draws.

    Probable inference, JASA 22, 209–212 (1927).
    """
    centre = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def jeffreys_interval(
    right: "np.ndarray", wrong: "np.ndarray"
) -> "tuple[np.ndarray, np.ndarray]":
    """The central 95% of the Beta posterior with Jeffreys' prior, Beta(½, ½).

    `right` and `wrong` are counts (n,); returns the lower and upper ends (n,) float64.
    With no wrong sample the upper end is 1, with no right one the lower end is 0.
    Brown, Cai, DasGupta: Interval estimation for a binomial proportion (2001).
    """
    import numpy as np
    from scipy.special import betaincinv

    right, wrong = right.astype(np.float64), wrong.astype(np.float64)
    low = np.where(right > 0, betaincinv(right + 0.5, wrong + 0.5, 0.025), 0.0)
    high = np.where(wrong > 0, betaincinv(right + 0.5, wrong + 0.5, 0.975), 1.0)
    return low, high
