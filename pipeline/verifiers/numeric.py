"""Numbers within a tolerance: `info` may give `rel_tol` and `abs_tol`.

For measured and computed results, where the gold answer is itself rounded. Numbers
are read in every spelling of the maths verifier: 1.2e3, 1.2 × 10^3, 1,200, mixed
numbers, words. `info["policy"]["units"]` says what units are worth: "optional" (the
default: left out or the same), "required" (the same), or "convert" (also 100 cm for
1 m, with SI prefixes and everyday units).
"""

import math
from typing import Any, NamedTuple

from pipeline.errors import UserError
from pipeline.verifiers.compare import units as _units
from pipeline.verifiers.compare.normal_form import plain
from pipeline.verifiers.compare.numbers import number, with_decimal_comma
from pipeline.verifiers.compare.policy import chosen_policy
from pipeline.verifiers.compare.units import quantity
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import final

REL_TOL = 1e-4
UNITS = ("optional", "required", "convert")


class Policy(NamedTuple):
    """How the unit of an answer is judged."""

    units: str = "optional"


class Measured(NamedTuple):
    """A number and its unit ("" for none); a percent sign is a unit here."""

    value: float
    unit: str


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the final number is within the tolerance of the gold one."""
    policy = _policy(info)
    text, how, *_ = final(completion)
    gold = _value(answer or "")
    if gold is None:
        return Verdict(None, text, "the gold answer is no number")
    said = None if text is None else _value(text)
    if said is None:
        return Verdict(False, text, "no number found")
    if policy.units == "convert":
        said = _converted(said, gold.unit)
    if _units_forbid(gold.unit, said.unit, policy):
        return Verdict(
            False, text, f"{how}: in {said.unit or 'no unit'}, not {gold.unit}"
        )
    close = math.isclose(
        said.value,
        gold.value,
        rel_tol=info.get("rel_tol", REL_TOL),
        abs_tol=info.get("abs_tol", 0.0),
    )
    return Verdict(close, text, f"{how}: compared within the tolerance")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer is no number, or None where it is one."""
    return None if answer and _value(answer) is not None else "not a number"


def _policy(info: dict[str, Any]) -> Policy:
    policy = chosen_policy(Policy, Policy._fields, info)
    if policy.units not in UNITS:
        raise UserError(
            f"policy units: {policy.units!r}", hint=f"one of {', '.join(UNITS)}"
        )
    return policy


def _units_forbid(gold: str, said: str, policy: Policy) -> bool:
    if policy.units == "required" and gold and not said:
        return True
    if gold and said and "%" in (gold, said) and gold != said:
        return True
    return _units.differ(gold, said)


def _converted(said: Measured, unit: str) -> Measured:
    ratio = _units.ratio(said.unit, unit) if said.unit and unit else None
    return said if ratio is None else Measured(said.value * float(ratio), unit)


def _value(text: str) -> Measured | None:
    """The number that a text is, or what follows its `x =` or `about`."""
    bare, unit = quantity(plain(text))
    side = bare.replace("\\approx", "=").rpartition("=")[2].strip()
    exact = number(side) or with_decimal_comma(side)
    if exact is None:
        return None
    try:
        return Measured(float(exact.value), unit or ("%" if exact.is_percent else ""))
    except OverflowError:
        return None
