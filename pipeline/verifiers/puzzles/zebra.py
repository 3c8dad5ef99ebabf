"""Zebra puzzles: a table of houses, compared cell by cell.

A table is JSON with `header` and `rows`, JSON that maps houses to their attributes
(the form that ZebraLogic asks for: {"House 1": {"Name": "Ana"}}), a list of such
houses, or a table in Markdown; the last one in the text counts. Columns may stand in
any order under their names. Every house must have exactly one row: a table that lists
more combinations than there are houses solves nothing.
"""

import re
from typing import Any

from pipeline.endpoint.quoting import json_objects
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.markup import strip_markup

LONGEST = 20_000  # characters at the end of a completion in which a table is looked for
MOST_LEVELS = 4  # of objects around a table
WRAPPERS = ("solution", "answer", "table", "final_answer", "houses")
RULE = re.compile(r"[\s|:-]*-[\s|:-]*")

Row = dict[str, str]  # the cells of a house by the names of their columns
Table = dict[str, Row]  # the rows by their houses


def unreadable(answer: str, info: dict[str, Any]) -> str | None:
    """Why there is no table to compare with: no rows, or a house that has two."""
    gold = _read_gold(answer, info)
    if not gold:
        return "verify_info.solution: expected a table with a header and rows"
    if not all(gold.values()):
        return "verify_info.solution: a house has no attribute"
    return None


def verify(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """Whether the last table of the text has every cell of the solution."""
    gold = _read_gold(answer, info) or {}
    cells = sum(map(len, gold.values()))
    tables = [_last_json_table(text[-LONGEST:]), _markdown_table(text[-LONGEST:])]
    if not (rows := next(filter(None, tables), None)):
        return Verdict(False, None, "no table found", 0.0)
    table = _by_house(_name_columns(rows, gold))
    if table is None:
        return Verdict(False, None, "a house has more than one row", 0.0)
    hits = sum(
        table.get(house, {}).get(column) == cell
        for house, row in gold.items()
        for column, cell in row.items()
    )
    is_right = hits == cells and table.keys() == gold.keys()
    return Verdict(is_right, _spell(table), f"{hits} of {cells} cells", hits / cells)


def _read_gold(answer: str, info: dict[str, Any]) -> Table | None:
    solution = info.get("solution")
    rows = _rows_of(solution) if solution else _last_json_table(answer)
    return _by_house(rows) if rows else None


def _last_json_table(text: str) -> list[Row] | None:
    tables = [_rows_of(value) for value, _, _ in json_objects(text)]
    return next(filter(None, reversed(tables)), None)


def _rows_of(value: Any, levels: int = MOST_LEVELS) -> list[Row] | None:
    """The rows of a table in any of its forms as JSON; None where it is none."""
    if not isinstance(value, dict | list) or not levels:
        return None
    if isinstance(value, list):
        houses = [row for row in value if isinstance(row, dict)]
        return [_row(row) for row in houses] if len(houses) == len(value) else None
    if isinstance(value.get("rows"), list):
        return _rows_with_header(value.get("header"), value["rows"])
    for wrapper in WRAPPERS:
        if rows := _rows_of(value.get(wrapper), levels - 1):
            return rows
    if value and all(isinstance(row, dict) for row in value.values()):
        return [_row({"house": house} | row) for house, row in value.items()]
    return None


def _rows_with_header(header: Any, rows: list[Any]) -> list[Row] | None:
    """Rows by the names in `header`, or by position where there is none."""
    if any(isinstance(row, dict) for row in rows):
        return _rows_of(rows, 1)
    if not all(isinstance(row, list) for row in rows):
        return None
    width = max(map(len, rows), default=0)
    names = header if isinstance(header, list) else range(width)
    return [_row(dict(zip(map(str, names), row, strict=False))) for row in rows]


def _row(cells: dict[Any, Any]) -> Row:
    return {_fold(name): _fold(cell) for name, cell in cells.items()}


def _markdown_table(text: str) -> list[Row] | None:
    """The rows of the last table in Markdown: lines of cells under a header."""
    blocks = re.split(r"\n(?![ \t]*\|)", strip_markup(text))
    for block in reversed(blocks):
        lines = [line.strip() for line in block.splitlines() if "|" in line]
        if len(lines) > 2 and RULE.fullmatch(lines[1]):
            header, _, *rows = [line.strip("|").split("|") for line in lines]
            return [_row(dict(zip(header, row, strict=False))) for row in rows]
    return None


def _name_columns(rows: list[Row], gold: Table) -> list[Row]:
    """The rows with the solution's names of columns, where theirs are others.

    Columns of other names, or of none, take the free names in their order.
    """
    known = ["house", *next(iter(gold.values()))]
    given = list(rows[0])
    free = iter([name for name in known if name not in given])
    names = {name: name if name in known else next(free, name) for name in given}
    return [{names.get(name, name): cell for name, cell in r.items()} for r in rows]


def _by_house(rows: list[Row]) -> Table | None:
    """The rows by house, without the column of houses; None where a house has two."""
    table: Table = {}
    for row in rows:
        cells = list(row.items())
        name = "house" if "house" in row else cells[0][0] if cells else ""
        house = row.get(name, "").removeprefix("house").strip(" #:")
        if house in table:
            return None
        table[house] = {column: cell for column, cell in cells if column != name}
    return table


def _fold(value: Any) -> str:
    """A cell or a name without case, and with one space where a text has several."""
    return re.sub(r"[\s_]+", " ", str(value)).strip(" *`\"'").casefold()


def _spell(table: Table) -> str:
    return "; ".join(
        f"{house}: {', '.join(row.values())}" for house, row in table.items()
    )
