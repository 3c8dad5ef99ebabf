"""Marks to and from Argilla: records as its `records.to_json` writes them.

A record's `id` is the row's, its fields are the problem and the answer. What is marked
here goes along as a suggestion for the questions `mark` and `note`, since a response is
of a user whom only the Argilla server knows; the responses that people gave there are
read back, of each record the last.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.errors import UserError
from pipeline.view.label_studio import SHOWN
from pipeline.view.reviews import LONGEST, MARKS, Review

FIELDS = ("problem", "answer")


def write_records(
    rows: Iterable[Mapping[str, Any]], reviews: Iterable[Review]
) -> Iterator[dict[str, Any]]:
    """A record for each row, with its mark where it has one."""
    known = {review.id: review for review in reviews}
    for row in rows:
        review = known.get(row["id"])
        facts = {name: row.get(name) for name in SHOWN if name not in FIELDS}
        yield {
            "id": row["id"],
            "fields": {name: row[name] or "" for name in FIELDS if name in row},
            "metadata": {name: of for name, of in facts.items() if of is not None},
            "suggestions": _suggest(review) if review else {},
            "responses": {},
            "vectors": {},
            "status": "pending",
        }


def _suggest(review: Review) -> dict[str, Any]:
    values = {"mark": review.mark, "note": review.note}
    agent = review.reviewer or None
    return {
        name: {"value": value, "score": None, "agent": agent}
        for name, value in values.items()
        if value
    }


def read_record(number: int, record: Any) -> Review | None:
    """The mark of a record; None where nobody has given one.

    UserError that names a record with a mistake.
    """
    try:
        id, responses = record["id"], record.get("responses") or {}
        if not isinstance(id, str) or not responses.get("mark"):
            return None
        given = responses["mark"][-1]
        mark, user = given["value"], given.get("user_id")
        notes = [
            note["value"]
            for note in responses.get("note") or []
            if note.get("user_id") == user
        ]
        note = str(notes[-1])[:LONGEST] if notes else ""
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"record {number}: it reads otherwise: {error!r}") from None
    if mark not in MARKS:
        raise UserError(f"record {number}: {mark!r} is none of {', '.join(MARKS)}")
    return Review(id, mark, note, f"argilla {user or ''}".strip())
