"""What adapters share: reading a field, and saying which one is not there."""

import math
import re
from typing import Any

from pipeline.schema import HUMAN

Row = dict[str, Any]


def text(row: Row, *names: str) -> str | None:
    """The first of `names` that holds text or a number; 27.0 reads as 27."""
    for name in names:
        value = row.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if is_number(value):
            value = str(value)
        if isinstance(value, str) and value.strip():
            return value
    return None


def is_number(value: Any) -> bool:
    """A finite number, and not a truth value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)


def filled(row: Row, *names: str) -> Row:
    """What the row says under `names`, without those it says nothing under."""
    return {name: row[name] for name in names if row.get(name) is not None}


def maths_problem(
    row: Row,
    problem: tuple[str, ...] = ("problem",),
    answer: tuple[str, ...] = ("answer",),
    *,
    boxed_in: str = "",
    solutions: tuple[str, ...] = ("solution",),
    author: str = HUMAN,
    meta: tuple[str, ...] = (),
) -> Row | str:
    """A maths problem: each part is the first of the columns that is filled.

    Where no column has the answer, the last box of the column `boxed_in` is it.
    Returns the sentence that names the column that is missing, empty or no text.
    """
    columns = {"problem": problem, "answer": answer}
    parts = {name: text(row, *names) for name, names in columns.items()}
    if boxed_in:
        parts["answer"] = parts["answer"] or boxed(text(row, boxed_in) or "")
    absent = [
        next((name for name in columns[part] if name in row), columns[part][0])
        for part, value in parts.items()
        if value is None
    ]
    if absent:
        values = {name: row.get(name) for name in absent}
        return f"{', '.join(absent)}: expected text, found {values!r:.120}"
    return {
        **parts,
        "domain": "math",
        "verifier": "math",
        "solutions": [
            s for name in solutions for s in reference(text(row, name), author)
        ],
        "meta": filled(row, *meta),
    }


def code_problem(problem: str, info: Row, **rest: Any) -> Row:
    """A problem whose answer is a program; `info` holds its tests."""
    fixed = {"answer": None, "domain": "code", "verifier": "code"}
    return {"problem": problem, **fixed, "verify_info": info, **rest}


def split_answer(marker: str, solution: str) -> tuple[str, str | None]:
    """The solution and the number behind the last `marker`; None without one."""
    work, there, answer = solution.rpartition(marker)
    return work.strip(), (answer.strip().replace(",", "") or None) if there else None


def boxed(solution: str) -> str | None:
    r"""The content of the last \\boxed{…}, braces balanced."""
    start = solution.rfind("\\boxed{")
    if start < 0:
        return None
    depth, at = 1, start + len("\\boxed{")
    for end in range(at, len(solution)):
        depth += {"{": 1, "}": -1}.get(solution[end], 0)
        if depth == 0:
            return solution[at:end].strip() or None
    return None


def reference(solution: str | None, model: str = HUMAN) -> list[Row]:
    """A solution that came with the source and that nobody here has judged."""
    return [{"text": solution, "model": model, "correct": None}] if solution else []


def chat(prompt: Any) -> str | None:
    """The user's text of a chat prompt, without the instructions around it."""
    if isinstance(prompt, str):
        return strip_markup(prompt)
    if not isinstance(prompt, list):
        return None
    turns = [turn for turn in prompt if isinstance(turn, dict)]
    users = [turn for turn in turns if turn.get("role") in ("user", None)]
    content = users[-1].get("content") if users else None
    return strip_markup(content) if isinstance(content, str) else None


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


def strip_markup(content: str) -> str:
    """Take chat markup and the usual instructions off a problem."""
    if "<|im_start|>user" in content:
        content = content.split("<|im_start|>user", 1)[1].split("<|im_end|>", 1)[0]
    return INSTRUCTION.sub("\n", DAPO_HEAD.sub("", content)).strip()
