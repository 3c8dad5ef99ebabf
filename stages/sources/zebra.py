"""Zebra puzzles: houses in a row, and a table as the answer."""

import json
from typing import Any

from stages.sources._fields import filled, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"puzzle", "solution": {"header": […], "rows": [[…], …]}, "size"}."""
    puzzle, solution = text(row, "puzzle"), row.get("solution")
    if puzzle is None or not isinstance(solution, dict) or not solution.get("rows"):
        return "puzzle, solution: expected a text and a table with rows"
    return {
        "problem": puzzle,
        "answer": json.dumps(solution, ensure_ascii=False),
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "zebra", "solution": solution},
        "meta": filled(row, "size", "difficulty"),
    }
