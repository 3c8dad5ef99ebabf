"""Omni-MATH: olympiad problems with their field, difficulty and contest."""

from typing import Any

from stages.sources._fields import boxed, picked, reference, text, wanted


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"problem", "answer", "solution", "domain": […], "difficulty", "source"}."""
    problem, solution = text(row, "problem"), text(row, "solution")
    answer = text(row, "answer") or boxed(solution or "")
    if problem is None or answer is None:
        return wanted(row, problem="problem", answer="answer")
    fields = picked(row, "domain")
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "solutions": reference(solution),
        "meta": picked(row, "difficulty", "source")
        | ({"fields": fields["domain"]} if fields else {}),
    }
