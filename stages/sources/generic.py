"""Any table: `columns` in params maps our names to its own, `set` adds constants."""

import json
from typing import Any

from pipeline.schema import UNNAMED
from stages.sources._fields import Row, maths_problem, reference, text


def adapt(row: Row) -> Row | str:
    """Rows with `problem` and `answer`, or with what a verifier needs instead of one.

    `verify_info` and `meta` are objects, or JSON of one; `solution`, `domain` and
    `verifier` are texts.
    """
    problem, answer = text(row, "problem"), text(row, "answer")
    info, meta = _object(row.get("verify_info")), _object(row.get("meta"))
    if problem is None or (answer is None and not info):
        return maths_problem(row)
    return {
        "problem": problem,
        "answer": answer,
        "domain": text(row, "domain") or "math",
        "verifier": text(row, "verifier") or "math",
        "verify_info": info,
        "solutions": reference(text(row, "solution"), UNNAMED),
        "meta": meta,
    }


def _object(value: Any) -> Row:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}
