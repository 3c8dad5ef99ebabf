"""Pass rates before selection and after, of all problems, by source and by domain."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stages.card.charts import KEPT, LOST, Chart, Rows, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BINS = 10  # of pass rates
ACROSS = 3  # small pictures beside each other


def rate_problems(rated: pl.DataFrame, grades: pl.DataFrame) -> pl.DataFrame:
    """id, source, domain, pass_rate, n_samples of the problems that difficulty saw.

    Where difficulty is off it has no rate, and that of the samples counts.
    """
    sampled = grades.group_by("id").agg(_sampled=pl.col("correct").mean())
    return (
        rated.join(sampled, on="id", how="left", maintain_order="left")
        .with_columns(pass_rate=pl.coalesce("pass_rate", "_sampled"))
        .select("id", "source", "domain", "pass_rate", pl.col("n_samples").fill_null(0))
    )


def count_by_model(grades: pl.DataFrame) -> Rows:
    """What each model was sampled in each pass, in the order of their samples."""
    counts = grades.group_by("pass", "model", maintain_order=True).agg(
        problems=pl.n_unique("id"),
        samples=pl.len(),
        right=pl.col("correct").sum(),
        undecided=pl.col("correct").null_count(),
    )
    return counts.with_columns(pl.col("pass").fill_null("")).to_dicts()


def pass_rates(rated: pl.DataFrame, rl: pl.DataFrame) -> Chart:
    """Problems in each bin of pass rate: sampled (`before`), exported (`after`).

    `samples` are those that the sampled problems took.
    """
    return Chart(_count_bins(rated, rl), lambda rows: _draw([rows], [""], ""))


def pass_rates_by(column: str, rated: pl.DataFrame, rl: pl.DataFrame) -> Chart:
    """The same for each value of `column`, those with most problems first."""
    known = rated.drop_nulls("pass_rate").group_by(column, maintain_order=True).len()
    names = known.sort("len", descending=True, maintain_order=True)[column].to_list()
    is_in_group = [pl.col(column) == name for name in names]
    groups = [_count_bins(rated.filter(own), rl.filter(own)) for own in is_in_group]
    rows = [
        {column: name, **row}
        for name, group in zip(names, groups, strict=True)
        for row in group
    ]
    return Chart(rows, lambda _: _draw(groups, names, f" by {column}"))


def bin_rates(rates: pl.Series) -> pl.Series:
    """The bin of each rate (Int32); 0.3 is in that from 0.3, as it reads."""
    return (rates * BINS + 1e-9).floor().clip(0, BINS - 1).cast(pl.Int32)


def _count_bins(rated: pl.DataFrame, rl: pl.DataFrame) -> Rows:
    sampled = rated.drop_nulls("pass_rate")
    bins = bin_rates(sampled["pass_rate"])
    before = np.bincount(bins, minlength=BINS)
    after = np.bincount(bin_rates(rl["pass_rate"].drop_nulls()), minlength=BINS)
    samples = np.bincount(bins, sampled["n_samples"], minlength=BINS)
    return [
        {
            "pass_rate": f"{low / BINS:.1f}–{(low + 1) / BINS:.1f}",
            "before": int(before[low]),
            "after": int(after[low]),
            "samples": int(samples[low]),
        }
        for low in range(BINS)
    ]


def _draw(groups: list[Rows], names: list[str], by: str) -> "Figure":
    """A picture for each group: its problems before, and over them those after."""
    across = min(ACROSS, len(groups)) or 1
    down = -(-len(groups) // across) or 1
    title = f"Pass rates{by}: problems sampled → exported"
    height = 0.6 + (1.55 * down if by else 2.4)
    figure, every = subplots(title, height, down, across)
    for axes in every[len(groups) :]:
        axes.set_axis_off()
    for axes, group, name in zip(every, groups, names, strict=False):
        counts = []
        for column, colour in (("before", LOST), ("after", KEPT)):
            heights = [row[column] for row in group]
            axes.bar(range(BINS), heights, color=colour, width=0.86)
            counts.append(f"{sum(heights):,}")
        axes.set_xticks((-0.5, BINS / 2 - 0.5, BINS - 0.5), ("0", "0.5", "1"))
        axes.locator_params("y", integer=True, nbins=4)
        axes.set_title(name, loc="left", fontsize=9)
        axes.set_title(" → ".join(counts), loc="right", fontsize=9, color=KEPT)
    return figure
