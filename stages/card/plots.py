"""The card's pictures, and the same numbers as JSON for `dvc plots`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, KEPT, LOST = "#22303c", "#2f7f6f", "#d9cfc1"


def write(folder: Path, told: dict[str, Any]) -> None:
    """Write funnel, reasons, pass_rate and length as JSON, and two pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    _json(folder / "funnel.json", _funnel(told))
    _json(folder / "reasons.json", _reasons(told))
    _json(folder / "pass_rate.json", _pass_rate(told["difficulty"]))
    _json(folder / "length.json", _length(told["lengths"]))
    _save(_draw_funnel(told["funnel"]), folder / "funnel.svg")
    _save(_draw_rates(told["difficulty"]), folder / "pass_rate.svg")


def _funnel(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"stage": s["stage"], "rows": s["rows_out"]} for s in told["funnel"]]


def _reasons(told: dict[str, Any]) -> list[dict[str, Any]]:
    rows: dict[str, int] = {}
    for one in told["reasons"]:
        rows[one["reason"]] = rows.get(one["reason"], 0) + one["rows"]
    return [{"reason": reason, "rows": count} for reason, count in rows.items()]


def _pass_rate(rates: dict[str, Any]) -> list[dict[str, Any]]:
    bins = zip(rates["bins"], rates["before"], rates["after"], strict=True)
    return [{"pass_rate": name, "before": b, "after": a} for name, b, a in bins]


def _length(lengths: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"which": one["which"], "quantile": quantile, "tokens": tokens}
        for one in lengths
        for quantile, tokens in zip((0.1, 0.5, 0.9), one["q"], strict=True)
    ]


def _draw_funnel(stages: list[dict[str, Any]]) -> "Figure":
    figure, axes = _canvas(7.6, 0.42 * len(stages) + 0.9)
    names = [stage["stage"] for stage in stages]
    axes.barh(names, [stage["rows_in"] for stage in stages], color=LOST, height=0.72)
    axes.barh(names, [stage["rows_out"] for stage in stages], color=KEPT, height=0.72)
    widest = max(stage["rows_in"] for stage in stages) or 1
    for place, stage in enumerate(stages):
        lost = stage["rows_in"] - stage["rows_out"]
        said = f"{stage['rows_out']:,}" + (f"   −{lost:,}" if lost else "")
        axes.text(
            stage["rows_in"] + widest * 0.012, place, said, va="center", fontsize=9
        )
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.2)
    axes.set_xticks([])
    axes.set_title("Rows kept after each stage", loc="left", fontsize=11)
    return figure


def _draw_rates(rates: dict[str, Any]) -> "Figure":
    figure, axes = _canvas(7.6, 3.2)
    places = range(10)
    axes.bar(places, rates["before"], color=LOST, width=0.86, label="sampled")
    axes.bar(places, rates["after"], color=KEPT, width=0.86, label="exported")
    axes.set_xticks(list(places), rates["bins"], fontsize=8)
    axes.set_xlabel("pass rate of the model that was sampled", fontsize=9)
    axes.set_ylabel("problems", fontsize=9)
    axes.legend(frameon=False, fontsize=9)
    axes.set_title("Difficulty before and after selection", loc="left", fontsize=11)
    return figure


def _canvas(width: float, height: float) -> tuple["Figure", "Axes"]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="tight")
    axes = figure.add_subplot()
    for side in ("top", "right", "bottom", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, labelsize=9, colors=INK)
    return figure, axes


def _save(figure: "Figure", file: Path) -> None:
    """As SVG with the same bytes for the same numbers: no date, fixed ids."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "goldsieve", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
