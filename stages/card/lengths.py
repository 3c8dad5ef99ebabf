"""How long right and wrong completions are, and how many were cut off."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipeline.charts import KEPT, WRONG, Chart, Rows, draw_bars, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LENGTHS = 24  # bins of lengths, each a constant factor wide
VERDICTS = {"right": True, "wrong": False}


def length_quantiles(grades: pl.DataFrame) -> Rows:
    """Quantiles of completion length in tokens, right and wrong apart."""
    lengths = {name: _tokens(grades, verdict) for name, verdict in VERDICTS.items()}
    return [
        {
            "which": name,
            "samples": tokens.len(),
            "q": [tokens.quantile(q, "nearest") for q in (0.1, 0.5, 0.9)],
        }
        for name, tokens in lengths.items()
        if tokens.len()
    ]


def lengths(grades: pl.DataFrame) -> Chart:
    """Samples by length, in bins a constant factor wide that start at `tokens`."""
    tokens = {
        name: np.maximum(_tokens(grades, verdict).to_numpy(), 1)
        for name, verdict in VERDICTS.items()
    }
    every = np.concatenate(list(tokens.values()))
    if not len(every):
        return Chart([])
    edges = np.geomspace(every.min(), every.max() + 1, LENGTHS + 1)
    # Below a token apart, bins would be empty by turns.
    edges = np.unique(edges.round()).astype(int)
    rows = [
        {"verdict": name, "tokens": int(edge), "samples": int(count)}
        for name, values in tokens.items()
        for edge, count in zip(edges, np.histogram(values, edges)[0], strict=False)
    ]
    return Chart(rows, lambda rows: _draw(rows, int(edges[-1])))


def by_set(bins: Rows, tokenizer: str) -> Chart:
    """Problems and traces of each set by length; `bins` are (set, kind, tokens, texts).

    Bins are those that `pipeline/traces/lengths.py` makes.
    """
    return Chart(bins, (lambda rows: _draw_sets(rows, tokenizer)) if bins else None)


def truncated(rated: pl.DataFrame, grades: pl.DataFrame) -> Chart:
    """Of each source's samples, how many were cut at max_tokens, or had no room."""
    ended = grades.filter(pl.col("finish_reason").is_not_null())
    ended = ended.join(rated.select("id", "source"), on="id", how="inner")
    cut = pl.col("finish_reason") == "length"
    counts = ended.group_by("source").agg(
        samples=pl.len(),
        cut=cut.sum(),
        cut_right=(cut & pl.col("correct").fill_null(False)).sum(),
        no_room=(pl.col("finish_reason") == "prompt_too_long").sum(),
        rate=cut.mean(),
    )  # fmt: skip
    counts = counts.sort("samples", "source", descending=[True, False])
    return Chart(counts.to_dicts(), _draw_truncated if counts["cut"].sum() else None)


def _tokens(grades: pl.DataFrame, verdict: bool) -> pl.Series:
    return grades.filter(pl.col("correct") == verdict)["n_tokens"].drop_nulls()


def _draw(rows: Rows, end: int) -> "Figure":
    figure, (axes,) = subplots("Length of right and wrong completions", 3.2)
    for verdict, colour in (("right", KEPT), ("wrong", WRONG)):
        bins = [row for row in rows if row["verdict"] == verdict]
        if total := sum(row["samples"] for row in bins):
            edges = [*(row["tokens"] for row in bins), end]
            share = [100 * row["samples"] / total for row in bins]
            axes.stairs(share, edges, color=colour, fill=True, alpha=0.35)
            label = f"{verdict} ({total:,} completions)"
            axes.stairs(share, edges, color=colour, linewidth=1.2, label=label)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("tokens of a completion (each step of the scale doubles)")
    axes.set_ylabel("% of the completions\nwith that verdict")
    return figure


def _draw_sets(rows: Rows, tokenizer: str) -> "Figure":
    """A line of histograms for each set, under one scale of lengths and of shares."""
    names = list(dict.fromkeys(row["set"] for row in rows))
    title = "Length of problems and traces"
    height = 0.55 * len(names) + 1.3
    figure, axes = subplots(title, height, down=len(names), sharey=True)
    lowest = min((row["tokens"] for row in rows), default=1)
    highest = max((row["tokens"] for row in rows), default=2)
    for name, each in zip(names, axes, strict=True):
        for kind, colour in (("problem", KEPT), ("trace", WRONG)):
            bins = [row for row in rows if (row["set"], row["kind"]) == (name, kind)]
            if total := sum(row["texts"] for row in bins):
                shares = [row["texts"] / total for row in bins[:-1]]
                edges = [row["tokens"] for row in bins]
                each.stairs(shares, edges, color=colour, fill=True, alpha=0.35)
                each.stairs(shares, edges, color=colour, linewidth=1, label=kind)
        each.set_xscale("log", base=2)
        each.set_xlim(lowest, highest)
        each.set_yticks([])
        each.set_ylabel(name, rotation=0, ha="right", va="center")
        each.xaxis.set_major_formatter("{x:,.0f}")
        if each is not axes[-1]:
            each.set_xticks([])
            each.minorticks_off()
    drawn = {label: line for each in axes for line, label in _legend(each)}
    figure.legend(drawn.values(), drawn.keys(), loc="upper right", ncols=2)
    axes[-1].set_xlabel(f"tokens of {tokenizer} (each step of the scale doubles)")
    figure.supylabel("share of the texts of a set", fontsize=9)
    return figure


def _legend(axes: "Axes") -> list[tuple[Any, str]]:
    return list(zip(*axes.get_legend_handles_labels(), strict=True))


def _draw_truncated(rows: Rows) -> "Figure":
    percent = [
        {
            "source": row["source"],
            "cut": 100 * row["rate"],
            "right": 100 * row["cut_right"] / row["samples"],
            "label": f"{100 * row['rate']:.1f}% of {row['samples']:,}",
        }
        for row in rows
    ]
    bars = {"cut": (WRONG, "cut"), "right": (KEPT, "cut, and right all the same")}
    if not any(row["right"] for row in percent):
        del bars["right"]
    return draw_bars(
        percent,
        "source",
        bars,
        lambda row: str(row["label"]),
        title="Completions cut at max_tokens",
        unit="% of the completions of a source",
    )
