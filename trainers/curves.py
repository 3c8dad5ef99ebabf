"""What a run of training, and an evaluation, look like: one picture of each."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.charts import (
    INK,
    KEPT,
    LOST,
    WRONG,
    Chart,
    Rows,
    subplots,
    write_numbers,
    write_pictures,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMOOTH = 10  # steps whose mean is drawn: single ones are noisy
# Drawn beside the reward, which is their weighted sum.
PARTS = {"correct": KEPT, "format": INK}


def write_chart(chart: Chart, numbers: Path | None, plots: Path | None) -> None:
    """Write the rows into the file `numbers`, the picture into the folder `plots`."""
    if numbers:
        write_numbers(numbers.parent, {numbers.stem: chart})
    if plots:
        write_pictures(plots, {plots.name: chart})


def curve(steps: Rows, headline: str) -> Chart:
    """The headline of a run (its loss, its reward) over its steps."""
    has_curve = any(step[headline] is not None for step in steps)
    draw = (lambda rows: _draw_curve(rows, headline)) if has_curve else None
    return Chart(steps, draw)


def score_chart(points: Rows) -> Chart:
    """pass@1 of each model and benchmark, with its interval."""
    return Chart(points, _draw_scores if points else None)


def _draw_curve(steps: Rows, headline: str) -> "Figure":
    figure, (axes,) = subplots(f"{headline.capitalize()} by step of training", 2.8)
    _draw_line(axes, steps, headline, WRONG)
    if headline == "reward":
        for part, colour in PARTS.items():
            _draw_line(axes, steps, part, colour)
    axes.set_xlabel("step of training")
    axes.set_ylabel(f"mean of {SMOOTH} steps\n(thin: each step)")
    figure.legend(loc="upper right", ncols=3)
    return figure


def _draw_line(axes: "Axes", steps: Rows, name: str, colour: str) -> None:
    known = [(step["step"], step[name]) for step in steps if step.get(name) is not None]
    if not known:
        return
    at, values = zip(*known, strict=True)
    last = [values[max(0, end - SMOOTH) : end] for end in range(1, len(values) + 1)]
    means = [sum(window) / len(window) for window in last]
    axes.plot(at, values, color=colour, linewidth=0.5, alpha=0.6)
    axes.plot(at, means, color=colour, linewidth=1.8, label=name)


def _draw_scores(points: Rows) -> "Figure":
    benchmarks = list(dict.fromkeys(point["benchmark"] for point in points))
    height = 0.24 * len(points) + 0.3 * len(benchmarks) + 1.2
    title = "pass@1 of each model, with its 95% interval"
    figure, every = subplots(title, height, down=len(benchmarks), sharex=True)
    for axes, benchmark in zip(every, benchmarks, strict=True):
        own = [point for point in points if point["benchmark"] == benchmark]
        for point in own:
            ends = [100 * point["low"], 100 * point["high"]]
            axes.plot(ends, [point["model"]] * 2, color=KEPT, linewidth=2)
            axes.plot(100 * point["pass@1"], point["model"], "o", color=INK)
        axes.set_title(benchmark, loc="left", fontsize=9)
        axes.set_xlim(0, 100)
        axes.set_ylim(len(own) - 0.5, -0.5)
        axes.grid(axis="x", color=LOST, linewidth=0.5)
    every[-1].set_xlabel("% of samples that are right")
    return figure
