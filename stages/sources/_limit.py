"""Which rows of a source count, where a recipe wants no more than so many.

`head` takes the first ones and `random` draws a sample, both in the order of the
source. `shuffle` is what Hugging Face's `datasets` makes of `shuffle(seed)`, in that
order: published subsets that were drawn so come out row for row.
"""

import random
from typing import Literal

import polars as pl
from pydantic import Field, model_validator

from pipeline.filter import drop
from pipeline.settings import Settings
from pipeline.sql import Expression, evaluate


class Draw(Settings):
    """How rows are drawn; the same ones in every run."""

    how: Literal["head", "random", "shuffle"] = "head"
    seed: int = 0

    def places(self, count: int, rows: int) -> list[int]:
        """The places of `rows` rows among `count`, in the order they shall have."""
        rows = min(rows, count)
        if self.how == "random":
            return sorted(random.Random(self.seed).sample(range(count), rows))
        if self.how == "shuffle":
            import numpy as np

            shuffled = np.random.default_rng(self.seed).permutation(count)
            return [int(place) for place in shuffled[:rows]]
        return list(range(rows))


class PerGroup(Draw):
    """So many rows of each group: of those that agree in `by`, an SQL expression."""

    by: Expression
    rows: int = Field(ge=1)


class Limit(Draw):
    """How many rows of a source count, in all, of each group, or both."""

    rows: int | None = Field(default=None, ge=1)
    per_group: PerGroup | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> "Limit":
        if self.rows is None and self.per_group is None:
            raise ValueError("give `rows`, `per_group` or both")
        return self


def limit_rows(rows: pl.DataFrame, limit: Limit, setting: str) -> pl.DataFrame:
    """Judged `rows` with all but the drawn ones dropped as `over_limit`.

    Only rows without a verdict are drawn from. The drawn ones stand first.
    """
    places = rows["reason"].is_null().arg_true()
    if limit.per_group:
        places = _draw_from_groups(rows[places], places, limit.per_group, setting)
    if limit.rows is not None:
        places = places[limit.places(len(places), limit.rows)]
    rows = rows.with_row_index("_place")
    rows = drop(rows, ~pl.col("_place").is_in(places.implode()), "over_limit")
    first = rows[places]
    return pl.concat([first, rows.filter(pl.col("reason").is_not_null())]).drop(
        "_place"
    )


def _draw_from_groups(
    rows: pl.DataFrame, places: pl.Series, group: PerGroup, setting: str
) -> pl.Series:
    """The `places` of the drawn rows, in the order of the source."""
    values = evaluate(rows, [group.by], setting=f"{setting}.per_group.by")
    members = values.select(place=places, group=values.to_series())
    by_group = members.group_by("group", maintain_order=True).agg("place")["place"]
    drawn = [its[group.places(len(its), group.rows)] for its in by_group]
    return pl.concat(drawn).sort() if drawn else places
