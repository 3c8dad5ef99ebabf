"""Open-Reasoner-Zero: a row is a chat of two turns, the gold in the second."""

from stages.sources._fields import Row, maths_problem


def adapt(row: Row) -> Row | str:
    """[{"from": "human", "value": …}, {"ground_truth": {"value", "pass_at_n"?}}]."""
    turns = row.get("row")
    if not isinstance(turns, list) or len(turns) < 2:
        return "expected a list of a human and an assistant turn"
    human, assistant = turns[0], turns[1]
    if not isinstance(human, dict) or not isinstance(assistant, dict):
        return "expected turns that are objects"
    gold = assistant.get("ground_truth")
    if not isinstance(gold, dict):
        return "ground_truth: expected an object"
    parts = {"value": human.get("value"), "ground_truth.value": gold.get("value")}
    return maths_problem(
        gold | parts,
        ("value",),
        ("ground_truth.value",),
        solutions=(),
        meta=("pass_at_n",),
    )
