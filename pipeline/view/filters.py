"""Which rows an address asks for: filters, and the SQL that they mean.

Filters are values of columns (`?source=gsm8k&reason=too_hard`), a range of the pass
rate (`min`, `max`) and a text (`q`). Columns are those that the table has; every value
travels as a parameter, so that an address cannot say more than that.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.errors import UserError
from pipeline.view.library import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Columns of few values, in the order in which they are offered.
FACETS = (
    "stage", "reason", "source", "domain", "verifier", "level", "source_level",
    "difficulty_quantile", "meta.level", "answer_type", "benchmark", "method", "field",
    "dropped", "same_answer", "kind", "model", "pass", "correct", "finish_reason",
    "key_suspect", "references_agree", "review",
)  # fmt: skip
# What is searched, where the table has it.
TEXTS = ("id", "problem", "answer", "completion", "text", "item_text", "extracted")
META_LEVEL = "json_extract_string(try_cast(meta as json), '$.level')"
NULL = "∅"  # chosen where a value is missing


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


def describe(connection: "DuckDBPyConnection", table: str) -> dict[str, str]:
    """The columns of a table with their types; UserError where there is no such."""
    known = [row[0] for row in connection.execute("show tables").fetchall()]
    if table not in known:
        hint = f"there are {', '.join(known)}" if known else "run `dvc repro` first"
        raise UserError(f"there is no table {table!r}", hint=hint)
    described = connection.execute(f"describe {quote(table)}").fetchall()
    return {row[0]: row[1] for row in described}


def where(filters: Filters, columns: Mapping[str, str]) -> tuple[str, list[Any]]:
    """The condition of the filters as SQL, and its parameters."""
    conditions: list[str] = []
    values: list[Any] = []
    for name, value in filters.chosen.items():
        facet = as_text(name, columns, filters.table)
        conditions.append(f"{facet} is null" if value == NULL else f"{facet} = ?")
        values += [value] if value != NULL else []
    for bound, sign in ((filters.low, ">="), (filters.high, "<=")):
        if bound is not None:
            check_column("pass_rate", columns, filters.table)
            conditions.append(f"pass_rate {sign} ?")
            values.append(bound)
    if filters.q:
        searched = [quote(name) for name in TEXTS if name in columns]
        found, text = "contains({}, ?)", filters.q
        if text == text.lower():  # is looked for in any case
            found, text = "regexp_matches({}, ?, 'is')", re.escape(text)
        tests = " or ".join(found.format(name) for name in searched)
        conditions.append(f"({tests or 'false'})")
        values += [text] * len(searched)
    return " and ".join(conditions) or "true", values


def check_column(name: str, columns: Mapping[str, str], table: str) -> None:
    if name not in columns:
        hint = f"it has {', '.join(columns)}"
        raise UserError(f"the table {table!r} has no column {name!r}", hint=hint)


def as_text(name: str, columns: Mapping[str, str], table: str) -> str:
    """SQL for the column `name` of few values, as text."""
    if name == "meta.level":
        check_column("meta", columns, table)
        return META_LEVEL
    check_column(name, columns, table)
    text = quote(name)
    return text if columns[name] == "VARCHAR" else f"cast({text} as varchar)"
