"""What models answered: completions with their verdicts, and votes for answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.view.columns import Columns
from pipeline.view.library import quote

Row = Mapping[str, Any]
# A sample is told apart by these, of those that a table has.
KEYS = ("id", "sample", "model", "pass")
TEXTS = ("completion", "prediction")  # what a model wrote
MOST = 64  # samples of a row


@dataclass(frozen=True)
class Vote:
    """An answer with how many samples gave it, and the verdict on it."""

    answer: str | None
    correct: bool | None
    count: int


def find_graded(columns: Columns) -> str | None:
    """The table of verdicts: `grades`, else any that has verdicts on texts."""
    if "grades" in columns.library.files:
        return "grades"
    for table in columns.find_tables("correct"):
        if any(text in table.schema for text in TEXTS):
            return table.name
    return None


def read_samples(columns: Columns, id: str) -> list[Row]:
    """The first samples of a row with their verdicts and completions."""
    graded = find_graded(columns)
    if graded is None or "id" not in (table := columns.table(graded)).schema:
        return []
    rows = table.take(table.find_places([id])[:MOST], [*table.schema])
    return add_completions(columns, rows)


def add_completions(columns: Columns, graded: Sequence[Row]) -> list[Row]:
    """Verdicts with what they are on: `completion`, where some table has it."""
    if not graded or "rollouts" not in columns.library.files:
        return [{**row, "completion": _find_text(row)} for row in graded]
    table = columns.table("rollouts")
    keys = [name for name in KEYS if name in table.schema and name in graded[0]]
    places = table.find_places(sorted({row["id"] for row in graded}))
    completions = {
        tuple(row[name] for name in keys): row["completion"]
        for row in table.take(places, [*keys, "completion"])
    }
    return [
        {**row, "completion": completions.get(tuple(row[name] for name in keys))}
        for row in graded
    ]


def _find_text(row: Row) -> str | None:
    return next((row[name] for name in TEXTS if row.get(name) is not None), None)


def find_golds(columns: Columns, ids: Sequence[str]) -> dict[str, Row]:
    """The problems and gold answers of rows, by id."""
    names = ("id", "problem", "answer")
    table = columns.table(columns.library.main)
    if not ids or not {*names} <= {*table.schema}:
        return {}
    places = table.find_places(sorted(set(ids)))
    return {row["id"]: row for row in table.take(places, names)}


def count_votes(columns: Columns, ids: Sequence[str]) -> dict[str, list[Vote]]:
    """For each row the answers that samples gave, the most frequent first."""
    graded = find_graded(columns)
    wanted = {"id", "extracted", "correct"}
    if graded is None or not wanted <= {*columns.table(graded).schema}:
        return {}
    query = (
        f"select id, extracted, correct, count(*) n from {quote(graded)} "
        "where list_contains(?, id) group by all order by id, n desc, extracted"
    )
    votes: dict[str, list[Vote]] = {}
    for id, answer, correct, count in columns.query(query, [*ids]):
        votes.setdefault(id, []).append(Vote(answer, correct, count))
    return votes
