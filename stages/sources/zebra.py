"""Zebra puzzles: houses in a row, and a table as the answer."""

import json

from stages.sources._fields import Row, filled, text


def adapt(row: Row) -> Row | str:
    """{"puzzle", "solution": {"header": […], "rows": [[…], …]}, "size"}."""
    solution = row.get("solution")
    if not isinstance(solution, dict) or not solution.get("rows"):
        return "solution: expected a table with rows"
    return {
        "problem": text(row, "puzzle"),
        "answer": json.dumps(solution, ensure_ascii=False),
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "zebra", "solution": solution},
        "meta": filled(row, "size", "difficulty"),
    }
