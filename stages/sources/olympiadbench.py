"""OlympiadBench, open-ended maths: the gold answers are a list."""

from stages.sources._fields import Row, filled, golds, maths_problem, text


def adapt(row: Row) -> Row | str:
    """{"question", "final_answer": ["2"], "unit", "answer_type", "subfield"}."""
    question, answers = text(row, "question"), golds(row, "final_answer")
    if not isinstance(answers, list):
        found = row.get("final_answer")
        return f"final_answer: expected a list of texts, found {found!r:.120}"
    if question and (context := text(row, "context")):
        question = f"{context}\n{question}"
    return maths_problem(
        question,
        answers,
        meta=filled(row, "subfield", "answer_type", "unit"),
    )
