"""Read one source as rows of PROBLEM; what cannot be read says why.

A source is a Hub dataset at a pinned revision, local files, or a generator. Its
adapter (a file in stages/sources) knows the schema. A row that the file or the
adapter cannot read is dropped with the reason `source_unreadable` and the
detail as evidence, so that rows in = rows out + rows dropped.

Reasons: `source_unreadable`.
"""

import random
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal

from pydantic import Field

from pipeline.filter import Outcome
from pipeline.readers import Row, Unreadable
from pipeline.schema import PROBLEM
from pipeline.settings import Settings
from stages.sources._load import Source, adapt_rows, source_rows

SCHEMA = PROBLEM


class Limit(Settings):
    """How many rows of a source are read: the first ones, or a random sample."""

    rows: int = Field(ge=1)
    how: Literal["head", "random"] = "head"
    seed: int = 0


class Params(Source):
    """Where the rows come from, and what the source says of all of them."""

    license: str = "unknown"
    origin: tuple[str, ...] = ()
    limit: Limit | None = None


def make(params: Params, name: str) -> Outcome:
    """All rows of the source `name`: adapted, or dropped with the reason."""
    rows = _limit(source_rows(params), params.limit)
    return adapt_rows(name, rows, params, license=params.license, origin=params.origin)


def _limit(
    rows: Iterator[Row | Unreadable], limit: Limit | None
) -> Iterable[tuple[int, Row | Unreadable]]:
    """The rows that are read, with their numbers in the source."""
    numbered = enumerate(rows)
    if limit is None or limit.how == "head":
        return islice(numbered, limit.rows if limit else None)
    every = list(numbered)
    size = min(limit.rows, len(every))
    chosen = random.Random(limit.seed).sample(range(len(every)), size)
    return [every[number] for number in sorted(chosen)]
