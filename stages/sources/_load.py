"""The way from what a recipe says of a source to its rows."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import ModuleType

import polars as pl

from pipeline.errors import UserError
from pipeline.filter import JudgedParts, Outcome, unjudged
from pipeline.readers import Row, Unreadable
from pipeline.schema import PROBLEM, VERDICT
from pipeline.sql import drop_unless
from stages.sources._adapt import Adapted, adapt_row, adapt_rows
from stages.sources._limit import Limit, limit_rows
from stages.sources._source import Source

SOURCES = Path(__file__).parent
JUDGED = pl.Schema({**PROBLEM, **VERDICT})


def load_adapter(name: str) -> ModuleType:
    """The file of stages/sources called `name`; UserError where there is none."""
    known = sorted(file.stem for file in SOURCES.glob("[a-z]*.py"))
    if name not in known:
        raise UserError(
            f"no adapter is called {name!r}", hint=f"try {', '.join(known)}"
        )
    return import_module(f"stages.sources.{name}")


def read_problems(
    adapter: str, columns: dict[str, str | tuple[str, ...]]
) -> Callable[[Row], str | None]:
    """What gives the text of a row's problem, None where the adapter cannot read it."""
    source, read = (
        Source(adapter=adapter, path="-", columns=columns),
        load_adapter(adapter),
    )

    def read_problem(row: Row) -> str | None:
        fields = adapt_row(row, source, read)
        return None if isinstance(fields, Unreadable) else fields["problem"]

    return read_problem


def read_source(name: str, source: Source) -> Outcome:
    """What `read_parts` gives, in memory."""
    return read_parts(name, source).outcome()


def read_parts(name: str, source: Source) -> JudgedParts:
    """The rows as PROBLEM with the ids <name>/<number>, and those that leave.

    What the file or the adapter cannot read, or has details that its verifier does not
    take, is dropped as `source_unreadable`, with the detail, its file, its number and
    how it begins as evidence. What `where` cuts and what is `over_limit` is dropped
    behind it; without `where` and `per_group`, a limit draws from the rows of the
    source, and those that it leaves out are not read. A `where`, and a limit behind it,
    may look at all rows: for these they are in memory together.
    """
    adapter = load_adapter(source.adapter)
    limit, setting = source.limit, f"collect.{name}"
    is_late = limit is not None and bool(source.where or limit.per_group)
    rows = _limit(_rows(source, adapter), None if is_late else limit)
    recorded = {field: file.read() for field, file in source.recorded.items()}
    parts = _judge(adapt_rows(rows, name, source, recorded))
    if source.where or is_late:
        parts = _cut(parts, source, setting, limit if is_late else None)
    return JudgedParts(JUDGED, parts)


def _judge(batches: Iterable[Adapted]) -> Iterator[pl.DataFrame]:
    """Each batch as JUDGED rows: its problems, and what nobody could read."""
    for problems, unreadable in batches:
        dropped = pl.DataFrame(unreadable, schema=JUDGED)
        yield pl.concat([dropped, unjudged(problems)])


def _cut(
    parts: Iterable[pl.DataFrame], source: Source, setting: str, limit: Limit | None
) -> Iterator[pl.DataFrame]:
    """All rows, with those marked that `where` or a `limit` behind it cuts."""
    rows = pl.concat([JUDGED.to_frame(), *parts])
    is_read = pl.col("reason").is_null()
    table = rows.filter(is_read)
    table = drop_unless(table, source.where, setting=f"{setting}.where")
    if limit:
        table = limit_rows(table, limit, f"{setting}.limit")
    yield from (rows.filter(~is_read), table)


def _rows(
    source: Source, adapter: ModuleType
) -> Iterator[tuple[str, Row | Unreadable]]:
    """(file, row): the rows of `source` as it stores them, in its order."""
    if source.generator is None:
        return source.rows()
    if not hasattr(adapter, "generate"):
        raise UserError(f"adapter {source.adapter} does not generate rows")
    try:
        rows: Iterator[Row] = adapter.generate(**source.generator)
    except TypeError as error:
        raise UserError(f"adapter {source.adapter}: {error}") from None
    return (("", row) for row in rows)


def _limit(
    rows: Iterator[tuple[str, Row | Unreadable]], limit: Limit | None
) -> Iterable[tuple[int, tuple[str, Row | Unreadable]]]:
    """The rows that are read, with their files and their numbers in the source."""
    numbered = enumerate(rows)
    if limit is None or limit.rows is None:
        return numbered
    if limit.how == "head":
        return islice(numbered, limit.rows)
    every = list(numbered)
    return [every[place] for place in limit.places(len(every), limit.rows)]
