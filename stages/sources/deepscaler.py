"""DeepScaleR-Preview: as published, and as its difficulty levels were re-released."""

from typing import Any

from stages.sources._fields import picked, reference, text, wanted


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"prompt", "answer", "source", "id"} or {"problem", "answer", "solution"}."""
    problem, answer = text(row, "problem", "prompt"), text(row, "answer")
    if problem is None or answer is None:
        named = "prompt" if "prompt" in row else "problem"
        return wanted(row, problem=named, answer="answer")
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "solutions": reference(text(row, "solution")),
        "meta": picked(row, "difficulty", "year"),
    }
