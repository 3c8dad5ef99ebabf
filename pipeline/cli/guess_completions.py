"""Which columns of anyone's file hold what a model wrote, and to which problem.

A column is one of completions where its name says so and its values can be read as
texts (`pipeline/chats.py`): texts, chats, answers of a server, lists of these. Columns
that differ in a number alone (`response_1`, `response_2`) belong together.
"""

import re
from statistics import median_low
from typing import NamedTuple

from pipeline.chats import read_completions
from pipeline.cli.guess_answers import READABLE, TRIED
from pipeline.cli.guess_columns import Column
from pipeline.readers import Row, nested

Name = str | tuple[str, ...]
# Fewer recorded answers a problem say next to nothing of how hard it is.
FEW = 4


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


def find_judged(
    columns: list[Column], every: list[Column], rows: list[Row]
) -> Recorded | None:
    """Those of `columns` beside which, in one object, stands whether they are right."""
    verdicts = {
        column.name.rpartition(".")[0]
        for column in every
        if column.kind == "yes or no" and "correct" in column.name.rpartition(".")[2]
    } - {""}
    names = tuple(c.name for c in columns if c.name.rpartition(".")[0] in verdicts)
    why = f"whether it is right stands beside it; {len(names)} a row"
    return Recorded(names, len(names), why) if names else None


def find_recorded(named: Column, columns: list[Column], rows: list[Row]) -> Recorded:
    """The completions of `named`, and of `columns` called so but for a number."""
    alike = [c for c in columns if _stem(c.name) == _stem(named.name)]
    names = tuple(c.name for c in alike if c.kind == named.kind)
    counts = [
        sum(
            bool(each.text)
            for name in names
            for each in read_completions(nested(row, name))
        )
        for row in rows[:TRIED]
    ]
    a_row = median_low(counts)
    return Recorded(names, a_row, f"by its name; {named.kind}, {a_row} a row")


def _stem(name: str) -> str:
    return re.sub(r"[\W_]*\d+$", "", name)
