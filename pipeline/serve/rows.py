"""The rows of a request: what is judged, read from a body that may be hostile.

    {"rows": [{"verifier": "math", "answer": "4", "completion": "So it is 4.",
               "verify_info": {}, "problem": null, "domain": null}, …]}

`verifier` and `completion` are texts that must be there; the others may be left out or
null. `verify_info` is an object, or the JSON of one, as tables hold it. The shape is
checked here, and a mistake names the row and the field. What a row means is for its
verifier to say: an unknown verifier, or details that it cannot read, are a verdict with
a reason, as they are everywhere.
"""

import json
from typing import Any

from pipeline.grading.workers import Answer
from pipeline.serve.contract import Limits, Refused

SHOWN = 80  # characters of a name that nobody knows
KINDS = {
    bool: "true or false", dict: "an object", float: "a number", int: "a number",
    list: "a list", str: "text", type(None): "null",
}  # fmt: skip
TEXTS = {"verifier", "completion"}  # the others may be null


def read_answers(body: bytes, limits: Limits) -> list[Answer]:
    """The answers of a body, in order; Refused with 422, or 413 for too many rows."""
    rows = _read_rows(body)
    if len(rows) > limits.rows:
        raise Refused(
            413, f"rows: expected {limits.rows:,} at most, found {len(rows):,}"
        )
    return [_read_answer(f"rows[{number}]", row) for number, row in enumerate(rows)]


def _read_rows(body: bytes) -> list[Any]:
    try:
        whole = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError:
        raise Refused(422, "the body is nested too deeply") from None
    except ValueError as error:  # also bytes that are no text, and endless numbers
        raise Refused(422, f"the body is not JSON: {error}"[: 3 * SHOWN]) from None
    if not isinstance(whole, dict) or whole.keys() != {"rows"}:
        raise Refused(422, 'the body: expected an object {"rows": […]}')
    rows = whole["rows"]
    if not isinstance(rows, list):
        raise Refused(422, f"rows: expected a list, found {KINDS[type(rows)]}")
    return rows


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"it knows no {name}")


def _read_answer(where: str, row: Any) -> Answer:
    if not isinstance(row, dict):
        raise Refused(422, f"{where}: expected an object, found {KINDS[type(row)]}")
    for name in row.keys() - set(Answer._fields):
        known = ", ".join(Answer._fields)
        raise Refused(422, f"{where}: {name[:SHOWN]!a} is no field; they are {known}")
    fields: dict[str, Any] = {name: row.get(name) for name in Answer._fields}
    if isinstance(fields["verify_info"], dict):
        fields["verify_info"] = _write_info(where, fields["verify_info"])
    for name, value in fields.items():
        if isinstance(value, str) or (value is None and name not in TEXTS):
            continue
        wanted = "text" if name in TEXTS else "text or null"
        wanted = "an object, its JSON or null" if name == "verify_info" else wanted
        found = KINDS[type(value)] if name in row else "nothing"
        raise Refused(422, f"{where}.{name}: expected {wanted}, found {found}")
    return Answer(**fields)


def _write_info(where: str, info: dict[str, Any]) -> str:
    try:
        return json.dumps(info)
    except RecursionError:
        raise Refused(422, f"{where}.verify_info: nested too deeply") from None
