"""MATH and its kin: problem, and an answer or a solution that boxes one."""

from typing import Any

from stages.sources._fields import boxed, picked, reference, text, wanted


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"problem", "answer" | "solution", "level"?, "type"?, "difficulty"?}."""
    problem = text(row, "problem", "question", "prompt")
    answer = text(row, "answer") or boxed(text(row, "solution") or "")
    if problem is None or answer is None:
        return wanted(row, problem="problem", answer="answer")
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "solutions": reference(text(row, "solution")),
        "meta": picked(row, "level", "type", "subject", "difficulty", "source"),
    }
