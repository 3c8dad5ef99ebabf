"""Tables of maths problems: MATH, DeepScaleR, DeepMath, Omni-MATH, LIMR, AIME, AMC.

They have the same columns under a few names; the answer may be boxed in the solution,
and the traces of models may stand beside it.
"""

from pipeline.schema import UNNAMED
from pipeline.verifiers.extract.boxes import last_box
from stages.sources._fields import Row, filled, golds, maths_problem, reference, text
from stages.sources._traces import read_question, read_traces

META = (
    "level", "type", "subject", "difficulty", "topic", "domain", "source", "year",
)  # fmt: skip


def adapt(row: Row) -> Row:
    """{"problem" | "question" | "prompt", "answer" | …, "solution", "level"?, …}."""
    solution = text(row, "solution")
    answer = golds(row, "answer", "final_answer", "ground_truth")
    by_r1 = [text(row, f"r1_solution_{number}") for number in (1, 2, 3)]
    return maths_problem(
        read_question(row, "problem", "question", "prompt"),
        answer or last_box(solution or ""),
        solutions=[
            *reference(solution),
            *(written for each in by_r1 for written in reference(each, "DeepSeek-R1")),
            *read_traces(row, UNNAMED),
        ],
        meta=filled(row, *META),
    )
