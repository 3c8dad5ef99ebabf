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
STYLE: dict[Any, Any] = {
    **{f"axes.spines.{side}": False for side in ("top", "right", "bottom", "left")},
    **{f"{axis}tick.major.size": 0 for axis in "xy"},
    **{f"{axis}tick.color": INK for axis in "xy"},
    "font.size": 9,
    "legend.frameon": False,
    # The same numbers give the same bytes.
    "svg.hashsalt": "goldsieve",
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Chart:
    """`rows`, and how they are drawn; a chart without a picture is numbers alone."""

    rows: Rows
    draw: Callable[[Rows], "Figure"] | None = None


def write_charts(folder: Path, charts: dict[str, Chart]) -> None:
    """Write <name>.json of every chart into `folder`, and <name>.svg where it draws."""
    import matplotlib

    folder.mkdir(parents=True, exist_ok=True)
    undated = {"Date": None, "Creator": None}
    for name, chart in charts.items():
        text = json.dumps(chart.rows, indent=2, ensure_ascii=False)
        write_text(folder / f"{name}.json", text + "\n")
        if chart.draw:
            with matplotlib.rc_context(STYLE):
                picture = chart.draw(chart.rows)
                picture.savefig(folder / f"{name}.svg", metadata=undated)


def subplots(
    title: str, height: float, down: int = 1, across: int = 1
) -> tuple["Figure", list["Axes"]]:
    """A figure of `height` inches with its title and its axes, row by row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="tight")
    figure.suptitle(title, x=0.012, ha="left", fontsize=11)
    return figure, figure.subplots(down, across, squeeze=False).ravel().tolist()


def draw_bars(
    rows: Rows,
    name: str,
    bars: dict[str, str],
    label: Callable[[dict[str, Any]], str],
    *,
    title: str,
) -> tuple["Figure", "Axes"]:
    """Horizontal bars over each other, a row of them for each of `rows`.

    `bars` maps the columns that are drawn, the widest first, to their colours; `label`
    stands at the end of the first.
    """
    figure, (axes,) = subplots(title, 0.4 * max(len(rows), 1) + 0.9)
    names = [row[name] for row in rows]
    drawn = [
        axes.barh(names, [row[column] for row in rows], color=colour, height=0.7)
        for column, colour in bars.items()
    ]
    axes.bar_label(drawn[0], [label(row) for row in rows], padding=4)
    axes.margins(x=0.3)
    axes.set_xlim(0)
    axes.invert_yaxis()
    axes.set_xticks([])
    return figure, axes
