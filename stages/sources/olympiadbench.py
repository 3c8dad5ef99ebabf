"""OlympiadBench, open-ended maths: the gold answers are a list."""

from typing import Any

from stages.sources._fields import text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"question", "final_answer": ["2"], "unit", "answer_type", "subfield"}."""
    question, answers = text(row, "question"), row.get("final_answer")
    if question is None or not isinstance(answers, list) or not answers:
        return "question, final_answer: expected a text and a list"
    context = text(row, "context")
    return {
        "problem": f"{context}\n{question}" if context else question,
        "answer": ", ".join(str(answer) for answer in answers),
        "domain": "math",
        "verifier": "math",
        "meta": {n: row[n] for n in ("subfield", "answer_type", "unit") if row.get(n)},
    }
