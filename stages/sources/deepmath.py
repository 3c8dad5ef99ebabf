"""DeepMath-103K: hard problems with a difficulty and three solutions by R1."""

from stages.sources._fields import Row, maths_problem


def adapt(row: Row) -> Row | str:
    """{"question", "final_answer", "r1_solution_1", …}; or "prompt", "ground_truth"."""
    return maths_problem(
        row,
        ("question", "prompt"),
        ("final_answer", "ground_truth"),
        solutions=("r1_solution_1", "r1_solution_2", "r1_solution_3"),
        author="DeepSeek-R1",
        meta=("difficulty", "topic"),
    )
