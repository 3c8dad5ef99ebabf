"""Open-Reasoner-Zero: a row is a chat of two turns, the gold in the second."""

from typing import Any

from stages.sources._fields import picked, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """[{"from": "human", "value": …}, {"ground_truth": {"value", "pass_at_n"?}}]."""
    turns = row.get("row")
    if not isinstance(turns, list) or len(turns) < 2:
        return "expected a list of a human and an assistant turn"
    asked, answered = turns[0], turns[1]
    if not isinstance(asked, dict) or not isinstance(answered, dict):
        return "expected turns that are objects"
    gold = answered.get("ground_truth")
    if not isinstance(gold, dict):
        return "ground_truth: expected an object"
    problem, answer = text(asked, "value"), text(gold, "value")
    if problem is None or answer is None:
        return "value, ground_truth.value: expected two texts"
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math",
        "verifier": "math",
        "meta": picked(gold, "pass_at_n"),
    }
