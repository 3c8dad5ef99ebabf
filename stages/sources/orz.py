"""Open-Reasoner-Zero: a row is a chat of two turns, the gold in the second.

In the repository's files a row is a list, on the Hub it has the columns 0 and 1.
"""

from stages.sources._fields import Row, as_text, filled, maths_problem


def adapt(row: Row) -> Row | str:
    """[{"from": "human", "value": …}, {"ground_truth": {"value", "pass_at_n"?}}]."""
    match row.get("row", [row.get("0"), row.get("1")]):
        case [{"value": problem}, {"ground_truth": {"value": answer, **gold}}, *_]:
            meta = filled(gold, "pass_at_n")
            return maths_problem(as_text(problem), as_text(answer), meta=meta)
    return "row: expected a human's turn, and an assistant's with its ground_truth"
