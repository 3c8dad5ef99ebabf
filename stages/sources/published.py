"""Rows of a set that goldsieve published, as `goldsieve pull` lays them out.

They have our own columns, so what the first reading made of them stays as it is:

    {"problem": "1+1?", "answer": "2", "verifier": "math", "verify_info": "{}",
     "solutions": [{"text": "…", "model": "human", "correct": null}], "meta": "{}", …}
"""

import json
from typing import Any

from stages.sources._fields import Row, as_text, text


def adapt(row: Row) -> Row | str:
    """The row; one that nobody could read before cannot be read now."""
    info, meta = _object(row.get("verify_info")), _object(row.get("meta"))
    if info is None or meta is None:
        return "verify_info and meta: expected JSON of an object"
    return {
        "problem": text(row, "problem"),
        "answer": text(row, "answer"),
        "domain": text(row, "domain"),
        "verifier": text(row, "verifier"),
        "verify_info": info,
        "origin": list(filter(None, map(as_text, _list(row.get("origin"))))),
        "solutions": list(filter(None, map(_solution, _list(row.get("solutions"))))),
        "meta": meta,
    }


def _solution(value: Any) -> Row | None:
    """A solution; None for what has no text."""
    if not isinstance(value, dict) or not (written := text(value, "text")):
        return None
    correct = value.get("correct")
    known = correct if isinstance(correct, bool) else None
    return {"text": written, "model": text(value, "model"), "correct": known}


def _object(value: Any) -> Row | None:
    """An object, {} for nothing at all, None for anything else."""
    try:
        value = json.loads(value or "{}")
    except (TypeError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
