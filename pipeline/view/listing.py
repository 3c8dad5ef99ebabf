"""A page of rows: what is shown of them, and how many there are of each kind."""

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from pipeline.view.filters import (
    NULL,
    RATE,
    Filters,
    check_column,
    choose,
    find_text,
    link,
)
from pipeline.view.table import FACETS, Rows, Table, all_rows

SIZE = 50  # rows of a page
CHOICES = 40  # values of a column that are offered
SHORT = 300  # characters of a text in a list
BEFORE = 80  # of them before what was searched for
MOST_BINS = 17  # pass rates that are counted each: those of 16 samples
# What a list shows of problems, and of any table that has some of it.
FIRST = ("id", "problem", "answer", "source", "stage", "reason", "pass_rate")
WHY, UNREAD = "evidence", "_unread"  # of a row that left, and what could not be read
MOST = 9  # columns of a list of other things
STYLED = {*FIRST, "fate", "text", "item_text", "completion", "correct"}


@dataclass(frozen=True)
class Facet:
    """A column's values with how many rows have each, and the one that is chosen."""

    column: str
    values: Sequence[tuple[str, int]]
    chosen: str | None


@dataclass(frozen=True)
class Bin:
    """A range of pass rates, with both of its ends, and how many rows are in it."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Counts:
    total: int
    facets: Sequence[Facet]
    rates: Sequence[Bin]


@dataclass(frozen=True)
class Page:
    """Rows of a table under filters, with how many there are in all."""

    filters: Filters
    columns: Mapping[str, pl.DataType]  # all of the table
    rows: Sequence[Mapping[str, Any]]
    counts: Counts
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
        return self.columns.get(RATE, pl.Null()).is_float()

    @property
    def is_filtered(self) -> bool:
        blank = Filters(self.filters.table)
        return replace(self.filters, sort="", page=0) != blank

    @property
    def first(self) -> int:
        return self.filters.page * self.size

    @property
    def last_page(self) -> int:
        return max(0, math.ceil(self.counts.total / self.size) - 1)

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


def count(table: Table, filters: Filters) -> Counts:
    """How many rows there are, and of each value of the columns of few values.

    A column that is filtered by shows what it has under the other filters.
    """
    chosen = choose(table, filters)
    facets = table.facets()
    names = [name for name in facets.columns if name in FACETS]
    if filters.chosen.get("meta.level") is None and "level" in names:
        names = [name for name in names if name != "meta.level"]
    counted = {}
    for name in names:
        is_free = name not in filters.chosen
        rows = chosen if is_free else choose(table, filters, but=name)
        column = facets[name] if rows is None else facets[name].filter(rows)
        values = column.value_counts().rows()
        counted[name] = [(NULL if of is None else of, n) for of, n in values]
    total = table.height if chosen is None else int(chosen.sum())
    return Counts(total, [*_offer(counted, filters)], count_rates(table, filters))


def _offer(
    counted: Mapping[str, list[tuple[str, int]]], filters: Filters
) -> Iterator[Facet]:
    """The columns by which the rows can be told apart.

    Numbers, such as levels, stand in their order, and else frequent values first.
    """
    for name, values in counted.items():
        chosen = filters.chosen.get(name)
        if chosen is not None or len(values) > 1:
            frequent = sorted(values, key=lambda pair: (-pair[1], pair[0]))[:CHOICES]
            numbers = [_read_number(of) for of, _ in frequent]
            if None not in numbers:
                frequent = [
                    each for _, each in sorted(zip(numbers, frequent, strict=True))
                ]
            yield Facet(name, frequent, chosen)


def _read_number(value: str) -> float | None:
    """A facet's value as a number, last where it is missing; None where it is none."""
    try:
        return math.inf if value == NULL else float(value)
    except ValueError:
        return None


def count_rates(table: Table, filters: Filters) -> list[Bin]:
    """How many rows have each pass rate; where there are many, in ten ranges.

    A range has both of its ends, as the filter has that it stands for.
    """
    if not table.schema.get(RATE, pl.Null()).is_float():
        return []
    rates = table.look(RATE).collect().to_series()
    if (rows := choose(table, filters, but=RATE)) is not None:
        rates = rates.filter(rows)
    rates = rates.drop_nulls().filter(rates.drop_nulls().is_between(0, 1))
    values = rates.unique().sort() if rates.n_unique() <= MOST_BINS else None
    if values is not None:
        counts = dict(rates.value_counts().rows())
        return [Bin(value, value, counts[value]) for value in values]
    edges = [(n / 10, (n + 1) / 10) for n in range(10)]
    return [Bin(*edge, int(rates.is_between(*edge).sum())) for edge in edges]


def read_page(table: Table, filters: Filters, counted: Counts) -> Page:
    """The rows of a page, their texts cut short; `counted` is of the same filters."""
    shown = choose_columns(table.schema)
    more = [WHY] if {"problem", WHY} <= {*table.schema} else []
    page = _read(table, filters, counted, [*shown, *more], SIZE)
    rows = [
        {name: _shorten(row[name], filters.q) for name in shown}
        | ({UNREAD: _read_detail(row.get(WHY))} if more else {})
        for row in page.rows
    ]
    return replace(page, rows=rows)


def _read_detail(evidence: object) -> str:
    """What was wrong with a row that could not be read: it has nothing else to show."""
    try:
        found = json.loads(evidence) if isinstance(evidence, str) else None
    except ValueError:
        return ""
    detail = found.get("detail") if isinstance(found, dict) else None
    return detail[:SHORT] if isinstance(detail, str) else ""


def read_whole(
    table: Table, filters: Filters, counted: Counts, path: str, size: int
) -> Page:
    """Whole rows, a few a page, for the list at `path`."""
    page = _read(table, filters, counted, [*table.schema], size)
    return replace(page, path=path)


def _read(
    table: Table, filters: Filters, counted: Counts, names: Sequence[str], size: int
) -> Page:
    start = filters.page * size
    places = find_places(table, filters, start, start + size)
    rows = table.take(places, names)
    return Page(filters, table.schema, rows, counted, size=size)


def find_places(table: Table, filters: Filters, start: int, stop: int) -> Rows:
    """The numbers of the rows from `start` to `stop` of a list, in its order.

    Rows that are equal in what they are sorted by stand as they do in the table.
    """
    terms = [term for term in filters.sort.split(",") if term]
    for term in terms:
        check_column(term.removeprefix("-"), table.schema, table.name)
    rows = table.find_order(terms) if terms else all_rows(table)
    if (chosen := choose(table, filters)) is not None:
        rows = rows[chosen.to_numpy()[rows]]
    return rows[start:stop]


def find_ids(table: Table, filters: Filters, at: int) -> dict[int, str]:
    """The ids of the row `at` of a list and of those beside it, by their numbers."""
    check_column("id", table.schema, table.name)
    first = max(0, at - 1)
    places = find_places(table, filters, first, at + 2)
    found = table.take(places, ["id"])
    return {first + n: row["id"] for n, row in enumerate(found)}


def choose_columns(columns: Collection[str]) -> list[str]:
    """What a list shows: what is known to matter, else the first columns."""
    if "problem" not in columns:
        return [*columns][:MOST]
    return [name for name in FIRST if name in columns]


def _shorten(value: object, q: str) -> object:
    """A value as a list shows it: of a text, the part in which `q` is found."""
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    if not isinstance(value, str):
        return value
    at = find_text(value, q) if q else 0
    start = at - BEFORE if at + BEFORE > SHORT else 0
    return f"{'… ' if start else ''}{value[start : start + SHORT]}"
