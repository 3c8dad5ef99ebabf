"""Grade-school word problems; the gold answer follows ####.

The test problems that came with recorded completions have "A:" there.
"""

from pipeline.schema import HUMAN
from stages.sources._fields import Row, maths_problem, text


def adapt(row: Row) -> Row | str:
    """{"question": "Natalia sold …", "answer": "Natalia sold 48/2 … #### 72"}."""
    worked = text(row, "answer") or ""
    marker = "####" if "####" in worked else "A:"
    solution, marked, answer = worked.rpartition(marker)
    if worked and not marked:
        return "answer: nothing follows ####"
    written = {"text": solution.strip(), "model": HUMAN, "correct": True}
    answer = answer.strip().replace(",", "")
    return maths_problem(text(row, "question"), answer, solutions=[written])
