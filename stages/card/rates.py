"""Pass rates before selection and after, by source and domain, and samples spent."""

from itertools import zip_longest
from typing import TYPE_CHECKING

import polars as pl

from stages.card.charts import KEPT, LOST, Chart, Rows, entitle, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 10  # of pass rates
NAMES = [f"{low / BINS:.1f}–{low / BINS + 0.1:.1f}" for low in range(BINS)]
ACROSS = 3  # small pictures beside each other
GROUPS = 12  # that are told apart; the smallest ones share the last row
OTHERS = "all others"


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


def bin_rates(rates: pl.Series) -> pl.Series:
    """The bin of each rate (Int32); 0.3 is in that from 0.3, as it reads."""
    return (rates * BINS + 1e-9).floor().clip(0, BINS - 1).cast(pl.Int32)


def group_rare(column: str, table: pl.DataFrame, among: pl.DataFrame) -> pl.DataFrame:
    """`table` with values of `column` that are rare in `among` put together."""
    common = (
        among[column].value_counts().sort("count", column, descending=[True, False])
    )
    if common.height <= GROUPS:
        return table
    names = common[column].head(GROUPS - 1).to_list()
    kept = pl.when(pl.col(column).is_in(names)).then(column)
    return table.with_columns(kept.otherwise(pl.lit(OTHERS)).alias(column))


def pass_rates(rated: pl.DataFrame, rl: pl.DataFrame) -> Chart:
    """Problems in each bin of pass rate: sampled (`before`), exported (`after`)."""
    return Chart(_bins(rated, rl), _draw)


def pass_rates_by(column: str, rated: pl.DataFrame, rl: pl.DataFrame) -> Chart:
    """The same for each value of `column`, those with most problems first."""
    known = rated.drop_nulls("pass_rate")
    before, after = (group_rare(column, table, known) for table in (known, rl))
    sizes = dict(before[column].value_counts().iter_rows())
    names = before[column].unique(maintain_order=True)
    rows = [
        {column: name, **row}
        for name in sorted(names, key=lambda name: (name == OTHERS, -sizes[name]))
        for row in _bins(
            before.filter(pl.col(column) == name), after.filter(pl.col(column) == name)
        )
    ]
    return Chart(rows, lambda rows: _draw_groups(column, rows))


def samples_spent(rated: pl.DataFrame) -> Chart:
    """In each bin of pass rate the problems that were sampled, and their samples."""
    drawn = rated.filter(pl.col("n_samples") > 0)
    drawn = drawn.with_columns(bin=bin_rates(drawn["pass_rate"]))
    counts = drawn.group_by("bin").agg(pl.len(), pl.col("n_samples").sum()).rows()
    by_bin = {number: (problems, samples) for number, problems, samples in counts}
    return Chart(
        [
            {
                "pass_rate": name,
                "problems": problems,
                "total": samples,
                "samples": round(samples / problems, 3) if problems else None,
            }
            for number, name in enumerate(NAMES)
            for problems, samples in [by_bin.get(number, (0, 0))]
        ],
        _draw_samples,
    )


def _bins(before: pl.DataFrame, after: pl.DataFrame) -> Rows:
    counts = []
    for table in (before, after):
        bins = bin_rates(table["pass_rate"].drop_nulls()).value_counts()
        counts.append(dict(bins.iter_rows()))
    return [
        {"pass_rate": name, "before": counts[0].get(i, 0), "after": counts[1].get(i, 0)}
        for i, name in enumerate(NAMES)
    ]


def _draw(rows: Rows) -> "Figure":
    figure, (axes,) = subplots(1, 1, 3.2)
    _draw_before_and_after(axes, rows)
    axes.set_xticks(range(BINS), NAMES, fontsize=8)
    axes.set_xlabel("pass rate of the model that was sampled", fontsize=9)
    axes.set_ylabel("problems", fontsize=9)
    axes.legend(frameon=False, fontsize=9)
    return entitle(figure, "Difficulty before and after selection")


def _draw_groups(column: str, rows: Rows) -> "Figure":
    """A small picture for each source or domain."""
    groups = [rows[start : start + BINS] for start in range(0, len(rows), BINS)]
    down = max(1, -(-len(groups) // ACROSS))
    figure, every = subplots(down, ACROSS, 1.55 * down + 0.6)
    for axes, group in zip_longest(every, groups):
        if group is None:
            axes.set_axis_off()
            continue
        _draw_before_and_after(axes, group)
        mark_rates(axes)
        axes.set_title(group[0][column], loc="left", fontsize=9)
        before, after = (sum(row[n] for row in group) for n in ("before", "after"))
        axes.set_title(f"{before:,} → {after:,}", loc="right", fontsize=8, color=KEPT)
    title = f"Pass rates by {column}: problems sampled → exported"
    return entitle(figure, title if groups else "No pass rates")


def _draw_before_and_after(axes: "Axes", rows: Rows) -> None:
    for column, colour, label in (
        ("before", LOST, "sampled"),
        ("after", KEPT, "exported"),
    ):
        heights = [row[column] for row in rows]
        axes.bar(range(BINS), heights, color=colour, width=0.86, label=label)
    axes.locator_params("y", integer=True, nbins=4)


def _draw_samples(rows: Rows) -> "Figure":
    figure, (axes,) = subplots(1, 1, 3.2)
    axes.bar(range(BINS), [r["samples"] or 0.0 for r in rows], color=KEPT, width=0.86)
    axes.set_xticks(range(BINS), NAMES, fontsize=8)
    axes.set_xlabel("pass rate", fontsize=9)
    axes.set_ylabel("samples a problem", fontsize=9)
    problems, total = (sum(row[n] for row in rows) for n in ("problems", "total"))
    each = f", {total / problems:.1f} each" if problems else ""
    return entitle(figure, f"{total:,} samples of {problems:,} problems{each}")


def mark_rates(axes: "Axes") -> None:
    """Mark an axis of bins with the rates 0, ½ and 1."""
    axes.set_xticks((-0.5, BINS / 2 - 0.5, BINS - 0.5), ("0", "0.5", "1"))
    axes.set_xlim(-0.6, BINS - 0.4)
