"""OlympiadBench, open-ended maths: the gold answers are a list."""

from stages.sources._fields import Row, maths_problem, text


def adapt(row: Row) -> Row | str:
    """{"question", "final_answer": ["2"], "unit", "answer_type", "subfield"}."""
    question, answers = text(row, "question"), row.get("final_answer")
    if question is None or not isinstance(answers, list) or not answers:
        return "question, final_answer: expected a text and a list"
    if not all(text({"answer": answer}, "answer") for answer in answers):
        return f"final_answer: expected texts, found {answers!r:.120}"
    context = text(row, "context")
    return maths_problem(
        row
        | {
            "question": f"{context}\n{question}" if context else question,
            "final_answer": ", ".join(str(answer) for answer in answers),
        },
        ("question",),
        ("final_answer",),
        solutions=(),
        meta=("subfield", "answer_type", "unit"),
    )
