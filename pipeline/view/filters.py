"""Which rows an address asks for.

Filters are values of columns (`?source=gsm8k&reason=too_hard`), a range of the pass
rate (`min`, `max`) and a text (`q`). Columns are those that the table has.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from urllib.parse import urlencode

import polars as pl

from pipeline.errors import UserError
from pipeline.view.table import FACETS, TEXTS, Table

Values = Mapping[str, object]
NULL = "∅"  # chosen where a value is missing
RATE = "pass_rate"


@dataclass(frozen=True)
class Filters:
    """What an address asks for of a table."""

    table: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    q: str = ""
    low: float | None = None
    high: float | None = None
    sort: str = ""
    page: int = 0

    def address(self) -> dict[str, object]:
        """The address that holds these filters."""
        known = {
            "table": self.table, "q": self.q, "min": self.low, "max": self.high,
            "sort": self.sort, "page": self.page or "",
        }  # fmt: skip
        return {**known, **self.chosen}


def read_filters(query: Mapping[str, str], main: str) -> Filters:
    """The filters of an address; UserError where a number is none."""
    return Filters(
        query.get("table") or main,
        {name: query[name] for name in FACETS if query.get(name)},
        query.get("q", ""),
        _number(query, "min"),
        _number(query, "max"),
        query.get("sort", ""),
        int(_number(query, "page") or 0),
    )


def _number(query: Mapping[str, str], name: str) -> float | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 2**31:
        raise UserError(f"{name}={text!r}: expected a number from 0 up")
    return value


def choose(table: Table, filters: Filters, *, but: str = "") -> pl.Series | None:
    """Which rows of a table the filters leave, those of the column `but` aside.

    None where there is no filter.
    """
    masks = [
        _choose_value(table, name, value)
        for name, value in filters.chosen.items()
        if name != but
    ]
    has_bound = filters.low is not None or filters.high is not None
    if has_bound and but != RATE:
        masks.append(_choose_rates(table, filters.low, filters.high))
    if filters.q:
        masks.append(table.keep(("text", filters.q), lambda: _search(table, filters.q)))
    return reduce(and_, masks) if masks else None


def _choose_value(table: Table, name: str, value: str) -> pl.Series:
    facets = table.facets()
    check_column(name, facets.columns, table.name)
    column = facets[name]
    return (
        column.is_null() if value == NULL else (column == value).fill_null(value=False)
    )


def _choose_rates(table: Table, low: float | None, high: float | None) -> pl.Series:
    check_column(RATE, table.schema, table.name)
    rates = table.look(RATE).collect().to_series()
    low, high = (0 if low is None else low), (math.inf if high is None else high)
    return rates.is_between(low, high).fill_null(value=False)


def _search(table: Table, q: str) -> pl.Series:
    """Which rows have the text `q` in a column of texts."""
    names = [name for name in TEXTS if table.schema.get(name) == pl.String]
    if not names:
        return pl.repeat(False, table.height, dtype=pl.Boolean, eager=True)
    pattern, is_literal = read_pattern(q)
    found = (
        pl.col(names).str.contains(pattern, literal=is_literal).fill_null(value=False)
    )
    chosen = table.look(*names).select(pl.any_horizontal(found).alias("found"))
    try:
        return chosen.collect(engine="streaming").to_series()
    except pl.exceptions.ComputeError as error:
        raise UserError(f"{q}: {error}", hint="/…/ is a regular expression") from None


def read_pattern(q: str) -> tuple[str, bool]:
    """What is searched for, and whether it is so letter by letter.

    A text in small letters is looked for in any case; `/…/` is a regular expression.
    """
    if len(q) > 2 and q[0] == q[-1] == "/":
        return q[1:-1], False
    if q == q.lower():
        return f"(?i){pl.escape_regex(q)}", False
    return q, True


def find_text(text: str, q: str) -> int:
    """Where `q` is in a text; 0 where it is not."""
    pattern, is_literal = read_pattern(q)
    found = pl.Series([text]).str.find(pattern, literal=is_literal, strict=False)[0]
    return len(text.encode()[:found].decode(errors="ignore")) if found else 0


def check_column(name: str, columns: Collection[str], table: str) -> None:
    if name not in columns:
        hint = f"it has {', '.join(columns)}"
        raise UserError(f"the table {table!r} has no column {name!r}", hint=hint)


def link(path: str, values: Values | None = None, **changes: object) -> str:
    """The address `path` with `values` after `changes`; None and "" are left out."""
    both = {**(values or {}), **changes}
    query = {
        name: str(value) for name, value in both.items() if value not in (None, "")
    }
    return f"{path}?{urlencode(query)}" if query else path
