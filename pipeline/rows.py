"""A row of a file: an object, or what is there and cannot be read; JSON in a text."""

import json
import sys
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from math import isfinite
from typing import Any
from unicodedata import is_normalized, normalize

from pipeline.surrogates import is_text
from pipeline.text import as_text

Row = dict[str, Any]
EXCERPT = 500
# Tests and answers have longer numbers than the 4,300 digits that Python reads unasked.
MOST_DIGITS = 20_000
if 0 < sys.get_int_max_str_digits() < MOST_DIGITS:
    sys.set_int_max_str_digits(MOST_DIGITS)
NOT_TEXT = "not UTF-8, or half a surrogate pair"
MOST_DEPTH = 100  # lists and objects inside each other; polars needs seconds for more


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

    What is Unreadable gets its number. `suspect`: the row may hold half a surrogate
    pair, which is no text.
    """
    if isinstance(row, Unreadable):
        return replace(row, row=number)
    if isinstance(row, dict | list) and _is_deep(row):
        detail = f"nested more than {MOST_DEPTH} levels deep"
        return Unreadable(number, detail, value=row)
    if suspect and not is_text(text := json.dumps(row, ensure_ascii=False)):
        return replace(unreadable(number, NOT_TEXT, text), value=row)
    if isinstance(row, dict):
        return row
    if isinstance(row, list):
        return {"row": row}
    return unreadable(number, "expected an object", repr(row))


def _is_deep(row: Row | list[Any]) -> bool:
    level: list[Any] = [row]
    for _ in range(MOST_DEPTH):
        level = [
            part
            for each in level
            for part in (each.values() if isinstance(each, dict) else each)
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True


def spell(value: Any) -> str:
    """What JSON does not have, as text: bytes that are no text in base64."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return b64encode(value).decode()


def without_nan(value: Any) -> Any:
    """`value` with null for what is no number, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_nan(part) for part in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def read_json(text: str | bytes, otherwise: Any = None) -> Any:
    """What the text says in JSON; `otherwise` where it is none, or nested too deep."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return otherwise
    is_deep = isinstance(value, dict | list) and _is_deep(value)
    return otherwise if is_deep else value


def nested(row: Any, path: str, absent: Any = None) -> Any:
    """What "a.b" holds, b inside a, or "a.0", the first of a list.

    A name may have dots itself, and what lies on the way may be JSON in a text. It is
    `absent` where an object has no such name, and None where an outer one is null.
    """
    if isinstance(row, str) and row.lstrip()[:1] in ("{", "["):
        row = read_json(row)
    if isinstance(row, list):
        row = {str(number): value for number, value in enumerate(row)}
    if not isinstance(row, dict):
        return None
    names = path.split(".")
    for end in range(len(names), 0, -1):
        if (name := ".".join(names[:end])) in row:
            rest = ".".join(names[end:])
            return nested(row[name], rest, absent) if rest else row[name]
    if path.isascii():
        return absent
    # An accent may be a character of its own in one spelling of the name.
    composed = {normalize("NFC", name): value for name, value in row.items()}
    if composed.keys() == row.keys() and is_normalized("NFC", path):
        return absent
    return nested(composed, normalize("NFC", path), absent)


def read_column(row: Row, name: str | Sequence[str]) -> Any:
    """What a column holds; the texts of several ones, with a blank line between."""
    if isinstance(name, str):
        return nested(row, name)
    texts = (as_text(nested(row, each)) for each in name)
    return "\n\n".join(filter(None, texts)) or None


def unreadable(number: int, detail: str, text: str) -> Unreadable:
    """A row with the beginning of its text."""
    return Unreadable(number, detail, text[:EXCERPT].encode(errors="replace").decode())


def free_names(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """New names for those that are `taken` by ours: <name>_original, and a number."""
    every = {*names, *taken}
    new: dict[str, str] = {}
    for name in names:
        if name in taken:
            endings = chain([""], map(str, count(2)))
            options = (f"{name}_original{ending}" for ending in endings)
            new[name] = next(option for option in options if option not in every)
            every.add(new[name])
    return new


def unique_names(names: Iterable[str]) -> list[str]:
    """The names of columns, each its own: the second `answer` is answer.1."""
    names = list(names)
    unique: dict[str, None] = {}
    for name in names:
        numbered = (f"{name}.{number}" for number in count(1))
        free = (each for each in numbered if each not in unique and each not in names)
        unique[name if name not in unique else next(free)] = None
    return list(unique)
