"""Any table: `columns` in params maps our names to its own, `set` adds constants.

A chat of one question and one answer is a problem and a trace.
"""

import json
from typing import Any

from pipeline.schema import UNNAMED
from stages.sources._fields import Row, reference, text
from stages.sources._golds import golds
from stages.sources._traces import read_question, read_traces


def adapt(row: Row) -> Row:
    """Rows with `problem` and `answer`, or with what a verifier needs instead of one.

    `verify_info` and `meta` are objects, or JSON of one; `solution`, `domain` and
    `verifier` are texts. Traces (`_traces.py`) join the solutions.
    """
    return {
        "problem": read_question(row, "problem"),
        "answer": golds(row, "answer"),
        "domain": text(row, "domain") or "math",
        "verifier": text(row, "verifier") or "math",
        "verify_info": _object(row.get("verify_info")),
        "solutions": [
            *reference(text(row, "solution"), UNNAMED),
            *read_traces(row, UNNAMED),
        ],
        "meta": _object(row.get("meta")),
    }


def _object(value: Any) -> Row:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
