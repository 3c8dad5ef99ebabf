"""GSM8K test problems that came with recorded completions; gold follows "A:"."""

from typing import Any


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question", "ground_truth": "… A: 18", "<model>": {"solution", …}}."""
    question, text = row.get("question"), row.get("ground_truth")
    if not isinstance(question, str) or not isinstance(text, str):
        return "question, ground_truth: expected two texts"
    _, marker, answer = text.rpartition("A:")
    if not marker:
        return "ground_truth: no A: before the gold answer"
    return {
        "problem": question,
        "answer": answer.strip().replace(",", ""),
        "domain": "math",
        "verifier": "math",
        "origin": ["gsm8k test"],
    }
