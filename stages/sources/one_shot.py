"""One-Shot-RLVR: verl rows, and the accuracies that training recorded for each.

The recorded file maps a row's index to its accuracy (of 8 samples) at each visit.
"""

from collections.abc import Iterator
from typing import Any

from pipeline.errors import UserError
from pipeline.readers import Unreadable, expand, raw_rows
from stages.sources import verl


def generate(rows: str, accuracies: str) -> Iterator[dict[str, Any] | Unreadable]:
    """The rows of the file `rows`, each with its list out of `accuracies`."""
    recorded = next(raw_rows(expand(accuracies)))
    if isinstance(recorded, Unreadable):
        raise UserError(f"{accuracies}: {recorded.detail}")
    for number, row in enumerate(raw_rows(expand(rows))):
        if isinstance(row, Unreadable):
            yield row
        else:
            yield row | {"accuracies": recorded.get(str(number))}


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    read = verl.adapt(row)
    if isinstance(read, dict) and row.get("accuracies"):
        read["meta"] = read.get("meta", {}) | {"accuracies": row["accuracies"]}
    return read
