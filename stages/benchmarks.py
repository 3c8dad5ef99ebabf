"""The evaluation sets: what training data must not hold, and what models are tested on.

A known name needs nothing more: its Hub id, revision, split and schema are below.
`path` reads the same set from a local file, `generator` makes one.

Reasons: `source_unreadable`.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from pydantic import model_validator

from pipeline.filter import Outcome
from pipeline.schema import BENCHMARK, VERDICT
from pipeline.settings import Settings
from stages.sources._load import read_source
from stages.sources._source import Source

SCHEMA = BENCHMARK


def _on_hub(repo: str, revision: str, **more: str) -> dict[str, str]:
    settings = {"repo": repo, "revision": revision, "split": "test", "adapter": "math"}
    return settings | more


KNOWN = {
    "aime24": _on_hub(
        "HuggingFaceH4/aime_2024",
        "2fe88a2f1091d5048c0f36abc874fb997b3dd99a",
        split="train",
    ),
    "aime25": _on_hub("math-ai/aime25", "563bb8404243c5f09de6ec262f2db674fe5bce9b"),
    "amc23": _on_hub("math-ai/amc23", "80815d37005feb82cd7f8fbc6901d5d3eff43057"),
    "math500": _on_hub(
        "HuggingFaceH4/MATH-500", "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be"
    ),
    "gsm8k_test": _on_hub(
        "openai/gsm8k",
        "740312add88f781978c0658806c59bc2815b9866",
        config="main",
        adapter="gsm8k",
    ),
    "minerva": _on_hub(
        "math-ai/minervamath", "ee46ddc498933b1977577953250ca5c66be64f96"
    ),
    "olympiadbench": _on_hub(
        "Hothan/OlympiadBench",
        "91184b52131e7fc9455fef848035173aea8cc01a",
        config="OE_TO_maths_en_COMP",
        split="train",
        adapter="olympiadbench",
    ),
    "humaneval": _on_hub(
        "openai/openai_humaneval",
        "7dce6050a7d6d172f3cc5c32aa97f52fa1a2e544",
        adapter="humaneval",
    ),
    "mbpp": _on_hub(
        "google-research-datasets/mbpp",
        "4bb6404fdc6cacfda99d4ac4205087b89d32030c",
        config="full",
        adapter="mbpp",
    ),
    # Its Hub dataset is a program, which `datasets` does not run: its files are read.
    "livecodebench": {"adapter": "livecodebench"},
}


class Set(Source):
    """One evaluation set; what is left out of a known one comes from `KNOWN`."""

    name: str

    @model_validator(mode="before")
    @classmethod
    def _fill_in_known(cls, value: Any) -> Any:
        settings = {"name": value} if isinstance(value, str) else value
        if not isinstance(settings, dict) or settings.get("name") not in KNOWN:
            return settings
        known = KNOWN[settings["name"]]
        if settings.keys() & {"repo", "path", "paths", "generator"}:
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
