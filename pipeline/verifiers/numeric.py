"""Numbers within a tolerance: `info` may give `rel_tol` and `abs_tol`.

For measured and computed results, where the gold answer is itself rounded. A unit
may be left out but not changed, as in mathematics.
"""

import math
from typing import Any

from pipeline.verifiers._final import final
from pipeline.verifiers._numbers import number
from pipeline.verifiers._spelling import plain
from pipeline.verifiers._units import quantity
from pipeline.verifiers.contract import Verdict

REL_TOL = 1e-4


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the final number is within the tolerance of the gold one."""
    text, how, *_ = final(completion)
    gold = _value(answer or "")
    if gold is None:
        return Verdict(None, text, "the gold answer is no number")
    said = None if text is None else _value(text)
    if said is None:
        return Verdict(False, text, "no number found")
    if gold[1] and said[1] and gold[1] != said[1]:
        return Verdict(False, text, f"{how}: in {said[1]}, not in {gold[1]}")
    close = math.isclose(
        said[0],
        gold[0],
        rel_tol=info.get("rel_tol", REL_TOL),
        abs_tol=info.get("abs_tol", 0.0),
    )
    return Verdict(close, text, f"{how}: compared within the tolerance")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer is no number, or None where it is one."""
    return None if answer and _value(answer) is not None else "not a number"


def _value(text: str) -> tuple[float, str] | None:
    """The number and its unit ("" for none); a percent sign is a unit here."""
    bare, unit = quantity(plain(text))
    exact = number(bare)
    if exact is None:
        return None
    try:
        return float(exact.value), unit or ("%" if exact.is_percent else "")
    except OverflowError:
        return None
