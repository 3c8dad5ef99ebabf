"""Grade-school word problems; the gold answer follows ####."""

from pipeline.schema import HUMAN
from stages.sources._fields import Row, maths_problem, split_answer, text


def adapt(row: Row) -> Row | str:
    """{"question": "Natalia sold …", "answer": "Natalia sold 48/2 … #### 72"}."""
    solution, answer = split_answer("####", text(row, "answer") or "")
    if text(row, "answer") and answer is None:
        return "answer: nothing follows ####"
    fields = maths_problem(row | {"answer": answer}, ("question",))
    if isinstance(fields, dict):
        fields["solutions"] = [{"text": solution, "model": HUMAN, "correct": True}]
    return fields
