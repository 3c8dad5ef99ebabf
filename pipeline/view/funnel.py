"""The funnel: how many rows each stage was given and let go, and for which reasons."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline import catalog, dag
from pipeline.recipe import parse_yaml
from pipeline.view.columns import Columns
from pipeline.view.library import Library, quote


@dataclass(frozen=True)
class Level:
    """A stage and what it counted."""

    stage: str
    about: str
    counts: catalog.Counts
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
    levels = []
    for stage in library.chain:
        if counts := catalog.read_counts(stage):
            entry = entries.get(stage, {})
            about = entry.get("do", entry).get("desc", "").replace(" ${key}", "")
            levels.append(Level(stage, about, counts, stage in library.files))
    return levels


def count_sources(columns: Columns) -> Iterator[Source]:
    """The sources with their rows that are still there, and those that are not."""
    query = (
        "select coalesce(source, '∅'), coalesce(any_value(license), 'n/a'), "
        "count(*) filter (reason is null), count(*) filter (reason is not null) "
        f"from {quote(columns.library.main)} group by 1 order by count(*) desc, 1"
    )
    for row in columns.query(query):
        yield Source(*row)
