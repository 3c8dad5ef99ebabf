"""The rows of a file that is one JSON object: by name, by split, by column or by key.

An object that holds several tables, such as the splits of a data set, gives the rows
of all, each with the name of its table as `split`. A list of objects that has other
columns is told, and not read, and so are columns and rows of unequal lengths.
"""

import re
from itertools import islice
from typing import Any

from pipeline.rows import EXCERPT, Row, Unreadable, unreadable

TABLES = {
    "data", "dataset", "examples", "instances", "items", "problems", "questions",
    "records", "results", "rows", "samples",
}  # fmt: skip
SPLIT = re.compile(
    r"(?i)(train|test|valid|val|validation|dev|development|eval|evaluation)"
    r"(ing)?([\W_\d].*)?"
)
# An object with a text under one of these is a problem with lists of its own.
QUESTIONS = ("problem", "question", "prompt", "instruction", "query", "task_id")
COLUMNS_OF = 20  # rows that tell the columns of a table


def unfold(value: Row) -> list[Row | Unreadable]:
    """The rows of a file that is the object `value`; itself where it is a row."""
    if any(isinstance(value.get(name), str) for name in QUESTIONS):
        return [value]
    if any(map(_is_chat, value.values())):
        return [value]
    if tables := _find_tables(value):
        return _join(value, tables)
    parts = list(value.values())
    if _are(list, parts):
        lengths = {name: len(part) for name, part in value.items()}
        if len(set(lengths.values())) > 1:
            detail = f"columns of unequal lengths: {str(lengths)[:EXCERPT]}"
            return [unreadable(0, detail, repr(value))]
        columns = zip(*parts, strict=True)
        return [dict(zip(value, row, strict=True)) for row in columns]
    if len(parts) > 1 and _are(dict, parts) and _are_alike(parts):
        return _unfold_objects(value)
    return [value]


def _find_tables(value: Row) -> dict[str, list[Any]]:
    """The tables that `value` holds, by name; none where it is by column or by key."""
    parts = list(value.values())
    if not parts or _are_columns(parts):
        return {}
    tables = dict[str, list[Any]]()
    for name, part in value.items():
        if name.lower() in TABLES or SPLIT.fullmatch(name):
            rows = _unfold_table(part, value.get("columns"))
            tables |= {} if rows is None else {name: rows}
    if not any(tables.values()):
        lists = all(map(_has_objects, parts)) and len(parts) > 1
        first, *others = parts
        is_alike = lists and all(_share_columns(first, other) for other in others)
        return dict(value) if is_alike else {}
    known = next(filter(None, tables.values()))
    for name, part in value.items():
        if name not in tables and _has_objects(part) and _share_columns(known, part):
            tables[name] = part
    return {name: tables[name] for name in value if name in tables}


def _join(value: Row, tables: dict[str, list[Any]]) -> list[Row | Unreadable]:
    """The rows of all tables, and one that tells each list that is none of them."""
    rows: list[Row | Unreadable] = [
        row | {"split": row.get("split") or name}
        if len(tables) > 1 and isinstance(row, dict)
        else row
        for name, table in tables.items()
        for row in table
    ]
    for name, part in value.items():
        if name not in tables and _has_objects(part):
            detail = (
                f"{name!r} lists {len(part):,} objects with other columns than "
                f"{', '.join(tables)}, and is not read: give it a file of its own"
            )
            rows.append(unreadable(0, detail, repr(part[0])))
    return rows


def _unfold_table(part: Any, columns: Any) -> list[Any] | None:
    """Objects as they are, lists by the names of their columns; None for no table."""
    if isinstance(part, dict):
        objects = _are(dict, list(part.values()))
        rows = _unfold_objects(part) if objects else unfold(part)
        is_table = rows[0] is not part and not isinstance(rows[0], Unreadable)
        return rows if is_table else None
    if not isinstance(part, list):
        return None
    if not part or _has_objects(part):
        return part
    if isinstance(columns, list) and _are(list, part):
        return [_name(row, list(map(str, columns))) for row in part]
    return None


def _name(row: list[Any], columns: list[str]) -> Row | Unreadable:
    if len(row) == len(columns):
        return dict(zip(columns, row, strict=True))
    detail = f"expected {len(columns)} columns, found {len(row)}"
    return unreadable(0, detail, repr(row))


def _unfold_objects(value: dict[str, Row]) -> list[Row | Unreadable]:
    """Rows by key, or columns by the number of their row, as pandas writes them."""
    numbers = list(next(iter(value.values())))
    are_columns = all(part.keys() == set(numbers) for part in value.values())
    if are_columns and all(number.isdecimal() for number in numbers):
        return [{name: value[name][number] for name in value} for number in numbers]
    return [{"id": key, **row} for key, row in value.items()]


def _are_alike(parts: list[Row]) -> bool:
    """Whether objects have the same names, or of three and more most in common."""
    shared = set.intersection(*map(set, parts))
    most = max(map(len, parts))
    return len(shared) == most or (len(parts) > 2 and len(shared) * 2 > most)


def _are_columns(parts: list[Any]) -> bool:
    """Whether they are lists of one length, of which some hold no objects."""
    is_table = _are(list, parts) and len({len(part) for part in parts}) == 1
    return is_table and not all(map(_has_objects, parts))


def _share_columns(known: list[Any], other: list[Any]) -> bool:
    """Whether two tables have more than half of the columns of the narrower one."""
    one, two = _columns(known), _columns(other)
    return len(one & two) * 2 > min(len(one), len(two))


def _columns(table: list[Any]) -> set[str]:
    rows = islice(filter(_is_object, table), COLUMNS_OF)
    return {name for row in rows for name in row}


def _is_chat(part: Any) -> bool:
    turn = part[0] if isinstance(part, list) and part else None
    return isinstance(turn, dict) and (
        {"role", "content"} <= turn.keys() or {"from", "value"} <= turn.keys()
    )


def _has_objects(part: Any) -> bool:
    return isinstance(part, list) and any(map(_is_object, part))


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _are(kind: type, parts: list[Any]) -> bool:
    return bool(parts) and all(isinstance(part, kind) and part for part in parts)
