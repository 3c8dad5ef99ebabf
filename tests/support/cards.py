"""A published card read back: its tables, the queries below them, what these give."""

import re
from pathlib import Path
from typing import Any

import duckdb

TABLE = re.compile(r"((?:^\|.*\n)+)", re.M)
QUERY = re.compile(r"```sql\n(.*?)```", re.S)
NUMBER = re.compile(r"-?[\d,]+(\.\d+)?%?")
Row = dict[str, Any]


def read_tables(card: str) -> list[tuple[list[Row], str | None]]:
    """(rows, the query below) of each table of a page, until the next table."""
    body = card.split("---\n", 2)[2]
    parts = TABLE.split(body)[1:]
    return [
        (_rows(table), query[1] if (query := QUERY.search(after)) else None)
        for table, after in zip(parts[::2], parts[1::2], strict=True)
    ]


def _rows(table: str) -> list[Row]:
    head, _, *lines = [
        [cell.strip().strip("`") for cell in line.strip("|\n").split("|")]
        for line in table.replace("\\|", "¦").splitlines()
    ]
    return [dict(zip(head, cells, strict=True)) for cells in lines]


def numeric(rows: list[Row]) -> set[str]:
    """The columns of a table that hold numbers and nothing else."""
    return {
        name for name in rows[0] if all(NUMBER.fullmatch(row[name]) for row in rows)
    }


def recompute(folder: Path, query: str) -> list[Row]:
    """What a query gives on the parquet files of `folder`, and on nothing else."""
    located = re.sub(r"'(\w+/\*\.parquet)'", rf"'{folder}/\1'", query)
    result = duckdb.sql(located)
    return [dict(zip(result.columns, row, strict=True)) for row in result.fetchall()]


def comparable(rows: list[Row], columns: set[str]) -> list[tuple[Any, ...]]:
    """The rows with these columns, numbers as numbers, in one order."""
    return sorted(tuple(_value(row[name]) for name in sorted(columns)) for row in rows)


def _value(cell: Any) -> tuple[float, str]:
    text = str(cell)
    if NUMBER.fullmatch(text):
        return (float(text.replace(",", "").rstrip("%")), "")
    return (0.0, text)
