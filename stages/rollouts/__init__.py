"""Sample every problem k times, and never sample anything twice.

Finished completions are kept in a store outside DVC's outputs, in
`.cache/rollouts/` (GOLDSIEVE_CACHE moves it), keyed by what was asked and how. A
run that was killed loses the batch in flight; a run with a larger k, or over more
problems, samples what is missing. Problems with one text share their samples. Several
models may be asked in turn (`passes`).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.models import Model, resolve
from pipeline.pass_rates.window import Window
from pipeline.schema import ROLLOUT
from pipeline.shards import regroup
from stages.rollouts.ways import Pass, Way, inherit

if TYPE_CHECKING:
    from stages.rollouts.draw import Drawn

SCHEMA = ROLLOUT
SHARD = 10_000  # rows of one file of the output, at most
COLUMNS = [name for name in ROLLOUT if name != "id"]


class Params(Way):
    """How the recipe's model is sampled; or `passes`, several models in turn.

    What a pass does not set is as it stands here. Of the problems the first `limit`
    are sampled.
    """

    limit: int | None = Field(default=None, ge=1)
    passes: tuple[Pass, ...] = ()
    pass_rate_window: Window = Window()

    @model_validator(mode="before")
    @classmethod
    def _hand_down(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("passes"), list):
            return values
        common = {name: v for name, v in values.items() if name in Way.model_fields}
        common.pop("adaptive", None)
        return values | {"passes": [inherit(common, own) for own in values["passes"]]}

    @model_validator(mode="after")
    def _passes_fit(self) -> "Params":
        names = [each.name for each in self.passes]
        if len(set(names)) < len(names):
            raise ValueError(f"passes need names of their own (got {', '.join(names)})")
        if self.passes and self.adaptive:
            raise ValueError("`adaptive` belongs to a pass where there are `passes`")
        is_adaptive = any(each.adaptive for each in self.in_turn)
        if is_adaptive and not self.pass_rate_window.cuts_rates:
            raise ValueError(
                "adaptive sampling decides which rates are in `pass_rate_window`, and "
                "that holds every rate or is of counts"
            )
        return self

    @property
    def in_turn(self) -> tuple[Pass, ...]:
        """The passes; without any, one that has no name and no condition."""
        own = {name: getattr(self, name) for name in Way.model_fields}
        return self.passes or (Pass.model_construct(**own, name=""),)


def make(params: Params, rows: pl.DataFrame, model: Path) -> Iterator[pl.DataFrame]:
    """The samples of every row, in the rows' order, in tables of bounded size."""
    from stages.rollouts.passes import draw_passes

    problems = rows.unique("key", keep="first", maintain_order=True)
    problems = problems.head(params.limit or problems.height)
    _check_names(params, problems)

    def base() -> Model:
        return _find_base(model)

    drawn = draw_passes(params.in_turn, problems, params.pass_rate_window, base)
    keys = {key for each in drawn for key in each.keys}
    if rows.height and not keys:
        raise UserError(
            f"rollouts: no completion of any of {rows.height:,} problems",
            hint="recorded ones are found by the problem's text, in the column that "
            "`replay.problem` names; a pass takes what its `where` selects",
        )
    rows = rows.filter(pl.col("key").is_in(keys))
    return regroup(_join_passes(rows, drawn), rows=SHARD)


def _join_passes(rows: pl.DataFrame, drawn: "list[Drawn]") -> Iterator[pl.DataFrame]:
    """The samples of the rows, in their order, those of all passes side by side."""
    slices = [*rows.iter_slices(min(each.problems for each in drawn))]
    keys = [part["key"].to_list() for part in slices]
    of_passes = [each.read(keys) for each in drawn]
    for part, *samples in zip(slices, *of_passes, strict=True):
        tables = [table.select(COLUMNS) for table in samples]
        yield _join_rows(part, pl.concat(tables))


def _check_names(params: Params, problems: pl.DataFrame) -> None:
    for name in {each.name for each in params.passes} & set(problems.columns):
        raise UserError(
            f"rollouts: a pass is called {name!r}, as a column of the problems is",
            hint="its `where` could mean either: choose another name",
        )


def _find_base(folder: Path) -> Model:
    """The recipe's model; UserError where it is off."""
    model = resolve(folder)
    if model.is_off:
        raise UserError(
            "rollouts has no model to sample: `model` is off",
            hint="set `rollouts: off`, `engine: replay`, or the `model` of every pass",
        )
    return model


def _join_rows(rows: pl.DataFrame, samples: pl.DataFrame) -> pl.DataFrame:
    """The samples under the id of every row that asks for them."""
    return (
        rows.select("id", "key")
        .join(samples, on="key", how="inner", maintain_order="left_right")
        .select(pl.col(name).cast(dtype) for name, dtype in ROLLOUT.items())
    )
