"""Grade-school word problems; the gold answer follows ####."""

from typing import Any


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question": "Natalia sold …", "answer": "Natalia sold 48/2 … #### 72"}."""
    question, text = row.get("question"), row.get("answer")
    if not isinstance(question, str) or not isinstance(text, str):
        return "question, answer: expected two texts"
    solution, marker, answer = text.rpartition("####")
    if not marker:
        return "answer: no #### before the gold answer"
    return {
        "problem": question,
        "answer": answer.strip().replace(",", ""),
        "domain": "math",
        "verifier": "math",
        "solutions": [{"text": solution.strip(), "model": "human", "correct": True}],
    }
