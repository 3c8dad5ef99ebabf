"""The data card, its plots, and nothing in them that was not counted.

The card is rendered from what the other stages wrote; the one page written by
hand is limitations.md. A number that is missing is an error, not a blank.
"""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.settings import Settings


class Params(Settings):
    """What the data set is called, and the page's own words."""

    title: str = "Verified reasoning problems"
    repo: str = "your-org/your-dataset"
    license: str = "other"
    language: str = "en"
    tags: tuple[str, ...] = ("reasoning", "rlvr", "goldsieve")


def build(
    params: Params | None,
    out: Path,
    recipe: dict[str, Any],
    template: str,
    limitations: str,
    rows: pl.DataFrame,
    rated: pl.DataFrame,
    fixed_k: pl.DataFrame,
    grades: pl.DataFrame,
    benchmarks: pl.DataFrame,
    model: dict[str, str],
    export: Path,
    dropped: Path,
    metrics: Path,
) -> None:
    """Write README.md and plots/ into `out`."""
    if params is None:
        params = Params()
    from stages.card import facts, page, plots

    told = facts.gather(
        recipe=recipe,
        rows=rows,
        rated=rated,
        fixed_k=fixed_k,
        grades=grades,
        benchmarks=benchmarks,
        model=model,
        export=export,
        dropped=dropped,
        metrics=metrics,
    )
    (out / "README.md").write_text(page.render(params, template, limitations, told))
    plots.write(out / "plots", told)
