"""Numbers within a tolerance: `info` may give `rel_tol` and `abs_tol`."""

import math
from typing import Any

from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.math import extract, number, plain


def verify(answer: str, completion: str, info: dict[str, Any]) -> Verdict:
    text, how = extract(completion)
    gold = _value(answer)
    if gold is None:
        return Verdict(None, text, "the gold answer is no number")
    value = None if text is None else _value(text)
    if value is None:
        return Verdict(False, text, "no number found")
    close = math.isclose(
        value,
        gold,
        rel_tol=info.get("rel_tol", 1e-4),
        abs_tol=info.get("abs_tol", 0.0),
    )
    return Verdict(close, text, f"{how}: compared within the tolerance")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    return None if answer and _value(answer) is not None else "not a number"


def _value(text: str) -> float | None:
    exact = number(plain(text))
    try:
        return float(exact) if exact is not None else float(plain(text))
    except (ValueError, OverflowError):
        return None
