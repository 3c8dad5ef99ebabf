"""What a chart is: rows of numbers, and the picture that is drawn of these very rows.

The page prints the rows, `dvc plots` reads them as JSON, and the SVG shows them.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.files import write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = list[dict[str, Any]]
INK, KEPT, LOST, WRONG = "#22303c", "#2f7f6f", "#d9cfc1", "#c2703d"
WIDTH = 7.6  # inches


@dataclass(frozen=True)
class Chart:
    """`rows`, and how they are drawn; a chart without a picture is numbers alone."""

    rows: Rows
    draw: Callable[[Rows], "Figure"] | None = None


def write_charts(folder: Path, charts: dict[str, Chart]) -> None:
    """Write <name>.json of every chart into `folder`, and <name>.svg where it draws.

    The same numbers give the same bytes: an SVG holds no date, and its ids are fixed.
    """
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in charts.items():
        text = json.dumps(chart.rows, indent=2, ensure_ascii=False)
        write_text(folder / f"{name}.json", text + "\n")
        if chart.draw is None:
            continue
        fixed = matplotlib.rc_context(
            {"svg.hashsalt": "goldsieve", "svg.fonttype": "none"}
        )
        with fixed:
            chart.draw(chart.rows).savefig(
                folder / f"{name}.svg",
                format="svg",
                metadata={"Date": None, "Creator": None},
            )


def subplots(down: int, across: int, height: float) -> tuple["Figure", list["Axes"]]:
    """A figure of `height` inches with axes that have no frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="tight")
    every = figure.subplots(down, across, squeeze=False).ravel().tolist()
    for axes in every:
        for side in ("top", "right", "bottom", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0, labelsize=9 if len(every) == 1 else 8, colors=INK)
    return figure, every


def entitle(figure: "Figure", title: str) -> "Figure":
    figure.suptitle(title, x=0.012, ha="left", fontsize=11)
    return figure


def draw_bars(
    rows: Rows,
    name: str,
    bars: dict[str, str],
    label: Callable[[dict[str, Any]], str],
    *,
    title: str,
    room: float = 1.25,
) -> tuple["Figure", "Axes"]:
    """Horizontal bars over each other, a row of them for each of `rows`.

    `bars` maps the columns that are drawn, the widest first, to their colours; `label`
    stands at the end of the first, for which `room` times the widest bar is left.
    """
    figure, (axes,) = subplots(1, 1, 0.4 * max(len(rows), 1) + 0.9)
    names = [row[name] for row in rows]
    for column, colour in bars.items():
        axes.barh(names, [row[column] for row in rows], color=colour, height=0.7)
    first = next(iter(bars))
    widest = max((row[first] for row in rows), default=0) or 1
    for height, row in enumerate(rows):
        end = row[first] + widest * 0.012
        axes.text(end, height, label(row), va="center", fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, widest * room)
    axes.set_xticks([])
    return entitle(figure, title), axes
