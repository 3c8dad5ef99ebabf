"""OlympiadBench, open-ended maths: the gold answers are a list."""

from typing import Any

from stages.sources._fields import picked, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question", "final_answer": ["2"], "unit", "answer_type", "subfield"}."""
    question, answers = text(row, "question"), row.get("final_answer")
    if question is None or not isinstance(answers, list) or not answers:
        return "question, final_answer: expected a text and a list"
    if not all(text({"answer": answer}, "answer") for answer in answers):
        return f"final_answer: expected texts, found {answers!r:.120}"
    context = text(row, "context")
    return {
        "problem": f"{context}\n{question}" if context else question,
        "answer": ", ".join(str(answer) for answer in answers),
        "domain": "math",
        "verifier": "math",
        "meta": picked(row, "subfield", "answer_type", "unit"),
    }
