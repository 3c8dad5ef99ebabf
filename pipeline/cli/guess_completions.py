"""Which columns of anyone's file hold what a model wrote, and to which problem.

A column is one of completions where its name says so and its values can be read as
texts (`pipeline/chats.py`): texts, chats, answers of a server, lists of these. Columns
that differ in a number alone (`response_1`, `response_2`) belong together.
"""

import re
from statistics import median_low
from typing import Any, NamedTuple

from pipeline.chats import read_completions, read_question
from pipeline.cli.guess_answers import READABLE, TRIED
from pipeline.cli.guess_columns import Column
from pipeline.readers import Row
from pipeline.rows import nested, read_column

Name = str | tuple[str, ...]
# Fewer recorded answers a problem say next to nothing of how hard it is.
FEW = 4
# Names of completions inside of objects that each are of one model.
WRITTEN = ("solution", "completion", "response", "generation", "output")


def listed(name: Name) -> tuple[str, ...]:
    """The columns that one name of ours stands for."""
    return (name,) if isinstance(name, str) else name


def told_columns(told: str, rows: list[Row]) -> tuple[str, ...]:
    """`a+b` names two columns, where none is called so."""
    is_one = any(nested(row, told) is not None for row in rows)
    return (told,) if is_one else tuple(told.split("+"))


class Recorded(NamedTuple):
    """The columns of completions, with how many most rows have, and what they are."""

    columns: tuple[str, ...]
    a_row: int
    why: str


def can_be_read(column: Column, rows: list[Row]) -> bool:
    """Whether nearly all values of a column hold texts of a model."""
    values = [v for row in rows[:TRIED] if (v := nested(row, column.name))]
    if "choices" in column.name.lower():  # those of a question are none
        values = [v for v in values if "message" in str(v) or "finish_reason" in str(v)]
    if column.kind in ("number", "yes or no", "list of numbers", "value"):
        return False
    read = [any(each.text for each in read_completions(value)) for value in values]
    return sum(read) >= READABLE * min(len(rows), TRIED) * column.filled > 0


def asks(chat: Column, problem: Name, rows: list[Row]) -> bool:
    """Whether a chat is the problem, or nearly always asks what stands beside it."""
    if chat.name == problem:
        return True
    asked = [_squeeze(read_question(nested(row, chat.name))) for row in rows[:TRIED]]
    posed = [_squeeze(read_column(row, problem)) for row in rows[:TRIED]]
    pairs = zip(asked, posed, strict=True)
    same = sum(bool(a and b) and (a in b or b in a) for a, b in pairs)
    return same >= READABLE * len(asked)


def _squeeze(text: object) -> str:
    return " ".join(str(text or "").split())


def find_nested(
    columns: list[Column], every: list[Column], rows: list[Row]
) -> Recorded | None:
    """Those of `columns` beside which, in one object, stands whether they are right.

    Without any, texts of one name in several objects, as in `{"small": {"solution": …},
    "large": {"solution": …}}`.
    """
    verdicts = {
        column.name.rpartition(".")[0] for column in every if _is_verdict(column)
    } - {""}
    judged = [
        c
        for c in columns
        if c.name.rpartition(".")[0] in verdicts or _are_judged(nested(rows[0], c.name))
    ]
    if judged:
        return _record(judged, "whether it is right stands beside it", rows)
    for last in WRITTEN:
        alike = [c for c in columns if c.name.endswith(f".{last}")]
        if len(alike) > 1:
            return _record(alike, f"`{last}` of several objects", rows)
    return None


def _is_verdict(column: Column) -> bool:
    is_named = "correct" in column.name.rpartition(".")[2]
    return column.kind == "yes or no" and is_named


def _are_judged(value: Any) -> bool:
    """Whether `value` is a list of objects that say whether they are right."""
    first = value[0] if isinstance(value, list) and value else None
    named = first.items() if isinstance(first, dict) else ()
    return any("correct" in k and isinstance(v, bool) for k, v in named)


def find_recorded(
    named: Column, columns: list[Column], rows: list[Row], why: str
) -> Recorded:
    """The completions of `named`, and of `columns` called so but for a number."""
    alike = [c for c in columns if _stem(c.name) == _stem(named.name)]
    alike = [c for c in alike if c.kind == named.kind]
    return _record(alike, f"{why}; {named.kind}", rows)


def _record(columns: list[Column], why: str, rows: list[Row]) -> Recorded:
    names = tuple(column.name for column in columns)
    counts = [
        sum(
            bool(each.text)
            for name in names
            for each in read_completions(nested(row, name))
        )
        for row in rows[:TRIED]
    ]
    a_row = median_low(counts)
    return Recorded(names, a_row, f"{why}, {a_row} a row")


def _stem(name: str) -> str:
    return re.sub(r"[\W_]*\d+$", "", name)
