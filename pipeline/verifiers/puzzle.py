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

from pipeline.verifiers._final import stated
from pipeline.verifiers.contract import Verdict

# Datasets of reasoning-gym whose own score_answer was read: they take strings and
# JSON apart, evaluate nothing, and give full marks to right answers alone. Left out:
# those that eval or sympify the answer (n_queens, spiral_matrix, polynomial_*,
# *_integration, puzzle24…), those that a number can blow up (coin_flip,
# power_function), and those that full marks can be talked out of (figlet_font,
# calendar_arithmetic, time_intervals, game_of_life_halting).
SAFE_SCORERS = (
    "ab advanced_geometry chain_sum circuit_logic color_cube_rotation cryptarithm "
    "decimal_chain_sum dice emoji_mystery family_relationships futoshiki "
    "game_of_life group_anagrams gsm_symbolic jugs kakurasu knight_swap "
    "knights_knaves letter_jumble manipulate_matrix mini_sudoku needle_haystack "
    "number_format palindrome_generation palindrome_partitioning path_star "
    "pool_matrix products quantum_lock self_reference sentence_reordering "
    "shortest_path spell_backward sudoku survo tower_of_hanoi tsumego word_ladder "
    "word_sorting zebra_puzzles"
)


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Judge by the rule of `info["task"]`; its score is the partial credit."""
    rule = RULES.get(info.get("task", ""))
    if rule is None or answer is None:
        return Verdict(None, None, unreadable(answer, info) or "no gold answer")
    if lacks := unreadable(answer or " ", info):
        return Verdict(None, None, lacks)
    return rule(answer, stated(completion), info)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the puzzle cannot be judged, or None where it can."""
    if info.get("task") not in RULES:
        return f"no rule for task {info.get('task')!r}; known: {', '.join(RULES)}"
    needs = {"countdown": ("numbers", "target"), "reasoning_gym": ("dataset", "entry")}
    lacks = [name for name in needs.get(info["task"], ()) if name not in info]
    if lacks:
        return f"verify_info lacks {lacks[0]}"
    return None if answer else "the gold answer is empty"


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
    name, entry = info["dataset"], info["entry"]
    scorer = _scorer(name)
    if scorer is None:
        same = text.strip() == answer.strip()
        return Verdict(same, text, f"{name}: compared as text", float(same))
    try:
        score = float(scorer.score_answer(text, entry))
    except Exception as error:  # a scorer that trips over what a model wrote
        return Verdict(False, text, f"{name}: {type(error).__name__}", 0.0)
    return Verdict(score >= 0.99, text, f"{name}: score {score:.3f}", score)


@lru_cache(None)
def _scorer(name: str) -> Any:
    """The dataset whose scorer is safe to run, or None."""
    import reasoning_gym
    from reasoning_gym.dataset import ProceduralDataset

    dataset = reasoning_gym.create_dataset(name, size=1, seed=0)
    plain = type(dataset).score_answer is ProceduralDataset.score_answer
    return dataset if plain or name in SAFE_SCORERS.split() else None


RULES = {
    "countdown": _countdown,
    "knights_knaves": _knights_knaves,
    "zebra": _zebra,
    "reasoning_gym": _reasoning_gym,
}
