"""Puzzles: judged by their own rules, with partial credit where a rule gives it.

`info["task"]` names the rule: countdown, knights_knaves, zebra or reasoning_gym.
What the model wrote is never evaluated as code. Scorers of reasoning-gym run only
where they were read and found to do nothing of the kind; other datasets are
compared as text, and `why` says so.
"""

import ast
import json
import operator
import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import Any

from pipeline.verifiers.contract import Verdict

# Datasets of reasoning-gym whose own score_answer was read: strings and JSON only.
SAFE_SCORERS = {"word_sorting", "knights_knaves", "spell_backward", "word_ladder"}


def verify(answer: str, completion: str, info: dict[str, Any]) -> Verdict:
    """Judge by the rule of `info["task"]`; its score is the partial credit."""
    rule = RULES.get(info.get("task", ""))
    if rule is None:
        return Verdict(None, None, f"no rule for task {info.get('task')!r}")
    return rule(answer, said(completion), info)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the puzzle cannot be judged, or None where it can."""
    if info.get("task") not in RULES:
        return f"no rule for task {info.get('task')!r}; known: {', '.join(RULES)}"
    needs = {"countdown": ("numbers", "target"), "reasoning_gym": ("dataset", "entry")}
    lacks = [name for name in needs.get(info["task"], ()) if name not in info]
    if lacks:
        return f"verify_info lacks {lacks[0]}"
    return None if answer else "the gold answer is empty"


def said(completion: str) -> str:
    """The answer: inside <answer> tags or the last box, else all after thinking."""
    from pipeline.verifiers.math import last_box

    text = completion.rpartition("</think>")[2] or completion
    if tagged := re.findall(r"<answer>(.*?)</answer>", text, re.S):
        return str(tagged[-1]).strip()
    return (last_box(text) or text).strip()


def _countdown(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """An expression that uses each number at most once and gives the target."""
    line = text.splitlines()[-1] if text else ""
    expression = line.split("=")[0].replace("×", "*").replace("÷", "/").strip()
    used = Counter(map(int, re.findall(r"\d+", expression)))
    if not used:
        return Verdict(False, None, "no expression found")
    if used - Counter(info["numbers"]):
        return Verdict(False, expression, "uses other numbers", 0.0)
    value = evaluate(expression)
    if value is None:
        return Verdict(False, expression, "not an arithmetic expression", 0.0)
    right = value == info["target"]
    return Verdict(right, expression, f"gives {value}", 1.0 if right else 0.1)


OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def evaluate(expression: str) -> Fraction | None:
    """The value of + - * / over whole numbers, exactly; None for anything else."""
    if len(expression) > 200:
        return None
    try:
        return _value(ast.parse(expression, mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError):
        return None


def _value(node: ast.AST) -> Fraction:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Fraction(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        apply = OPERATIONS[type(node.op)]
        return Fraction(apply(_value(node.left), _value(node.right)))
    raise ValueError("not arithmetic")


def _knights_knaves(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    gold, ours = _roles(answer), _roles(text)
    if not gold:
        return Verdict(None, None, "the gold answer names no roles")
    hits = sum(ours.get(name) == role for name, role in gold.items())
    right = hits == len(gold) == len(ours)
    named = ", ".join(f"{name}: {role}" for name, role in ours.items())
    return Verdict(right, named, f"{hits} of {len(gold)} roles", hits / len(gold))


def _roles(text: str) -> dict[str, str]:
    """The last role that the text gives each name."""
    found = re.findall(r"([A-Z][\w'-]*)\s+is\s+an?\s+(knight|knave)", text)
    return dict(found)


def _zebra(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """Rows of the table: houses with their attributes, in any order of rows."""
    gold, ours = _table(info.get("solution") or answer), _table(text)
    if gold is None:
        return Verdict(None, None, "the gold answer is no table")
    if ours is None:
        return Verdict(False, None, "no table found", 0.0)
    cells = [(row[0], i, cell) for row in gold for i, cell in enumerate(row) if i]
    found = {(row[0], i, cell) for row in ours if row for i, cell in enumerate(row)}
    hits = sum(cell in found for cell in cells)
    why = f"{hits} of {len(cells)} cells"
    return Verdict(hits == len(cells), json.dumps(ours), why, hits / len(cells))


def _table(value: Any) -> list[list[str]] | None:
    if isinstance(value, str):
        start, end = value.find("{"), value.rfind("}")
        try:
            value = json.loads(value[start : end + 1])
        except (ValueError, RecursionError):
            return None
    rows = value.get("rows") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return None
    return [[str(cell).strip().lower() for cell in row] for row in rows]


def _reasoning_gym(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    name, entry = info["dataset"], info["entry"]
    scorer = _scorer(name)
    if scorer is None:
        same = text.strip() == answer.strip()
        return Verdict(same, text, "compared as text", float(same))
    score = float(scorer.score_answer(text, entry))
    return Verdict(score >= 0.99, text, f"{name}: score {score:.3f}", score)


@lru_cache(None)
def _scorer(name: str) -> Any:
    """The dataset whose scorer is safe to run, or None."""
    import reasoning_gym
    from reasoning_gym.dataset import ProceduralDataset

    dataset = reasoning_gym.create_dataset(name, size=1, seed=0)
    plain = type(dataset).score_answer is ProceduralDataset.score_answer
    return dataset if plain or name in SAFE_SCORERS else None


RULES = {
    "countdown": _countdown,
    "knights_knaves": _knights_knaves,
    "zebra": _zebra,
    "reasoning_gym": _reasoning_gym,
}
