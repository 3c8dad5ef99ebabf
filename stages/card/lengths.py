"""How long right and wrong completions are, and how many were cut off."""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from stages.card.charts import KEPT, WRONG, Chart, Rows, draw_bars, entitle, subplots
from stages.card.rates import NAMES, OTHERS, bin_rates, group_rare, mark_rates

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


def lengths(rated: pl.DataFrame, grades: pl.DataFrame) -> Chart:
    """Samples by length, in bins a constant factor wide that start at `tokens`.

    Drawn beside the median length in each bin of pass rate.
    """
    tokens = {
        name: np.maximum(_tokens(grades, verdict).to_numpy(), 1)
        for name, verdict in VERDICTS.items()
    }
    every = np.concatenate(list(tokens.values()))
    medians = _medians(rated, grades)
    if not len(every):
        return Chart([], lambda rows: _draw(rows, 0, medians))
    edges = np.geomspace(every.min(), every.max() + 1, LENGTHS + 1)
    # Below a token apart, bins would be empty by turns.
    edges = np.unique(edges.round()).astype(int)
    rows = [
        {"verdict": name, "tokens": int(edge), "samples": int(count)}
        for name, values in tokens.items()
        for edge, count in zip(edges, np.histogram(values, edges)[0], strict=False)
    ]
    return Chart(rows, lambda rows: _draw(rows, int(edges[-1]), medians))


def truncated(rated: pl.DataFrame, grades: pl.DataFrame) -> Chart:
    """Of each source's samples, how many were cut at max_tokens, or had no room."""
    ended = grades.filter(pl.col("finish_reason").is_not_null())
    ended = ended.join(rated.select("id", "source"), on="id", how="inner")
    cut = pl.col("finish_reason") == "length"
    counts = group_rare("source", ended, ended).group_by("source").agg(
        samples=pl.len(),
        cut=cut.sum(),
        cut_right=(cut & pl.col("correct").fill_null(False)).sum(),
        no_room=(pl.col("finish_reason") == "prompt_too_long").sum(),
        rate=cut.mean(),
    )  # fmt: skip
    is_last = pl.col("source") == OTHERS
    order = (is_last, -pl.col("samples").cast(pl.Int64), pl.col("source"))
    return Chart(counts.sort(*order).to_dicts(), _draw_truncated)


def _tokens(grades: pl.DataFrame, verdict: bool) -> pl.Series:
    return grades.filter(pl.col("correct") == verdict)["n_tokens"].drop_nulls()


def _medians(rated: pl.DataFrame, grades: pl.DataFrame) -> dict[str, list[Any]]:
    """Median length of right and of wrong samples in each bin of pass rate."""
    rated = rated.drop_nulls("pass_rate")
    binned = rated.select("id", bin=bin_rates(rated["pass_rate"]))
    samples = (
        grades.select("id", "correct", "n_tokens").drop_nulls().join(binned, on="id")
    )
    groups = samples.group_by("bin", "correct").agg(pl.col("n_tokens").median())
    medians = {(number, correct): tokens for number, correct, tokens in groups.rows()}
    return {
        name: [medians.get((number, verdict)) for number in range(len(NAMES))]
        for name, verdict in VERDICTS.items()
    }


def _draw(rows: Rows, end: int, medians: dict[str, list[Any]]) -> "Figure":
    figure, (spread, by_rate) = subplots(1, 2, 3.2)
    for verdict, colour in (("right", KEPT), ("wrong", WRONG)):
        bins = [row for row in rows if row["verdict"] == verdict]
        total = sum(row["samples"] for row in bins)
        if total:
            edges = [*(row["tokens"] for row in bins), end]
            share = [100 * row["samples"] / total for row in bins]
            label = f"{verdict} ({total:,})"
            spread.stairs(share, edges, color=colour, fill=True, alpha=0.35)
            spread.stairs(share, edges, color=colour, linewidth=1.2, label=label)
        points = [(i, t) for i, t in enumerate(medians[verdict]) if t is not None]
        if points:
            by_rate.plot(*zip(*points, strict=True), "o-", color=colour, markersize=4)
    if rows:
        _count_by_doublings(spread, rows[0]["tokens"], end)
        spread.legend(frameon=False, fontsize=8)
    spread.set_xlabel("tokens of a completion", fontsize=9)
    spread.set_ylabel("% of the right, of the wrong", fontsize=9)
    mark_rates(by_rate)
    by_rate.set_ylim(0)
    by_rate.set_xlabel("pass rate of the problem", fontsize=9)
    by_rate.set_ylabel("median tokens", fontsize=9)
    title = "Length of right and wrong completions"
    return entitle(figure, title if rows else "No lengths are recorded")


def _count_by_doublings(axes: "Axes", first: int, last: int) -> None:
    axes.set_xscale("log", base=2)
    ticks = [2**power for power in range(31) if first <= 2**power <= last]
    axes.set_xticks(ticks, [shorten(tick) for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)


def shorten(tokens: int) -> str:
    """A number of tokens for a tick: 32768 is 32k."""
    return f"{tokens // 1024}k" if tokens >= 1024 else str(tokens)


def _draw_truncated(rows: Rows) -> "Figure":
    figure, axes = draw_bars(
        [row | {"right": row["cut_right"] / row["samples"]} for row in rows],
        "source",
        {"rate": WRONG, "right": KEPT},
        lambda row: f"{100 * row['rate']:.1f}% of {row['samples']:,}",
        title="Completions cut at max_tokens" if rows else "No ends are recorded",
        room=1.3,
    )
    if any(row["cut_right"] for row in rows):
        axes.legend(["cut", "and right"], frameon=False, fontsize=8, loc="lower right")
    return figure
