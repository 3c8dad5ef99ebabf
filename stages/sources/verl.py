"""The parquet schema of verl: SimpleRL, Logic-RL, TinyZero, DAPO and their kin.

`data_source` decides how answers are judged: puzzles have rules of their own.
"""

from typing import Any

from stages.sources import countdown
from stages.sources._fields import chat, text


def adapt(row: dict[str, Any]) -> dict[str, Any] | str:
    """{"prompt": [{"role", "content"}], "reward_model": {"ground_truth"}, …}."""
    reward, extra = row.get("reward_model"), row.get("extra_info") or {}
    gold = reward.get("ground_truth") if isinstance(reward, dict) else None
    name = row.get("data_source")
    if name == "countdown":
        return countdown.adapt(row)
    if name == "kk_logic":
        return _knights(row, gold)
    problem = text(row, "question") or text(extra, "question") or chat(row["prompt"])
    answer = text({"gold": gold}, "gold")
    if not problem or answer is None:
        return "prompt, reward_model.ground_truth: expected two texts"
    meta = {"level": row["level"]} if row.get("level") is not None else {}
    if accuracies := row.get("accuracies"):
        meta["accuracies"] = accuracies
    return {
        "problem": problem,
        "answer": answer,
        "domain": "math" if row.get("ability") in (None, "math", "MATH") else "general",
        "verifier": "math",
        "origin": [name] if name else [],
        "meta": meta,
    }


def _knights(row: dict[str, Any], gold: Any) -> dict[str, Any] | str:
    quiz = text(row, "quiz")
    answer = gold.get("solution_text_format") if isinstance(gold, dict) else None
    if quiz is None or not isinstance(answer, str):
        return "quiz, ground_truth.solution_text_format: expected two texts"
    names = row.get("names") or []
    return {
        "problem": quiz,
        "answer": answer,
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "knights_knaves", "names": names},
        "meta": {"people": len(names)},
    }
