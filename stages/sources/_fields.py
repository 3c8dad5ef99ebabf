"""What adapters share: reading a field, and the columns that kinds of problems have."""

import math
from collections.abc import Mapping
from typing import Any

from pipeline.schema import HUMAN
from pipeline.text import as_text as as_text

Row = dict[str, Any]


def text(row: Row, *names: str) -> str | None:
    """The first of `names` that holds text or a number; 27.0 reads as 27."""
    for name in names:
        if value := as_text(row.get(name)):
            return value
    return None


def is_number(value: Any) -> bool:
    """A finite number, and not a truth value."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (isinstance(value, int) or math.isfinite(value))


def filled(row: Mapping[Any, Any], *names: str) -> Row:
    """What the row says under `names`, without those it says nothing under."""
    return {name: row[name] for name in names if row.get(name) is not None}


def maths_problem(
    problem: str | None, answer: str | list[str] | None, **rest: Any
) -> Row:
    """A problem whose answer is compared as mathematics."""
    fixed = {"domain": "math", "verifier": "math"}
    return {"problem": problem, "answer": answer, **fixed, **rest}


def code_problem(problem: str | None, info: Row, **rest: Any) -> Row:
    """A problem whose answer is a program; `info` holds its tests."""
    fixed = {"answer": None, "domain": "code", "verifier": "code"}
    return {"problem": problem, **fixed, "verify_info": info, **rest}


def reference(solution: str | None, model: str = HUMAN) -> list[Row]:
    """A solution that came with the source and that nobody here has judged."""
    return [{"text": solution, "model": model, "correct": None}] if solution else []
