"""Rows for tests: say what matters, get the rest filled in."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.filter import Outcome
from pipeline.schema import PROBLEM
from pipeline.text import fingerprint
from stages.sources._load import read_source
from stages.sources._source import Source


def problems(*texts: str, **columns: list[Any]) -> pl.DataFrame:
    """A table of problems; `columns` override the defaults, one value per row.

    >>> problems("1+1?", "2+2?", answer=["2", "4"])
    """
    n = len(texts)
    defaults = {
        "id": [f"test/{i:05d}" for i in range(n)],
        "key": [""] * n,
        "source": ["test"] * n,
        "license": ["mit"] * n,
        "origin": [[] for _ in range(n)],
        "domain": ["math"] * n,
        "problem": list(texts),
        "answer": ["42"] * n,
        "verifier": ["math"] * n,
        "verify_info": ["{}"] * n,
        "solutions": [[] for _ in range(n)],
        "meta": ["{}"] * n,
    }
    rows = pl.DataFrame(defaults | columns, schema=PROBLEM)
    return rows.with_columns(key=fingerprint(pl.col("problem")))


def benchmark(*texts: str, name: str = "bench") -> pl.DataFrame:
    """A table of benchmark items."""
    rows = problems(*texts, id=[f"{name}/{i:05d}" for i in range(len(texts))])
    return rows.select(
        "id",
        "key",
        pl.lit(name).alias("benchmark"),
        "problem",
        "answer",
        "verifier",
        "verify_info",
    )


def collect(adapter: str, *rows: dict[str, Any]) -> Outcome:
    """What `collect` makes of a source that stores `rows`."""
    return collect_with({"adapter": adapter}, *rows)


def collect_with(options: dict[str, Any], *rows: dict[str, Any]) -> Outcome:
    """What `collect` makes of a source with these `options` that stores `rows`."""

    class Rows(Source):
        def rows(self) -> Iterator[tuple[str, dict[str, Any]]]:
            return (("anything", row) for row in rows)

    return read_source("s", Rows(path="anything", **options))
