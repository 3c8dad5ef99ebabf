"""What a chart is: rows of numbers, and the picture that is drawn of these very rows.

The numbers are written as JSON, the picture as SVG: the one file that the data card
shows and that `dvc plots show` puts into its page, which therefore needs no network. A
chart that would show nothing has no picture.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.disks import naming_file
from pipeline.files import replacing, write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = list[dict[str, Any]]
# Told apart by lightness too: readers who are colour-blind, and grey printers.
INK, KEPT, LOST, WRONG = "#22303c", "#2f7f6f", "#d9cfc1", "#c2703d"
WIDTH = 7.6  # inches
STYLE: dict[Any, Any] = {
    **{f"axes.spines.{side}": False for side in ("top", "right", "bottom", "left")},
    **{f"{axis}tick.major.size": 0 for axis in "xy"},
    **{f"{axis}tick.minor.size": 0 for axis in "xy"},
    **{f"{axis}tick.color": INK for axis in "xy"},
    "axes.labelcolor": INK,
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


def write_numbers(folder: Path, charts: Mapping[str, Chart]) -> None:
    """Write the rows of every chart as <name>.json into `folder`."""
    for name, chart in charts.items():
        text = json.dumps(chart.rows, indent=2, ensure_ascii=False)
        write_text(folder / f"{name}.json", text + "\n")


def write_pictures(folder: Path, charts: Mapping[str, Chart]) -> None:
    """Write <name>.svg of every chart that draws; one of an older run goes.

    The folder is there also where none draws: DVC expects it of a stage that is off.
    """
    import matplotlib

    with naming_file(folder, folder):
        folder.mkdir(parents=True, exist_ok=True)
    undated = {"Date": None, "Creator": None}
    for name, chart in charts.items():
        file = folder / f"{name}.svg"
        if not chart.draw:
            file.unlink(missing_ok=True)
            continue
        with replacing(file) as draft, matplotlib.rc_context(STYLE):
            chart.draw(chart.rows).savefig(draft, metadata=undated)


def subplots(
    title: str, height: float, down: int = 1, across: int = 1, **shared: Any
) -> tuple["Figure", list["Axes"]]:
    """A figure of `height` inches with its title and its axes, row by row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(title, x=0.012, ha="left", fontsize=11)
    return figure, figure.subplots(
        down, across, squeeze=False, **shared
    ).ravel().tolist()


def draw_bars(
    rows: Rows,
    name: str,
    bars: dict[str, tuple[str, str]],
    label: Callable[[dict[str, Any]], str],
    *,
    title: str,
    unit: str,
) -> "Figure":
    """Horizontal bars over each other, a row of them for each of `rows`.

    `bars` maps the columns that are drawn, the widest first, to their colours and what
    the legend calls them; `label` stands at the end of the first, `unit` at the axis.
    """
    figure, (axes,) = subplots(title, 0.32 * len(rows) + 1.3)
    names = [row[name] for row in rows]
    for column, (colour, meaning) in bars.items():
        values = [row[column] for row in rows]
        drawn = axes.barh(names, values, color=colour, height=0.7, label=meaning)
        if column == next(iter(bars)):
            axes.bar_label(drawn, [label(row) for row in rows], padding=4)
    axes.margins(x=0.2)  # for the labels: no share is 120%, so no tick stands there
    axes.set_xlim(0)
    most = max(row[column] for row in rows for column in bars)
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= most])
    axes.invert_yaxis()
    axes.set_xlabel(unit)
    axes.xaxis.set_major_formatter("{x:,.10g}")
    figure.legend(loc="upper right", ncols=len(bars))
    return figure
