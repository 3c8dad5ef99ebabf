"""From where on multiple choice numbers its options: from 0, or from 1.

A number says nothing of that by itself, and read wrongly it makes every answer another
one. So all rows are looked at: numbers that are never 0, and of which some are the
number of options, count from 1. Where no row decides, that is told.
"""

from importlib import import_module
from typing import Any, NamedTuple

from pipeline.cli.guess_answers import READABLE
from pipeline.cli.guess_completions import Name
from pipeline.readers import Row
from pipeline.rows import read_column

ADAPTER = "multiple_choice"


class Numbering(NamedTuple):
    """Columns that the adapter is told, and why; or a `doubt`, where no row decides."""

    columns: dict[str, Name]
    why: str = ""
    doubt: str = ""


def find_numbering(rows: list[Row], columns: dict[str, Name]) -> Numbering:
    """How the answers of `rows` are numbered, where nearly all are numbers.

    `columns` are those that the adapter is told besides.
    """
    places = import_module(f"stages.sources.{ADAPTER}")
    found = [
        _find_place(
            places, row | {new: read_column(row, old) for new, old in columns.items()}
        )
        for row in rows
    ]
    numbers = [each for each in found if each]
    if len(numbers) < READABLE * len(rows):
        return Numbering({})
    column = numbers[0][0]
    least = min(number for _, number, _ in numbers)
    most = max(number for _, number, _ in numbers)
    last = sum(number == count for _, number, count in numbers)
    if least == 0:
        return Numbering({})
    told = f"numbers {least} to {most}, never 0"
    if last:
        why = f"{told}, and in {last} rows that of the options: counted from 1"
        return Numbering({places.NUMBER: column}, why=why)
    doubt = (
        f"look: {column!r} has {told} nor that of the options, and is taken as counted "
        f"from 0; `columns: {{{places.NUMBER}: {column}}}` counts from 1"
    )
    return Numbering({}, doubt=doubt)


def _find_place(places: Any, row: Row) -> tuple[str, int, int] | None:
    """The column with the place of the right option, it, and how many there are."""
    options = places.find_options(row)[0]
    answer = places.find_answer(row, options) if len(options) > 1 else None
    if answer is None or not answer[2] or int(answer[1]) > len(options):
        return None
    return answer[0], int(answer[1]), len(options)
