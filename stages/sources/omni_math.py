"""Omni-MATH: olympiad problems with their field, difficulty and contest."""

from stages.sources._fields import Row, maths_problem


def adapt(row: Row) -> Row | str:
    """{"problem", "answer", "solution", "domain": […], "difficulty", "source"}."""
    fields = maths_problem(row, boxed_in="solution", meta=("difficulty", "source"))
    if isinstance(fields, dict) and row.get("domain") is not None:
        fields["meta"]["fields"] = row["domain"]
    return fields
