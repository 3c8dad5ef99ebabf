"""The parquet schema of verl: SimpleRL, Skywork-OR1, GURU, Eurus-2, DAPO and their kin.

`data_source` and `ability` decide how answers are judged: puzzles have rules of their
own, and programs their tests, which stand in the place of the answer.
"""

import re
from typing import Any

from pipeline.rows import read_json
from stages.sources import countdown
from stages.sources._fields import Row, code_problem, filled, golds, text
from stages.sources._tests import count_tests, read_tests

CODE = ("code", "codegen", "coding")
MATHS = (None, "math", "MATH")

INSTRUCTION = re.compile(
    r"\s*(Let's think step by step and output the final answer within \\boxed\{+\}+\."
    r"|Please reason step by step, and put your final answer within \\boxed\{+\}+\."
    r"|Remember to put your answer on its own line after \"Answer:\"\."
    r"|Present the answer in LaTex format: \\boxed\{Your answer\}"
    r"|Please output the final answer within \\boxed\{\}\."
    r"|Write Python code to solve the problem\. Present the code in\s+```python\s+"
    r"Your code\s+```\s+at the end\.)\s*"
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
    extra = _object(row.get("extra_info"))
    problem = text(row, "question") or text(extra, "question")
    problem = problem or _find_user_text(row.get("prompt") or row.get("raw_prompt"))
    meta = filled(row, "level")
    origin = [name] if name else []
    if text(row, "ability") in CODE:
        return _program(problem, reward.get("ground_truth"), origin, meta)
    return {
        "problem": problem,
        "answer": golds(reward, "ground_truth"),
        "golds": "any",  # as Skywork's reward takes them
        "domain": "math" if row.get("ability") in MATHS else "general",
        "verifier": "math",
        "origin": origin,
        "meta": meta,
    }


def _program(
    problem: str | None, tests: Any, origin: list[str], meta: Row
) -> Row | str:
    try:
        info = read_tests(tests)
    except (ValueError, TypeError, RecursionError) as error:
        return f"reward_model.ground_truth: {error!s:.120}"
    meta = meta | {"n_tests": count_tests(info)}
    return code_problem(problem, info, origin=origin, meta=meta)


def _object(value: Any) -> Row:
    """The value, or the object that its JSON is."""
    if isinstance(value, str) and value.startswith("{"):
        value = read_json(value)
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
