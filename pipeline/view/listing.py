"""A page of rows: what is shown of them, and how many there are of each kind."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.view.filters import (
    FACETS,
    NULL,
    Filters,
    as_text,
    check_column,
    describe,
    where,
)
from pipeline.view.library import quote
from pipeline.view.links import link

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SIZE = 50  # rows of a page
CHOICES = 40  # values of a column that are offered
SHORT = 300  # characters of a text in a list
# What a list shows of problems, and of any table that has some of it.
FIRST = ("id", "problem", "answer", "source", "stage", "reason", "pass_rate")
MOST = 9  # columns of a list of other things
STYLED = {*FIRST, "fate", "text", "item_text", "completion", "correct"}


@dataclass(frozen=True)
class Facet:
    """A column's values with how many rows have each, and the one that is chosen."""

    column: str
    values: Sequence[tuple[str, int]]
    chosen: str | None


@dataclass(frozen=True)
class Counts:
    total: int
    facets: Sequence[Facet]


@dataclass(frozen=True)
class Page:
    """Rows of a table under filters, with how many there are in all."""

    filters: Filters
    columns: Mapping[str, str]  # all of the table, with their types
    rows: Sequence[Mapping[str, Any]]
    total: int
    facets: Sequence[Facet]
    path: str = "/rows"
    size: int = SIZE

    @property
    def shown(self) -> list[str]:
        """The columns of the list; stage and reason are a row's fate."""
        shown = choose_columns(self.columns)
        if not self.has_fate:
            return shown
        others = [name for name in shown if name not in ("stage", "reason")]
        at = others.index("source") + 1 if "source" in others else len(others)
        return [*others[:at], "fate", *others[at:]]

    @property
    def has_fate(self) -> bool:
        return {"problem", "reason"} <= {*self.columns}

    @property
    def has_rate(self) -> bool:
        return self.columns.get("pass_rate") in ("DOUBLE", "FLOAT")

    @property
    def first(self) -> int:
        return self.filters.page * self.size

    @property
    def last_page(self) -> int:
        return max(0, math.ceil(self.total / self.size) - 1)

    def link(self, **changes: object) -> str:
        """The address of this page after `changes`, from its first row on."""
        return link(self.path, self.filters.address(), **{"page": None, **changes})

    def next_sort(self, column: str) -> str:
        """What a click on a column sorts by: it, its greatest first, nothing."""
        column = "reason" if column == "fate" else column
        turns = {column: f"-{column}", f"-{column}": ""}
        return turns.get(self.filters.sort, column)

    def style(self, column: str) -> str:
        return f"c-{column}" if column in STYLED else "c-any"


def count(connection: "DuckDBPyConnection", filters: Filters) -> Counts:
    """How many rows there are, and of each value of the columns of few values.

    One pass over the table counts all of them.
    """
    columns = describe(connection, filters.table)
    condition, values = where(filters, columns)
    names = [name for name in FACETS if name.split(".")[0] in columns]
    if filters.chosen.get("meta.level") is None and "level" in columns:
        names = [name for name in names if name != "meta.level"]
    facets = [as_text(name, columns, filters.table) for name in names]
    keys = [f"f{number}" for number in range(len(names))]
    selected = "".join(f", {f} as {k}" for f, k in zip(facets, keys, strict=True))
    sets = ", ".join(f"({key})" for key in ["", *keys])
    marks = "".join(f", grouping({key})" for key in keys)
    query = (
        f"select count(*){''.join(f', {key}' for key in keys)}{marks} "
        f"from (select 1{selected} from {quote(filters.table)} where {condition}) "
        f"group by grouping sets ({sets})"
    )
    total = 0
    values_of: dict[str, list[tuple[str, int]]] = {name: [] for name in names}
    for number, *cells in connection.execute(query, values).fetchall():
        grouped = cells[len(names) :]
        if all(grouped):
            total = number
            continue
        at = grouped.index(0)
        values_of[names[at]].append((NULL if cells[at] is None else cells[at], number))
    return Counts(total, [*_offer(values_of, filters)])


def _offer(
    counted: Mapping[str, list[tuple[str, int]]], filters: Filters
) -> Iterator[Facet]:
    """The columns by which the rows can be told apart, frequent values first."""
    for name, values in counted.items():
        chosen = filters.chosen.get(name)
        if chosen is not None or len(values) > 1:
            ordered = sorted(values, key=lambda pair: (-pair[1], pair[0]))
            yield Facet(name, ordered[:CHOICES], chosen)


def read_page(
    connection: "DuckDBPyConnection", filters: Filters, counted: Counts
) -> Page:
    """The rows of a page, their texts cut short; `counted` is of the same filters."""
    columns = describe(connection, filters.table)
    shown = choose_columns(columns)
    selected = [_short(columns[name], quote(name)) for name in shown]
    rows = _read(connection, filters, columns, selected, shown, SIZE)
    return Page(filters, columns, rows, counted.total, counted.facets)


def read_whole(
    connection: "DuckDBPyConnection",
    filters: Filters,
    counted: Counts,
    path: str,
    size: int,
) -> Page:
    """Whole rows, a few a page, for the list at `path`."""
    columns = describe(connection, filters.table)
    rows = _read(connection, filters, columns, map(quote, columns), [*columns], size)
    return Page(filters, columns, rows, counted.total, counted.facets, path, size)


def _read(
    connection: "DuckDBPyConnection",
    filters: Filters,
    columns: Mapping[str, str],
    selected: Iterable[str],
    names: Sequence[str],
    size: int,
) -> list[dict[str, Any]]:
    """The rows of a page. Where there is an order, ids alone are sorted."""
    condition, values = where(filters, columns)
    select = f"select {', '.join(selected)} from {quote(filters.table)} where"
    order = _order(filters, columns)
    place = f"{condition} {order}limit {size} offset {filters.page * size}"
    if order and {"id", "problem"} <= {*columns}:
        query = f"select id from {quote(filters.table)} where {place}"
        ids = [id for (id,) in connection.execute(query, values).fetchall()]
        rows = connection.execute(f"{select} list_contains(?, id)", [ids]).fetchall()
        by_id = {row[names.index("id")]: row for row in rows}
        if len(rows) == len(by_id) == len(ids):  # else some rows share an id
            return [dict(zip(names, by_id[id], strict=True)) for id in ids]
    rows = connection.execute(f"{select} {place}", values).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def find_id(
    connection: "DuckDBPyConnection", filters: Filters, number: int
) -> str | None:
    """The id of the row `number` of a list; None behind its end."""
    columns = describe(connection, filters.table)
    check_column("id", columns, filters.table)
    condition, values = where(filters, columns)
    query = (
        f"select id from {quote(filters.table)} where {condition} "
        f"{_order(filters, columns)}limit 1 offset {number}"
    )
    found = connection.execute(query, values).fetchone()
    return None if found is None else found[0]


def choose_columns(columns: Mapping[str, str]) -> list[str]:
    """What a list shows: what is known to matter, else the first columns."""
    if "problem" not in columns:
        return [*columns][:MOST]
    return [name for name in FIRST if name in columns]


def _short(dtype: str, column: str) -> str:
    """SQL for a value as a list shows it."""
    if dtype == "VARCHAR":
        return f"left({column}, {SHORT})"
    if dtype.endswith(("]", ")")):
        return f"left(cast({column} as varchar), {SHORT})"
    return column


def _order(filters: Filters, columns: Mapping[str, str]) -> str:
    """SQL for `sort`: columns, one behind a minus with its greatest first."""
    terms = []
    for term in filter(None, filters.sort.split(",")):
        name = term.removeprefix("-")
        check_column(name, columns, filters.table)
        direction = "desc" if term.startswith("-") else "asc"
        terms.append(f"{quote(name)} {direction} nulls last")
    return f"order by {', '.join(terms)} " if terms else ""
