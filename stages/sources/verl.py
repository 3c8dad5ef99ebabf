"""The parquet schema of verl: SimpleRL, Logic-RL, TinyZero, DAPO and their kin.

`data_source` decides how answers are judged: puzzles have rules of their own.
"""

from typing import Any

from stages.sources import countdown
from stages.sources._fields import chat, filled, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"prompt": [{"role", "content"}], "reward_model": {"ground_truth"}, …}."""
    name = text(row, "data_source")
    if name == "countdown":
        return countdown.adapt(row)
    reward = _object(row.get("reward_model"))
    if name == "kk_logic":
        return _knights(row, _object(reward.get("ground_truth")))
    problem = (
        text(row, "question")
        or text(_object(row.get("extra_info")), "question")
        or chat(row.get("prompt"))
    )
    answer = text(reward, "ground_truth")
    if not problem or answer is None:
        return "prompt, reward_model.ground_truth: expected two texts"
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math" if row.get("ability") in (None, "math", "MATH") else "general",
        "verifier": "math",
        "origin": [name] if name else [],
        "meta": filled(row, "level"),
    }


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _knights(row: dict[str, Any], gold: dict[str, Any]) -> dict[str, Any] | str:
    """The statements, in Python's syntax, are not needed and never evaluated."""
    quiz, answer = text(row, "quiz"), text(gold, "solution_text_format")
    if quiz is None or answer is None:
        return "quiz, ground_truth.solution_text_format: expected two texts"
    names = row.get("names")
    if not isinstance(names, list):
        return "names: expected a list"
    return {
        "problem": quiz,
        "answer": answer,
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "knights_knaves", "names": names},
        "meta": {"people": len(names)},
    }
