"""One-Shot-RLVR: verl rows, and the accuracies that training recorded for each.

The recorded file maps a row's index to its accuracy (of 8 samples) at each visit.
"""

import json
from collections.abc import Iterator
from typing import Any

from pipeline.readers import Unreadable, expand, raw_rows
from stages.sources.verl import adapt

__all__ = ["adapt", "generate"]


def generate(rows: str, accuracies: str) -> Iterator[dict[str, Any] | Unreadable]:
    """The rows of the file `rows`, each with its list out of `accuracies`."""
    recorded = json.loads(expand(accuracies).read_text())
    for number, row in enumerate(raw_rows(expand(rows))):
        if isinstance(row, Unreadable):
            yield row
        else:
            yield row | {"accuracies": recorded.get(str(number))}
