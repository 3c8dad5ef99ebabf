"""The parquet schema of verl: SimpleRL, Logic-RL, TinyZero, DAPO and their kin.

`data_source` decides how answers are judged: puzzles have rules of their own.
"""

import re
from typing import Any

from stages.sources import countdown
from stages.sources._fields import Row, filled, text

INSTRUCTION = re.compile(
    r"\s*(Let's think step by step and output the final answer within \\boxed\{+\}+\."
    r"|Please reason step by step, and put your final answer within \\boxed\{+\}+\."
    r"|Remember to put your answer on its own line after \"Answer:\"\.)\s*"
)
DAPO_HEAD = re.compile(
    r"^Solve the following math problem step by step\. The last line of your response "
    r"should be of the form Answer: \$?\\?Answer.*?\n\n",
    re.S,
)


def adapt(row: Row) -> Row | str:
    """{"prompt": [{"role", "content"}], "reward_model": {"ground_truth"}, …}."""
    name = text(row, "data_source")
    if name == "countdown":
        return countdown.adapt(row)
    reward = _object(row.get("reward_model"))
    if name == "kk_logic":
        return _knights(row, _object(reward.get("ground_truth")))
    problem = text(row, "question") or text(_object(row.get("extra_info")), "question")
    return {
        "problem": problem or _find_user_text(row.get("prompt")),
        "answer": text(reward, "ground_truth"),
        "domain": "math" if row.get("ability") in (None, "math", "MATH") else "general",
        "verifier": "math",
        "origin": [name] if name else [],
        "meta": filled(row, "level"),
    }


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _knights(row: Row, gold: Row) -> Row | str:
    """The statements, in Python's syntax, are not needed and never evaluated."""
    names, answer = row.get("names"), text(gold, "solution_text_format")
    if not isinstance(names, list) or answer is None:
        return "names, ground_truth.solution_text_format: expected a list and a text"
    return {
        "problem": text(row, "quiz"),
        "answer": answer,
        "domain": "puzzle",
        "verifier": "puzzle",
        "verify_info": {"task": "knights_knaves", "names": names},
        "meta": {"people": len(names)},
    }


def _find_user_text(prompt: Any) -> str | None:
    """The user's text of a chat prompt, without the instructions around it."""
    if isinstance(prompt, list):
        turns = [turn for turn in prompt if isinstance(turn, dict)]
        users = [turn for turn in turns if turn.get("role") in ("user", None)]
        prompt = users[-1].get("content") if users else None
    return strip_markup(prompt) if isinstance(prompt, str) else None


def strip_markup(content: str) -> str:
    """Take chat markup and the usual instructions off a problem."""
    if "<|im_start|>user" in content:
        content = content.split("<|im_start|>user", 1)[1].split("<|im_end|>", 1)[0]
    return INSTRUCTION.sub("\n", DAPO_HEAD.sub("", content)).strip()
