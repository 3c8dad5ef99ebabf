"""The card's pictures, and the same numbers as JSON for `dvc plots`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stages.card import pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write(folder: Path, told: dict[str, Any]) -> None:
    """Write every picture as SVG and what it shows as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    rates, spent = told["difficulty"], told["spent"]
    numbers = {
        "funnel": _funnel(told),
        "reasons": _reasons(told),
        "pass_rate": _pass_rate(rates),
        "pass_rate_by_source": _pass_rate_by("source", rates),
        "pass_rate_by_domain": _pass_rate_by("domain", rates),
        "samples": _samples(rates, spent),
        "length": _length(told["spread"]),
        "truncated": _truncated(told["truncated"]),
    }
    for name, rows in numbers.items():
        _json(folder / f"{name}.json", rows)
    drawn = {
        "funnel": pictures.funnel(told["funnel"]),
        "pass_rate": pictures.rates(rates),
        "pass_rate_by_source": pictures.rates_by("source", rates),
        "pass_rate_by_domain": pictures.rates_by("domain", rates),
        "samples": pictures.samples(rates["bins"], spent),
        "length": pictures.lengths(
            told["spread"], rates["bins"], told["lengths_by_rate"]
        ),
        "truncated": pictures.truncated(told["truncated"]),
    }
    for name, figure in drawn.items():
        _save(figure, folder / f"{name}.svg")


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


def _pass_rate_by(column: str, rates: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {column: one["name"], "pass_rate": name, "before": before, "after": after}
        for one in rates["by"][column]
        for name, before, after in zip(
            rates["bins"], one["before"], one["after"], strict=True
        )
    ]


def _samples(rates: dict[str, Any], spent: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"pass_rate": name, "samples": mean and round(mean, 3)}
        for name, mean in zip(rates["bins"], spent["bins"], strict=True)
    ]


def _length(spread: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"verdict": verdict, "tokens": tokens, "samples": samples}
        for verdict in ("right", "wrong")
        for tokens, samples in zip(spread["edges"], spread[verdict], strict=False)
    ]


def _truncated(truncated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one | {"rate": one["cut"] / one["samples"]} for one in truncated]


def _save(figure: "Figure", file: Path) -> None:
    """As SVG with the same bytes for the same numbers: no date, fixed ids."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "goldsieve", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})


def _json(file: Path, value: Any) -> None:
    file.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
