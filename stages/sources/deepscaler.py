"""DeepScaleR-Preview: as published, and as its difficulty levels were re-released."""

from stages.sources._fields import Row, maths_problem


def adapt(row: Row) -> Row | str:
    """{"prompt", "answer", "source", "id"} or {"problem", "answer", "solution"}."""
    return maths_problem(row, ("problem", "prompt"), meta=("difficulty", "year"))
