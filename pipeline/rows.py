"""A row of a file: an object, or what is there and cannot be read; JSON in a text."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from pipeline.surrogates import is_text

Row = dict[str, Any]
EXCERPT = 500
# Tests and answers have longer numbers than the 4,300 digits that Python reads unasked.
MOST_DIGITS = 20_000
if 0 < sys.get_int_max_str_digits() < MOST_DIGITS:
    sys.set_int_max_str_digits(MOST_DIGITS)
NOT_TEXT = "not UTF-8, or half a surrogate pair"


@dataclass(frozen=True)
class Unreadable:
    """A row that is there and cannot be read; `row` counts from 0.

    `value` is what was read all the same, where it cannot be kept as it is.
    """

    row: int
    detail: str
    excerpt: str = ""
    value: Any = None


def check_row(number: int, row: Any, *, suspect: bool = True) -> Row | Unreadable:
    """A JSON row is an object; a list becomes {"row": list}, as chats are stored.

    `suspect`: the row may hold half a surrogate pair, which is no text.
    """
    if suspect and not is_text(text := json.dumps(row, ensure_ascii=False)):
        return replace(unreadable(number, NOT_TEXT, text), value=row)
    if isinstance(row, dict):
        return row
    if isinstance(row, list):
        return {"row": row}
    return unreadable(number, "expected an object", repr(row))


def read_json(text: str | bytes, otherwise: Any = None) -> Any:
    """What the text says in JSON; `otherwise` where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise


def unreadable(number: int, detail: str, text: str) -> Unreadable:
    """A row with the beginning of its text."""
    return Unreadable(number, detail, text[:EXCERPT].encode(errors="replace").decode())


def unique_names(names: Iterable[str]) -> list[str]:
    """The names of columns, each its own: the second `answer` is answer.1."""
    names = list(names)
    unique: dict[str, None] = {}
    for name in names:
        numbered = (f"{name}.{number}" for number in count(1))
        free = (each for each in numbered if each not in unique and each not in names)
        unique[name if name not in unique else next(free)] = None
    return list(unique)
