"""Marks to and from Label Studio: tasks in its JSON, with the page that labels them.

A task's `data` has `row` (the id), the problem and its answer; a mark is a choice named
`mark`, its reason a text named `note`. Both ways: what is marked here comes along as an
annotation, and what was annotated there is read back, the last annotation that was not
cancelled.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.errors import UserError
from pipeline.view.reviews import LONGEST, MARKS, Review

SHOWN = (
    "problem",
    "answer",
    "source",
    "stage",
    "reason",
    "pass_rate",
    "majority_answer",
)
CONFIG = f"""<View>
  <Header value="$row"/>
  <Text name="problem" value="$problem"/>
  <Header value="Gold answer: $answer"/>
  <Choices name="mark" toName="problem" choice="single" required="true">
{"".join(f'    <Choice value="{mark}"/>{chr(10)}' for mark in MARKS)}  </Choices>
  <TextArea name="note" toName="problem" placeholder="why" maxSubmissions="1"/>
</View>
"""


def write_tasks(
    rows: Iterable[Mapping[str, Any]], reviews: Iterable[Review]
) -> Iterator[dict[str, Any]]:
    """A task for each row, with its mark where it has one."""
    known = {review.id: review for review in reviews}
    for row in rows:
        data = {"row": row["id"], **{name: row[name] for name in SHOWN if name in row}}
        review = known.get(row["id"])
        yield {"data": data, "annotations": [_annotate(review)] if review else []}


def _annotate(review: Review) -> dict[str, Any]:
    result = [_result("mark", "choices", {"choices": [review.mark]})]
    if review.note:
        result.append(_result("note", "textarea", {"text": [review.note]}))
    return {"result": result}


def _result(name: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": name, "to_name": "problem", "type": kind, "value": value}


def read_task(number: int, task: Any) -> Review | None:
    """The mark of a task; None where nobody has annotated it.

    UserError that names a task with a mistake.
    """
    try:
        id = task["data"]["row"]
        done = [a for a in task.get("annotations", []) if not a.get("was_cancelled")]
        values = (
            {r["from_name"]: r["value"] for r in done[-1]["result"]} if done else {}
        )
        if not isinstance(id, str) or "mark" not in values:
            return None
        (mark,) = values["mark"]["choices"]
        note = "\n".join(values.get("note", {}).get("text", []))[:LONGEST]
        reviewer = str(done[-1].get("completed_by") or "")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"task {number}: it reads otherwise: {error!r}") from None
    if mark not in MARKS:
        raise UserError(f"task {number}: {mark!r} is none of {', '.join(MARKS)}")
    return Review(id, mark, note, f"label studio {reviewer}".strip())
