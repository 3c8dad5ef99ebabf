"""The window of pass rates that a recipe keeps: problems a model sometimes solves.

Adaptive sampling spends its samples on problems that may be inside or outside, and
difficulty drops those that are outside. Both read the section `pass_rate_window`, so
that what is sampled for is what is cut by.
"""

from typing import TYPE_CHECKING, Literal, Self, TypeVar

import polars as pl
from pydantic import Field, model_validator

from pipeline.settings import Shared

if TYPE_CHECKING:
    import numpy as np

Values = TypeVar("Values", "np.ndarray", pl.Expr)


class Window(Shared):
    """From `lo` to `hi` of what `models` reach together, all models where empty.

    The ends are inside unless they are open. `unit: count` looks at the number of
    right samples instead of their share, and `sense: failure` at how often a problem
    is failed.
    """

    lo: float = Field(default=0.0, ge=0)
    hi: float = Field(default=float("inf"), ge=0)
    lo_open: bool = False
    hi_open: bool = False
    unit: Literal["rate", "count"] = "rate"
    sense: Literal["success", "failure"] = "success"
    models: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.hi < self.lo:
            raise ValueError(f"`hi` {self.hi:g} is below `lo` {self.lo:g}")
        if self.unit == "rate" and self.lo > 1:
            raise ValueError(f"`lo` {self.lo:g} is no rate; for counts, unit: count")
        return self

    @property
    def highest(self) -> float:
        """The upper end; no rate is above 1."""
        return min(self.hi, 1.0) if self.unit == "rate" else self.hi

    @property
    def of_successes(self) -> "Window":
        """The same window of rates, of how often problems are solved."""
        if self.sense == "success":
            return self
        return Window(
            lo=1 - self.highest,
            hi=1 - self.lo,
            lo_open=self.hi_open,
            hi_open=self.lo_open,
            models=self.models,
        )

    @property
    def cuts_rates(self) -> bool:
        """Whether there are pass rates outside."""
        is_whole = (self.lo, self.highest) == (0, 1) and not (
            self.lo_open or self.hi_open
        )
        return self.unit == "rate" and not is_whole

    def outside(self, values: Values) -> tuple[Values, Values]:
        """Whether what the window is of is below it, and above it."""
        below = values <= self.lo if self.lo_open else values < self.lo
        hi = self.highest
        return below, values >= hi if self.hi_open else values > hi

    def holds(self, rates: "np.ndarray") -> "np.ndarray":
        """Whether each success rate (n,) float is inside (n,) bool."""
        below, above = self.of_successes.outside(rates)
        inside: np.ndarray = ~(below | above)
        return inside
