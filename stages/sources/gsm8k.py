"""Grade-school word problems; the gold answer follows ####."""

from typing import Any

from stages.sources._fields import after, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question": "Natalia sold …", "answer": "Natalia sold 48/2 … #### 72"}."""
    question, solved = text(row, "question"), text(row, "answer")
    if question is None or solved is None:
        return "question, answer: expected two texts"
    solution, answer = after("####", solved)
    if answer is None:
        return "answer: nothing follows ####"
    return {
        "problem": question,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "solutions": [{"text": solution, "model": "human", "correct": True}],
    }
