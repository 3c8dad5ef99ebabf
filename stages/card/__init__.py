"""The data card, its plots, and nothing in them that was not counted.

The card is rendered from what the other stages wrote; the one page written by
hand is limitations.md. A number that is missing is an error, not a blank.
"""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.files import write_text
from pipeline.settings import Settings
from pipeline.shards import Shards, as_shards

OFF = "The card is off in this recipe.\n"


class Params(Settings):
    """What the data set is called, and the page's own words.

    Without `license` the head has those of the rows, and without `contact` the page
    sends people to the repository's discussions.
    """

    title: str = "Verified reasoning problems"
    repo: str = "your-org/your-dataset"
    license: str = ""
    contact: str = ""
    language: str = "en"
    tags: tuple[str, ...] = ("reasoning", "rlvr", "goldsieve")


def build(
    params: Params | None,
    out: Path,
    recipe: dict[str, Any],
    dvc: dict[str, Any],
    template: str,
    limitations: str,
    rows: Shards | pl.DataFrame,
    traces: Shards | pl.DataFrame,
    rated: Shards | pl.DataFrame,
    grades: Shards | pl.DataFrame,
    contamination: Path,
    model: dict[str, str],
    export: Path,
    dropped: Path,
) -> None:
    """Write README.md, plots/ (pictures) and numbers/ (theirs) into `out`.

    Where the card is off, no page is rendered.
    `recipe` and `dvc` are what params.yaml and dvc.yaml hold.
    """
    from pipeline.charts import write_numbers, write_pictures
    from stages.card import facts, page

    rows, traces, rated, grades = map(as_shards, (rows, traces, rated, grades))
    numbers, charts = facts.gather(
        recipe, dvc, rows, traces, rated, grades, contamination, export, dropped
    )
    numbers["model"] = model
    text = page.render(params, template, limitations, numbers) if params else OFF
    write_text(out / "README.md", text)
    write_numbers(out / "numbers", charts)
    write_pictures(out / "plots", charts)
