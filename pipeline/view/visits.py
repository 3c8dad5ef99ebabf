"""A visit: an address that was asked for, and what is known to answer it."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.view.columns import Columns
from pipeline.view.filters import Filters, link
from pipeline.view.library import Library
from pipeline.view.listing import Counts, count

Values = dict[str, Any]


@dataclass(frozen=True)
class Visit:
    """An address that was asked for: the tables and the query."""

    columns: Columns
    query: Mapping[str, str]
    remember: Callable[[Hashable, Callable[[], Any]], Any]

    @property
    def library(self) -> Library:
        return self.columns.library


Make = Callable[[Visit], Values]


def count_rows(visit: Visit, filters: Filters) -> Counts:
    """How many rows the filters leave; counted once, as long as no file changes."""
    table = visit.columns.table(filters.table)
    same = replace(filters, page=0, sort="")
    key = ("count", link("", same.address()))
    counts: Counts = visit.remember(key, lambda: count(table, filters))
    return counts
