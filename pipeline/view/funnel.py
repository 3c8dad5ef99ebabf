"""The funnel: how many rows each stage was given and let go, and for which reasons."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline import catalog, dag
from pipeline.recipe import parse_yaml
from pipeline.view.columns import Columns
from pipeline.view.library import Library, quote


@dataclass(frozen=True)
class Level:
    """A stage with its rows; `reasons` count the dropped ones, frequent ones first."""

    stage: str
    about: str
    rows_in: int
    rows_out: int
    reasons: Sequence[tuple[str, int]]
    is_off: bool
    has_table: bool


@dataclass(frozen=True)
class Source:
    name: str
    license: str
    kept: int
    dropped: int

    @property
    def total(self) -> int:
        return self.kept + self.dropped


def read_funnel(library: Library) -> list[Level]:
    """The stages of the project that have run, in order; none for other tables."""
    if not library.is_project:
        return []
    entries = parse_yaml(dag.FILE.read_text("utf-8"))["stages"]
    return [
        _level(library, stage, entries.get(stage, {}), parts)
        for stage in library.chain
        if (parts := catalog.read_counts(stage))
    ]


def _level(
    library: Library,
    stage: str,
    entry: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
) -> Level:
    rows_in, rows_out = (
        sum(part[name] for part in parts) for name in ("rows_in", "rows_out")
    )
    reasons = sum((Counter(part["dropped"]) for part in parts), Counter[str]())
    about = entry.get("do", entry).get("desc", "")
    return Level(
        stage,
        about.replace(" ${key}", ""),
        rows_in,
        rows_out,
        sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])),
        all(part.get("off") for part in parts),
        stage in library.files,
    )


def count_sources(columns: Columns) -> Iterator[Source]:
    """The sources with their rows that are still there, and those that are not."""
    query = (
        "select coalesce(source, '∅'), coalesce(any_value(license), 'n/a'), "
        "count(*) filter (reason is null), count(*) filter (reason is not null) "
        f"from {quote(columns.library.main)} group by 1 order by count(*) desc, 1"
    )
    for row in columns.query(query):
        yield Source(*row)
