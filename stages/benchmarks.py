"""The evaluation sets: what training data must not hold, and what models are tested on.

A known name needs nothing more: its Hub id, revision, split and schema are in
benchmarks.toml.
`path` reads the same set from a local file, `generator` makes one.

Reasons: `source_unreadable`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import model_validator

from pipeline.filter import Outcome
from pipeline.schema import BENCHMARK, VERDICT
from pipeline.settings import Settings
from stages.sources._load import read_source
from stages.sources._source import Source

SCHEMA = BENCHMARK


KNOWN: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text("utf-8")
)


class Set(Source):
    """One evaluation set; of a known one nothing else has to be said."""

    name: str

    @model_validator(mode="before")
    @classmethod
    def _fill_in_known(cls, value: Any) -> Any:
        settings = {"name": value} if isinstance(value, str) else value
        if isinstance(value, str) and value not in KNOWN:
            names = ", ".join(KNOWN)
            raise ValueError(f"no benchmark of this name is known; these are: {names}")
        if not isinstance(settings, dict) or settings.get("name") not in KNOWN:
            return settings
        known = KNOWN[settings["name"]]
        if settings.keys() & {*cls.KINDS}:
            return {"adapter": known["adapter"]} | settings
        if "repo" not in known:
            raise ValueError(f"{settings['name']} needs `path`: its files, downloaded")
        return known | settings


class Params(Settings):
    """The sets, in order; a plain name stands for a known set."""

    sets: tuple[Set, ...] = ()

    @model_validator(mode="after")
    def _refuse_equal_names(self) -> "Params":
        names = [each.name for each in self.sets]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two sets have the name {sorted(twice)[0]!r}")
        return self


def make(params: Params) -> Outcome:
    """All items of all sets; ids are <set>/<row>."""
    outcomes = [read_source(each.name, each) for each in params.sets]
    return Outcome(
        _items([outcome.kept for outcome in outcomes], BENCHMARK),
        _items([outcome.dropped for outcome in outcomes], {**BENCHMARK, **VERDICT}),
    )


def _items(tables: list[pl.DataFrame], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of PROBLEM with the columns of `schema`; their source is the benchmark."""
    empty = pl.DataFrame(schema=pl.Schema(schema))
    items = [table.rename({"source": "benchmark"}) for table in tables]
    return pl.concat([empty, *(item.select(empty.columns) for item in items)])
