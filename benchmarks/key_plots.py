"""The picture of bench_keys.py: is the chance calibrated, and what is found."""

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.charts import (
    KEPT,
    LOST,
    WRONG,
    Chart,
    write_numbers,
    write_pictures,
)
from pipeline.pass_rates.interval import jeffreys_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = list[dict[str, Any]]
BINS = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)


def reliability_rows(chance: np.ndarray, wrong: np.ndarray) -> Rows:
    """Of each bin of chances: keys, their mean chance, the share that is wrong."""
    rows = []
    number = np.searchsorted(BINS[1:-1], chance, side="right")
    for place, (lo, hi) in enumerate(itertools.pairwise(BINS)):
        inside = number == place
        n, hits = int(inside.sum()), int(wrong[inside].sum())
        if n:
            low, high = jeffreys_interval(np.array([hits]), np.array([n - hits]))
            rows.append(
                {
                    "bin": f"{lo:.2f} to {hi:.2f}",
                    "keys": n,
                    "mean": float(chance[inside].mean()),
                    "wrong": hits / n,
                    "lo": float(low[0]),
                    "hi": float(high[0]),
                }
            )
    return rows


def write_plots(folder: Path, bins: Rows, scores: Rows) -> None:
    """keys.json and keys.svg: both panels are drawn of these very rows."""
    rows = [{"panel": "bins", **row} for row in bins]
    rows += [{"panel": "scores", **row} for row in scores]
    charts = {"keys": Chart(rows, draw)}
    write_numbers(folder, charts)
    write_pictures(folder, charts)


def draw(rows: Rows) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color=LOST, linewidth=1)
    bins = [row for row in rows if row["panel"] == "bins" and row["keys"] >= 20]
    for pools, colour in zip(
        dict.fromkeys(r["pools"] for r in bins), (KEPT, WRONG), strict=False
    ):
        own = [row for row in bins if row["pools"] == pools]
        means, shares = ([row[c] for row in own] for c in ("mean", "wrong"))
        around = [
            [r["wrong"] - r["lo"] for r in own],
            [r["hi"] - r["wrong"] for r in own],
        ]
        left.errorbar(means, shares, around, color=colour, marker="o", label=pools)
    left.set(
        xlabel="chance that the key is wrong",
        ylabel="share that is",
        title="calibration",
    )
    left.legend()
    scores = [row for row in rows if row["panel"] == "scores" and row["suspects"]]
    for noise, colour in zip(
        sorted({r["noise"] for r in scores}), (LOST, WRONG, KEPT), strict=False
    ):
        own = [row for row in scores if row["noise"] == noise]
        recall, precision = ([row[c] for row in own] for c in ("recall", "precision"))
        right.scatter(recall, precision, color=colour, label=f"{noise:.0%} wrong")
    right.axhline(0.8, color=LOST, linewidth=1)
    right.set(xlim=(-0.02, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    right.set_title("a point a pool, at 0.8")
    right.legend(loc="lower left")
    return figure
