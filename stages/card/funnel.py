"""The funnel: rows after each stage, and why the others left."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import dag
from pipeline.charts import KEPT, LOST, Chart, Rows, draw_bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = ["id", "source", "origin", "reason", "twin", "score", "evidence"]


def read_dropped(
    folder: Path, chain: list[dag.Stage], recipe: dict[str, Any]
) -> pl.DataFrame:
    """Every dropped row of this recipe with its `stage`, in the order of stages."""
    parts = []
    for stage in chain:
        files = [folder / f"{stage.name}.parquet"]
        if (entries := folder / stage.name).is_dir():
            # It ran once an entry of its section; other files are of older recipes.
            files = [entries / f"{entry}.parquet" for entry in recipe[stage.name]]
        tables = [pl.read_parquet(file, columns=COLUMNS) for file in files]
        parts += [table.with_columns(stage=pl.lit(stage.name)) for table in tables]
    return pl.concat(parts)


def funnel(
    chain: list[dag.Stage], recipe: dict[str, Any], dropped: pl.DataFrame, left: int
) -> Chart:
    """Rows in and out of each stage, counted back from the rows that are `left`."""
    counts = dict(dropped["stage"].value_counts().iter_rows())
    rows: Rows = []
    for stage in reversed(chain):
        before = left + counts.get(stage.name, 0)
        off = dag.is_off(recipe, stage.name)
        rows.append({"stage": stage.name, "rows_in": before, "rows": left, "off": off})
        left = before
    return Chart(rows[::-1], _draw if before else None)


def _draw(rows: Rows) -> "Figure":
    def label(row: dict[str, Any]) -> str:
        lost = row["rows_in"] - row["rows"]
        return f"{row['rows']:,}" + (f"   −{lost:,}" if lost else "")

    return draw_bars(
        [row | {"stage": row["stage"] + " (off)" * row["off"]} for row in rows],
        "stage",
        {"rows_in": (LOST, "dropped by the stage"), "rows": (KEPT, "kept")},
        label,
        title="Rows kept after each stage",
        unit="rows",
    )


def reasons(dropped: pl.DataFrame) -> Chart:
    """Rows of each stage, reason and source, with one id as an example."""
    groups = dropped.group_by("stage", "reason", "source", maintain_order=True).agg(
        rows=pl.len(), example=pl.col("id").min()
    )
    order = pl.Enum(groups["stage"].unique(maintain_order=True))
    groups = groups.sort(
        [pl.col("stage").cast(order), "reason", "rows", "source"],
        descending=[False, False, True, False],
    )
    return Chart(groups.to_dicts())
