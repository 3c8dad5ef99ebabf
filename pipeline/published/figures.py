"""Figures of two sets with 95% intervals, and what changed on the problems of both.

A share of rows has Wilson's interval. Samples of one problem are not independent, so
figures of samples are bootstrapped over problems: drawn with their samples, with
replacement, 1,000 times, and cut at 2.5% and 97.5% (the percentile method). Their
differences are paired: the same problems are drawn on both sides. That of two shares of
rows takes the sides for independent (Newcombe).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.pass_rates.interval import Interval, wilson
from pipeline.published.side import Side

RESAMPLES, SEED = 1000, 0
Array = np.ndarray


@dataclass(frozen=True)
class Figure:
    """A figure of both sides, with intervals; `difference` is b − a.

    That of figures of samples is on the problems that both sides have.

    What a side has nothing for is None.
    """

    name: str
    method: str
    a: tuple[float, Interval] | None
    b: tuple[float, Interval] | None
    difference: tuple[float, Interval] | None = None


# Of each problem: what is summed, and what it is divided by.
RATIOS = {
    "mean pass rate": ("rate", "has_rate"),
    "right, of decided samples": ("right", "decided"),
    "undecided, of samples": ("undecided", "samples"),
    "cut at max_tokens, of samples": ("cut", "ended"),
    "tokens of a completion": ("tokens", "counted"),
}


def list_figures(a: Side, b: Side) -> list[Figure]:
    """The figures of two sets."""
    kept = [(side.kept.height, side.collected) for side in (a, b)]
    share_a, share_b = map(_share, kept)
    change = _share_difference(*kept)
    method = "Wilson, Newcombe"
    figures = [Figure("kept, of collected rows", method, share_a, share_b, change)]
    first, second = sum_samples(a.samples), sum_samples(b.samples)
    both = first.join(second, on="key", suffix="_b").sort("key")
    for name, (above, below) in RATIOS.items():
        ratio, gain = _ratio(above, below), _change(above, below)
        in_a, in_b = _bootstrap(first, ratio), _bootstrap(second, ratio)
        paired = _bootstrap(both, gain)
        figures.append(Figure(name, "bootstrap", in_a, in_b, paired))
    return figures


def sum_samples(samples: pl.DataFrame) -> pl.DataFrame:
    """Counts of each problem's samples, by `key`; each completion of a row once."""
    correct, end = pl.col("correct"), pl.col("finish_reason")
    one = samples.unique(["key", "model", "sample"], keep="first", maintain_order=True)
    counts = one.group_by("key", maintain_order=True).agg(
        samples=pl.len(),
        right=correct.sum(),
        decided=correct.count(),
        undecided=correct.null_count(),
        cut=(end == "length").sum(),
        ended=end.count(),
        tokens=pl.col("n_tokens").sum(),
        counted=pl.col("n_tokens").count(),
    )
    rate = pl.when(pl.col("decided") > 0).then(pl.col("right") / pl.col("decided"))
    return counts.with_columns(
        rate=rate.fill_null(0.0), has_rate=(pl.col("decided") > 0).cast(pl.UInt32)
    ).with_columns(pl.exclude("key").cast(pl.Float64))


def _share(count: tuple[int, int]) -> tuple[float, Interval] | None:
    kept, total = count
    return (kept / total, wilson(kept / total, total)) if total else None


def _share_difference(
    a: tuple[int, int], b: tuple[int, int]
) -> tuple[float, Interval] | None:
    """B − a of two shares, taken as independent, from Wilson's intervals of both.

    Newcombe (1998): Interval estimation for the difference between independent
    proportions, Statistics in Medicine 17, 873–890, method 10.
    """
    first, second = _share(a), _share(b)
    if first is None or second is None:
        return None
    (one, (one_low, one_high)), (two, (two_low, two_high)) = first, second
    change = two - one
    low = change - np.hypot(two - two_low, one_high - one)
    high = change + np.hypot(two_high - two, one - one_low)
    return change, (float(low), float(high))


def _ratio(above: str, below: str) -> Callable[[dict[str, Array], Array], float]:
    def figure(columns: dict[str, Array], drawn: Array) -> float:
        total = columns[below][drawn].sum()
        return float(columns[above][drawn].sum() / total) if total else np.nan

    return figure


def _change(above: str, below: str) -> Callable[[dict[str, Array], Array], float]:
    before, after = _ratio(above, below), _ratio(f"{above}_b", f"{below}_b")
    return lambda columns, drawn: after(columns, drawn) - before(columns, drawn)


def _bootstrap(
    table: pl.DataFrame, figure: Callable[[dict[str, Array], Array], float]
) -> tuple[float, Interval] | None:
    """The figure of all problems, and the middle 95% of it over resamples of them."""
    columns = {name: table[name].to_numpy() for name in table.columns if name != "key"}
    value = figure(columns, np.arange(table.height))
    if np.isnan(value):
        return None
    draw = np.random.default_rng(SEED)
    again = [
        figure(columns, draw.integers(0, table.height, table.height))
        for _ in range(RESAMPLES)
    ]
    low, high = np.nanquantile(again, (0.025, 0.975))
    return value, (float(low), float(high))
