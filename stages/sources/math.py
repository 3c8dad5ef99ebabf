"""MATH and its kin: problem, and an answer or a solution that boxes one."""

from stages.sources._fields import Row, maths_problem


def adapt(row: Row) -> Row | str:
    """{"problem", "answer" | "solution", "level"?, "type"?, "difficulty"?}."""
    meta = ("level", "type", "subject", "difficulty", "source")
    problem = ("problem", "question", "prompt")
    return maths_problem(row, problem, boxed_in="solution", meta=meta)
