"""Numbers within a tolerance: `info` may give `rel_tol` and `abs_tol`.

For measured and computed results, where the gold answer is itself rounded. Numbers
are read in every spelling of the maths verifier: 1.2e3, 1.2 × 10^3, 1,200, mixed
numbers, words. `info["policy"]["units"]` says what units are worth: "optional" (the
default: left out or the same), "required" (the same), or "convert" (also 100 cm for
1 m, with SI prefixes and everyday units).
"""

import math
from typing import Any, NamedTuple

from pipeline.verifiers.compare.normal_form import normalise
from pipeline.verifiers.compare.numbers import read_decimal_comma, read_number
from pipeline.verifiers.answers.policy import Units, read_policy
from pipeline.verifiers.answers.units import split_unit, unit_is_wrong, unit_ratio
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import find_final_answer

COMPARES_VALUES = True
MAY_BE_OVERRULED = True
REL_TOL = 1e-4


class Policy(NamedTuple):
    """What the unit of an answer is worth."""

    units: Units = "optional"


class Measured(NamedTuple):
    """A number and its unit ("" for none); a percent sign is a unit here."""

    value: float
    unit: str


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the final number is within the tolerance of the gold one."""
    policy = read_policy(Policy, info)
    text, how, *_ = find_final_answer(completion)
    gold = _read_measured(answer or "")
    if gold is None:
        return Verdict(None, text, "the gold answer is no number")
    measured = None if text is None else _read_measured(text)
    if measured is None:
        return Verdict(False, text, "no number found")
    if policy.units == "convert" and measured.unit and gold.unit:
        measured = _convert(measured, gold.unit)
    value, unit = measured
    if unit_is_wrong(gold.unit, unit, policy.units):
        return Verdict(False, text, f"{how}: in {unit or 'no unit'}, not {gold.unit}")
    close = math.isclose(
        value,
        gold.value,
        rel_tol=info.get("rel_tol", REL_TOL),
        abs_tol=info.get("abs_tol", 0.0),
    )
    return Verdict(close, text, f"{how}: compared within the tolerance")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer is no number, or None where it is one."""
    return None if answer and _read_measured(answer) is not None else "not a number"


def _convert(measured: Measured, unit: str) -> Measured:
    ratio = unit_ratio(measured.unit, unit)
    return measured if ratio is None else Measured(measured.value * float(ratio), unit)


def _read_measured(text: str) -> Measured | None:
    """The number that a text is, or what follows its `x =` or `about`."""
    bare, unit = split_unit(normalise(text))
    side = bare.replace("\\approx", "=").rpartition("=")[2].strip()
    number = read_number(side) or read_decimal_comma(side)
    if number is None:
        return None
    try:
        return Measured(float(number.value), unit or ("%" if number.is_percent else ""))
    except OverflowError:
        return None
