"""DeepMath-103K: hard problems with a difficulty and three solutions by R1."""

from typing import Any

from stages.sources._fields import picked, reference, text, wanted


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question", "final_answer", "r1_solution_1", …}; or "prompt", "ground_truth"."""
    problem = text(row, "question", "prompt")
    answer = text(row, "final_answer", "ground_truth")
    if problem is None or answer is None:
        return wanted(row, problem="question", answer="final_answer")
    solutions = [text(row, f"r1_solution_{number}") for number in (1, 2, 3)]
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "solutions": [
            kept for text in solutions for kept in reference(text, "DeepSeek-R1")
        ],
        "meta": picked(row, "difficulty", "topic"),
    }
