"""Which source holds the problems of which: a table, and a map of shares."""

from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import dag
from pipeline.charts import INK, KEPT, WRONG, Chart, Rows, subplots
from pipeline.lineage import compare_sources, dedup_stages, source_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = 10  # sources up to which a cell has room for a number with its sign


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
    found = pairs.select(pair, pl.all()).to_dicts()
    return Chart(found, _draw if found else None)


def _draw(rows: Rows) -> "Figure":
    """A cell for each pair: the share of the row's problems that the column has."""
    names = sorted({row[side] for row in rows for side in "ab"})
    title = "Which source holds the problems of which"
    figure, (axes,) = subplots(title, 0.35 * len(names) + 1.8)
    for row in rows:
        at = names.index(row["b"]), names.index(row["a"])
        colour, share = KEPT if row["declared"] else WRONG, row["share"]
        left, alpha = at[0] - 0.47, 0.08 + 0.92 * share
        axes.barh(at[1], 0.94, left=left, height=0.9, color=colour, alpha=alpha)
        text = write_share(share, is_narrow=len(names) > WIDE)
        axes.text(*at, text, ha="center", va="center", fontsize=7, color=INK)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    turn = 90 if len(names) > WIDE else 30
    axes.set_xticks(range(len(names)), names, rotation=turn, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylabel("% of the problems of …")
    axes.set_xlabel("… are in this source too")
    for colour, meaning in ((KEPT, "declared as upstream"), (WRONG, "not declared")):
        axes.barh(0, 0, color=colour, label=meaning)
    figure.legend(loc="upper right", ncols=2)
    return figure


def write_share(share: float, *, is_narrow: bool) -> str:
    """A share in %; in narrow cells without the sign, and whole from ten on."""
    if share < 0.001:
        return "<.1" if is_narrow else "<0.1%"
    if is_narrow:
        return f"{100 * share:.{0 if share >= 0.095 else 1}f}"
    return f"{100 * share:.1f}%"
