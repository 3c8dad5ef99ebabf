"""GSM8K test problems that came with recorded completions; gold follows "A:"."""

from typing import Any

from stages.sources._fields import after, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question", "ground_truth": "… A: 18", "<model>": {"solution", …}}."""
    question, solved = text(row, "question"), text(row, "ground_truth")
    if question is None or solved is None:
        return "question, ground_truth: expected two texts"
    _, answer = after("A:", solved)
    if answer is None:
        return "ground_truth: nothing follows A:"
    return {
        "problem": question,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "origin": ["gsm8k test"],
    }
