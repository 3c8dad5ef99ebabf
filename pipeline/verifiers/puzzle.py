"""Puzzles: judged by their own rules, with partial credit where a rule gives it.

`info["task"]` names the rule: countdown, knights_knaves, zebra or reasoning_gym.
What the model wrote is never evaluated as code: scorers of reasoning-gym run as
`_gym.py` says, and `why` says how.
"""

import ast
import json
import operator
import re
from collections import Counter
from fractions import Fraction
from typing import Any

from pipeline.verifiers import _reasoning_gym as _gym
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import find_puzzle_answer


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Judge by the rule of `info["task"]`; its score is the partial credit."""
    rule = RULES.get(info.get("task", ""))
    # An empty answer is one that the details hold (a zebra's table).
    lacks = unreadable(answer if answer is None else answer or " ", info)
    if rule is None or lacks:
        return Verdict(None, None, lacks or "no gold answer")
    return rule(answer or "", find_puzzle_answer(completion), info)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the puzzle cannot be judged, or None where it can."""
    if info.get("task") not in RULES:
        return f"no rule for task {info.get('task')!r}; known: {', '.join(RULES)}"
    needs = {"countdown": ("numbers", "target"), "reasoning_gym": ("dataset", "entry")}
    lacks = [name for name in needs.get(info["task"], ()) if name not in info]
    if lacks:
        return f"verify_info lacks {lacks[0]}"
    # Some tasks of reasoning-gym have many right answers and name none of them.
    named = answer or info["task"] == "reasoning_gym"
    return None if named else "the gold answer is empty"


def _countdown(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """An expression that uses every number, each once, and gives the target."""
    line = text.splitlines()[-1] if text else ""
    expression = _expression(line, info["target"])
    tree = _parsed(expression)
    if tree is None:
        return Verdict(False, expression or None, "not an arithmetic expression", 0.0)
    leaves = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    if Counter(map(str, leaves)) != Counter(map(str, info["numbers"])):
        return Verdict(False, expression, "does not use each number once", 0.0)
    try:
        value = _value(tree)
    except (ValueError, ZeroDivisionError):
        return Verdict(False, expression, "has no value", 0.0)
    right = value == info["target"]
    return Verdict(right, expression, f"gives {value}", 1.0 if right else 0.1)


def _expression(line: str, target: int) -> str:
    """The side of an equation that is not the target itself, in ASCII."""
    for sign, plain in {"×": "*", "÷": "/", "−": "-", "\\times": "*"}.items():
        line = line.replace(sign, plain)
    sides = [side.strip(" $.`*") for side in line.split("=")]
    return next((side for side in sides if side and side != str(target)), "")


def _parsed(expression: str) -> ast.expr | None:
    if len(expression) > 200:
        return None
    try:
        return ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _value(node: ast.AST) -> Fraction:
    """The value of + - * / over whole numbers, exactly; ValueError for all else."""
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
    name = info["dataset"]
    score, why = _gym.score(name, info["entry"], text)
    return Verdict(score >= 0.99, text, f"{name}: {why} {score:.3f}", score)


RULES = {
    "countdown": _countdown,
    "knights_knaves": _knights_knaves,
    "zebra": _zebra,
    "reasoning_gym": _reasoning_gym,
}
