"""Which source holds the problems of which: a table, and a map of shares."""

from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import dag
from pipeline.lineage import compare_sources, dedup_stages, source_names
from stages.card.charts import INK, KEPT, WRONG, Chart, Rows, subplots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def lineage(
    chain: list[dag.Stage],
    collect: dict[str, Any],
    dropped: pl.DataFrame,
    rows: pl.DataFrame,
) -> Chart:
    """LINEAGE of the sources of a recipe, the largest shares first.

    `dropped` are the rows that left, with their `stage`, and `rows` those that did not.
    """
    finders = [stage.name for stage in dedup_stages(chain)]
    names = [stage.name for stage in chain]
    later = names[names.index(finders[0]) :] if finders else []
    columns = "id", "source", "origin"
    lost = dropped.filter(pl.col("stage").is_in(later))
    seen = pl.concat([lost.select(columns), rows.select(columns)])
    copies = dropped.filter(pl.col("stage").is_in(finders))
    order = pl.Enum([name for name in collect if name in seen["source"]])
    pairs = compare_sources(
        seen.sort(pl.col("source").cast(order), maintain_order=True),
        copies,
        source_names(collect),
    )
    pairs = pairs.sort("share", descending=True, maintain_order=True)
    pair = pl.format("{} in {}", "a", "b").alias("pair")
    return Chart(pairs.select(pair, pl.all()).to_dicts(), _draw)


def _draw(rows: Rows) -> "Figure":
    """A cell for each pair: the share of the row's problems that the column has."""
    names = sorted({row[side] for row in rows for side in "ab"})
    if not rows:
        return subplots("No two sources have a problem in common", 1.2)[0]
    title = "Problems of a source that are in another, %"
    figure, (axes,) = subplots(title, 0.35 * len(names) + 1.2)
    for row in rows:
        at = names.index(row["b"]), names.index(row["a"])
        colour, share = KEPT if row["declared"] else WRONG, row["share"]
        axes.barh(at[1], 0.94, left=at[0] - 0.47, height=0.9, color=colour, alpha=share)
        text = f"{100 * share:.1f}" if share >= 0.001 else "<0.1"
        axes.text(*at, text, ha="center", va="center", fontsize=7, color=INK)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("green: declared as upstream; orange: not declared")
    return figure
