"""Any table: `columns` in params maps our names to its own, `set` adds constants.

A chat of one question and one answer is a problem and a trace.
"""

from typing import Any

from pipeline.rows import read_json
from pipeline.schema import UNNAMED
from stages.sources._fields import Row, golds, reference, text
from stages.sources._traces import read_question, read_traces


def adapt(row: Row) -> Row | str:
    """Rows with `problem` and `answer`, or with what a verifier needs instead of one.

    `verify_info` and `meta` are objects, or JSON of one; `solution`, `domain` and
    `verifier` are texts. Traces (`_traces.py`) join the solutions.
    """
    info = _object(row.get("verify_info"))
    if info is None:
        return "verify_info: expected an object, or JSON of one"
    return {
        "problem": read_question(row, "problem"),
        "answer": golds(row, "answer"),
        "domain": text(row, "domain") or "math",
        "verifier": text(row, "verifier") or "math",
        "verify_info": info,
        "solutions": [
            *reference(text(row, "solution"), UNNAMED),
            *read_traces(row, UNNAMED),
        ],
        "meta": _object(row.get("meta")) or {},
    }


def _object(value: Any) -> Row | None:
    """An object, {} for nothing at all, None for anything else."""
    if isinstance(value, str) and value.strip():
        value = read_json(value, otherwise=value)
    return value if isinstance(value, dict) else None if value else {}
