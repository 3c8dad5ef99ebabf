"""Puzzles: verified by their own rules, with partial credit where a rule gives it.

`info["task"]` names the rule. What the model wrote is never evaluated as code:

- countdown: for the numbers 44, 19, 35 and the target 98, "44 + 19 + 35" is right
- knights_knaves: every role must be named, as in "Ana is a knight, Ben is a knave"
- zebra: a table as JSON, {"rows": [["1", "Ana"], ["2", "Ben"]]}, compared by cells
- reasoning_gym: the dataset's own scorer, run as `_reasoning_gym` says
"""

import ast
import json
import operator
import re
from collections import Counter
from fractions import Fraction
from typing import Any

from pipeline.verifiers._reasoning_gym import score_answer
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import find_marked_answer

NEEDED = {"countdown": ("numbers", "target"), "reasoning_gym": ("dataset", "entry")}
OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Verify by the rule of `info["task"]`; its score is the partial credit."""
    # An empty answer is one that the details hold (a zebra's table).
    if why := unreadable(answer if answer is None else answer or " ", info):
        return Verdict(None, None, why)
    rule = RULES[info["task"]]
    return rule(answer or "", find_marked_answer(completion), info)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the puzzle cannot be verified, or None where it can."""
    task = info.get("task")
    if task not in RULES:
        return f"no rule for task {task!r}; known: {', '.join(RULES)}"
    for name in NEEDED.get(task, ()):
        if name not in info:
            return f"verify_info lacks {name}"
    # Some tasks of reasoning-gym have many right answers and name none of them.
    has_answer = answer or task == "reasoning_gym"
    return None if has_answer else "the gold answer is empty"


def _verify_countdown(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """An expression that uses every number, each once, and gives the target."""
    line = text.splitlines()[-1] if text else ""
    expression = _read_expression(line, info["target"])
    tree = _parse(expression)
    if tree is None:
        return Verdict(False, expression or None, "not an arithmetic expression", 0.0)
    numbers = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    if Counter(map(str, numbers)) != Counter(map(str, info["numbers"])):
        return Verdict(False, expression, "does not use each number once", 0.0)
    try:
        value = _evaluate(tree)
    except (ValueError, ZeroDivisionError):
        return Verdict(False, expression, "has no value", 0.0)
    is_target = value == info["target"]
    return Verdict(is_target, expression, f"gives {value}", 1.0 if is_target else 0.1)


def _read_expression(line: str, target: int) -> str:
    """The side of an equation that is not the target itself, in ASCII."""
    for sign, ascii_sign in {"×": "*", "÷": "/", "−": "-", "\\times": "*"}.items():
        line = line.replace(sign, ascii_sign)
    sides = [side.strip(" $.`*") for side in line.split("=")]
    return next((side for side in sides if side and side != str(target)), "")


def _parse(expression: str) -> ast.expr | None:
    if len(expression) > 200:
        return None
    try:
        return ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _evaluate(node: ast.AST) -> Fraction:
    """The value of + - * / over whole numbers, exactly; ValueError for all else."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return Fraction(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_evaluate(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        operation = OPERATIONS[type(node.op)]
        return Fraction(operation(_evaluate(node.left), _evaluate(node.right)))
    raise ValueError("not arithmetic")


def _verify_knights_knaves(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    gold, named = _read_roles(answer), _read_roles(text)
    if not gold:
        return Verdict(None, None, "the gold answer names no roles")
    hits = sum(named.get(name) == role for name, role in gold.items())
    is_right = hits == len(gold) == len(named)
    extracted = ", ".join(f"{name}: {role}" for name, role in named.items())
    why = f"{hits} of {len(gold)} roles"
    return Verdict(is_right, extracted, why, hits / len(gold))


def _read_roles(text: str) -> dict[str, str]:
    """The last role that the text gives each name."""
    return dict(re.findall(r"([A-Z][\w'-]*)\s+is\s+an?\s+(knight|knave)", text))


def _verify_zebra(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """Rows of the table: houses with their attributes, in any order of rows."""
    gold, table = _read_table(info.get("solution") or answer), _read_table(text)
    if gold is None:
        return Verdict(None, None, "the gold answer is no table")
    if table is None:
        return Verdict(False, None, "no table found", 0.0)
    cells = [(row[0], i, cell) for row in gold for i, cell in enumerate(row) if i]
    filled = {(row[0], i, cell) for row in table for i, cell in enumerate(row)}
    hits = sum(cell in filled for cell in cells)
    why = f"{hits} of {len(cells)} cells"
    return Verdict(hits == len(cells), json.dumps(table), why, hits / len(cells))


def _read_table(value: Any) -> list[list[str]] | None:
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


def _verify_reasoning_gym(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    name = info["dataset"]
    score, why = score_answer(name, info["entry"], text)
    return Verdict(score >= 0.99, text, f"{name}: {why} {score:.3f}", score)


RULES = {
    "countdown": _verify_countdown,
    "knights_knaves": _verify_knights_knaves,
    "zebra": _verify_zebra,
    "reasoning_gym": _verify_reasoning_gym,
}
