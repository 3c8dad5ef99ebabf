"""What models answered: completions with their verdicts, and votes for answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.view.filters import describe
from pipeline.view.library import Library, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

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


def find_graded(connection: "DuckDBPyConnection", library: Library) -> str | None:
    """The table of verdicts: `grades`, else any that has verdicts on texts."""
    if "grades" in library.files:
        return "grades"
    for name in library.files:
        columns = describe(connection, name)
        if "correct" in columns and any(text in columns for text in TEXTS):
            return name
    return None


def read_samples(
    connection: "DuckDBPyConnection", library: Library, id: str
) -> list[Row]:
    """The first samples of a row with their verdicts and completions."""
    graded = find_graded(connection, library)
    if graded is None or "id" not in (columns := describe(connection, graded)):
        return []
    query = f"from {quote(graded)} where id = ? limit {MOST}"
    rows = connection.execute(query, [id]).fetchall()
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return add_completions(connection, library, named)


def add_completions(
    connection: "DuckDBPyConnection", library: Library, graded: Sequence[Row]
) -> list[Row]:
    """Verdicts with what they are on: `completion`, where some table has it."""
    if not graded or "rollouts" not in library.files:
        return [{**row, "completion": _find_text(row)} for row in graded]
    columns = describe(connection, "rollouts")
    keys = [name for name in KEYS if name in columns and name in graded[0]]
    ids = sorted({row["id"] for row in graded})
    query = (
        f"select {', '.join(map(quote, keys))}, completion from rollouts "
        "where list_contains(?, id)"
    )
    completions = {
        tuple(key): text for *key, text in connection.execute(query, [ids]).fetchall()
    }
    return [
        {**row, "completion": completions.get(tuple(row[name] for name in keys))}
        for row in graded
    ]


def _find_text(row: Row) -> str | None:
    return next((row[name] for name in TEXTS if row.get(name) is not None), None)


def find_golds(
    connection: "DuckDBPyConnection", library: Library, ids: Sequence[str]
) -> dict[str, Row]:
    """The problems and gold answers of rows, by id."""
    names = ("id", "problem", "answer")
    if not ids or not {*names} <= {*describe(connection, library.main)}:
        return {}
    query = (
        f"select id, problem, answer from {quote(library.main)} "
        "where list_contains(?, id)"
    )
    rows = connection.execute(query, [sorted(set(ids))]).fetchall()
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def count_votes(
    connection: "DuckDBPyConnection", library: Library, ids: Sequence[str]
) -> dict[str, list[Vote]]:
    """For each row the answers that samples gave, the most frequent first."""
    graded = find_graded(connection, library)
    wanted = {"id", "extracted", "correct"}
    if graded is None or not wanted <= {*describe(connection, graded)}:
        return {}
    query = (
        f"select id, extracted, correct, count(*) n from {quote(graded)} "
        "where list_contains(?, id) group by all order by id, n desc, extracted"
    )
    votes: dict[str, list[Vote]] = {}
    for id, answer, correct, count in connection.execute(query, [[*ids]]).fetchall():
        votes.setdefault(id, []).append(Vote(answer, correct, count))
    return votes
