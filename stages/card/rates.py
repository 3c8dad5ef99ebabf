"""Pass rates before selection and after, of all problems, by source and by domain."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.charts import KEPT, LOST, Chart, Rows, subplots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 16  # bars between never and always solved
UNSAMPLED = 10  # the grid of rates that a source recorded without saying of how many
ACROSS = 3  # small pictures beside each other
NAME = 28  # characters of a source's name that stand above one
BAR_OF = {
    "before": (LOST, "sampled, not exported"),
    "after": (KEPT, "exported"),
}


@dataclass(frozen=True)
class Bars:
    """One bar for each number of right samples of `k`, or for `step` of them in a row.

    The first and the last bar hold what is never and what is always solved, and nothing
    else. A rate of another number of samples counts at the nearest k-th.
    """

    k: int
    step: int

    @property
    def labels(self) -> list[str]:
        """What each bar holds: 3/8, or 5–6/32."""
        starts = range(1, self.k, self.step)
        ends = [min(start + self.step, self.k) - 1 for start in starts]
        inner = [
            f"{start}/{self.k}" if start == end else f"{start}–{end}/{self.k}"
            for start, end in zip(starts, ends, strict=True)
        ]
        return [f"0/{self.k}", *inner, f"{self.k}/{self.k}"]

    def place(self, rates: pl.Series) -> pl.Series:
        """The bar of each rate, from 0."""
        right = (rates * self.k + 0.5 + 1e-9).floor().clip(1, self.k - 1)
        inner = ((right + self.step - 1) / self.step).floor()
        last = len(self.labels) - 1
        place = pl.when(rates <= 0).then(0).when(rates >= 1).then(last).otherwise(inner)
        return pl.select(place.cast(pl.Int32)).to_series()


def choose_bars(rated: pl.DataFrame) -> Bars:
    """Bars for the number of samples that most problems have, the larger of equals."""
    sampled = rated.filter(pl.col("pass_rate").is_not_null(), pl.col("n_samples") > 0)
    k = int(sampled["n_samples"].mode().max() or UNSAMPLED)  # type: ignore[arg-type]
    k = max(k, 2)  # rates in between have a bar, too
    return Bars(k, -(-k // MOST))


def rate_problems(rated: pl.DataFrame, grades: pl.DataFrame) -> pl.DataFrame:
    """id, source, domain, pass_rate, n_samples of the problems that difficulty saw.

    Where difficulty is off it has no rate, and that of the samples counts.
    """
    sampled = grades.group_by("id").agg(rate=pl.col("correct").mean(), n=pl.len())
    return rated.join(sampled, on="id", how="left", maintain_order="left").select(
        "id", "source", "domain", pl.coalesce("pass_rate", "rate"),
        pl.coalesce("n_samples", "n").fill_null(0).alias("n_samples"),
    )  # fmt: skip


def count_by_model(grades: pl.DataFrame) -> Rows:
    """What each model was sampled in each pass, in the order of their samples.

    `rate` is the mean of the problems' pass rates; a problem without a decided sample
    has none, and is neither solved `never` nor `always`.
    """
    by = ["pass", "model"]
    correct = pl.col("correct")
    problems = grades.group_by(*by, "id", maintain_order=True).agg(
        samples=pl.len(),
        right=correct.sum(),
        undecided=correct.null_count(),
        rate=correct.mean(),
    )
    counts = problems.group_by(by, maintain_order=True).agg(
        pl.col("samples", "right", "undecided").sum(),
        problems=pl.len(),
        rate=pl.col("rate").mean(),
        never=(pl.col("rate") == 0).sum(),
        always=(pl.col("rate") == 1).sum(),
    )
    return counts.with_columns(pl.col("pass").cast(pl.String).fill_null("")).to_dicts()


def pass_rates(rated: pl.DataFrame, rl: pl.DataFrame) -> Chart:
    """Problems in each bar of pass rate: sampled (`before`), exported (`after`).

    `samples` are those that the sampled problems took.
    """
    rows = _count(rated, rl, choose_bars(rated))
    return Chart(rows, (lambda _: _draw([rows], [""], "")) if _any(rows) else None)


def pass_rates_by(column: str, rated: pl.DataFrame, rl: pl.DataFrame) -> Chart:
    """The same for each value of `column`, those with most problems first.

    A picture of a single value would be the picture of all.
    """
    known = rated.drop_nulls("pass_rate").group_by(column, maintain_order=True).len()
    names = known.sort("len", descending=True, maintain_order=True)[column].to_list()
    is_in_group = [pl.col(column) == name for name in names]
    bars = choose_bars(rated)
    groups = [_count(rated.filter(own), rl.filter(own), bars) for own in is_in_group]
    rows = [
        {column: name, **row}
        for name, group in zip(names, groups, strict=True)
        for row in group
    ]
    if len(names) < 2:
        return Chart(rows)
    return Chart(rows, lambda _: _draw(groups, names, f" by {column}"))


def _any(rows: Rows) -> bool:
    return any(row["before"] for row in rows)


def _count(rated: pl.DataFrame, rl: pl.DataFrame, bars: Bars) -> Rows:
    sampled = rated.drop_nulls("pass_rate")
    # Where difficulty is off, the exported rows have no rate but that of their samples.
    own = rated.select("id", _rate="pass_rate")
    exported = rl.select("id", "pass_rate").join(own, on="id", how="left")
    rates = exported.select(pl.coalesce("pass_rate", "_rate")).to_series().drop_nulls()
    place, count = bars.place(sampled["pass_rate"]), len(bars.labels)
    before = np.bincount(place, minlength=count)
    after = np.bincount(bars.place(rates), minlength=count)
    samples = np.bincount(place, sampled["n_samples"], minlength=count)
    return [
        {
            "pass_rate": label,
            "before": int(before[number]),
            "after": int(after[number]),
            "samples": int(samples[number]),
        }
        for number, label in enumerate(bars.labels)
    ]


def _draw(groups: list[Rows], names: list[str], by: str) -> "Figure":
    """A picture for each group: its problems as sampled, over them those exported.

    Groups differ in size by orders of magnitude: they share one scale, the share of
    their own problems, and how many these are stands above.
    """
    across = min(ACROSS, len(groups))
    down = -(-len(groups) // across)
    title = f"How often the model solves a problem{by}: problems sampled → exported"
    height = 1.1 + (1.55 * down if by else 2.4)
    figure, every = subplots(title, height, down, across, sharex=True, sharey=True)
    figure.get_layout_engine().set(w_pad=0.12)  # type: ignore[union-attr, call-arg]
    for axes in every[len(groups) :]:
        axes.set_axis_off()
    for number, (axes, group, name) in enumerate(
        zip(every, groups, names, strict=False)
    ):
        total, exported = (sum(row[column] for row in group) for column in BAR_OF)
        scale = 100 / (total or 1) if by else 1
        for column, (colour, meaning) in BAR_OF.items():
            heights = [scale * row[column] for row in group]
            axes.bar(
                range(len(group)), heights, color=colour, width=0.86, label=meaning
            )
        counts = f"{total:,} → {exported:,}"
        axes.set_title(f"{_shorten(name)}\n{counts}".strip(), loc="left", fontsize=9)
        axes.tick_params(labelbottom=number + across >= len(groups))
    every[0].locator_params("y", integer=True, nbins=4)
    every[0].yaxis.set_major_formatter("{x:,.0f}")
    _label_bars(every[0], groups[0], every_bar=not by)
    figure.supylabel("% of its problems" if by else "problems", fontsize=9)
    figure.supxlabel(_unit(groups), fontsize=9)
    marks = every[0].get_legend_handles_labels()
    figure.legend(*marks, loc="outside lower right", ncols=2)
    return figure


def _shorten(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def _label_bars(axes: "Axes", rows: Rows, *, every_bar: bool) -> None:
    """The number of right samples below each bar, or below the first and the last."""
    labels = [row["pass_rate"].partition("/")[0] for row in rows]
    shown = range(len(labels)) if every_bar else (0, len(labels) // 2, len(labels) - 1)
    axes.set_xticks(list(shown), [labels[number] for number in shown])


def _unit(groups: list[Rows]) -> str:
    k = groups[0][0]["pass_rate"].partition("/")[2]
    if any(row["samples"] for group in groups for row in group):
        return f"right samples of {k}"
    return f"pass rate that the source recorded, in {k}ths"
