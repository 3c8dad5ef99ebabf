"""How long right and wrong completions are, and how many were cut off."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stages.card.charts import KEPT, WRONG, Chart, Rows, draw_bars, subplots

if TYPE_CHECKING:
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
        return Chart([], lambda rows: subplots("No lengths are recorded", 3.2)[0])
    edges = np.geomspace(every.min(), every.max() + 1, LENGTHS + 1)
    # Below a token apart, bins would be empty by turns.
    edges = np.unique(edges.round()).astype(int)
    rows = [
        {"verdict": name, "tokens": int(edge), "samples": int(count)}
        for name, values in tokens.items()
        for edge, count in zip(edges, np.histogram(values, edges)[0], strict=False)
    ]
    return Chart(rows, lambda rows: _draw(rows, int(edges[-1])))


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
    return Chart(counts.to_dicts(), _draw_truncated)


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
            label = f"{verdict} ({total:,})"
            axes.stairs(share, edges, color=colour, linewidth=1.2, label=label)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend()
    axes.set_xlabel("tokens of a completion")
    axes.set_ylabel("% of the right, of the wrong")
    return figure


def _draw_truncated(rows: Rows) -> "Figure":
    figure, axes = draw_bars(
        [row | {"right": row["cut_right"] / row["samples"]} for row in rows],
        "source",
        {"rate": WRONG, "right": KEPT},
        lambda row: f"{100 * row['rate']:.1f}% of {row['samples']:,}",
        title="Completions cut at max_tokens" if rows else "No ends are recorded",
    )
    if any(row["cut_right"] for row in rows):
        axes.legend(["cut", "and right"], loc="lower right")
    return figure
