"""Numbers within a tolerance: `info` may give `rel_tol` and `abs_tol`.

For measured and computed results, where the gold answer is itself rounded. Numbers are
read as the maths verifier reads them: 1.2e3, 1.2 × 10^3, 1,200, mixed numbers, words,
3 million, 2√3. 50% is 0.5 and no 50. `info["policy"]["units"]` says what units are
worth: "optional" (the default: left out or the same), "required" (the same), or
"convert" (also 100 cm for 1 m, with SI prefixes and everyday units).
"""

import math
from typing import Any, NamedTuple

from pipeline.verifiers.answers.answer import Answer, read
from pipeline.verifiers.answers.decide import with_unit
from pipeline.verifiers.answers.labels import drop_label
from pipeline.verifiers.answers.numeric_equality import approximate
from pipeline.verifiers.answers.policy import read_policy
from pipeline.verifiers.answers.tokens import Unreadable
from pipeline.verifiers.answers.units import unit_is_wrong, unit_ratio
from pipeline.verifiers.answers.variants import number_variants
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.details.numeric import Info, Policy
from pipeline.verifiers.extract.final import find_final_answer

COMPARES_VALUES = True
MAY_BE_OVERRULED = True
DEFAULT = Info()


class Measured(NamedTuple):
    """A number and its unit ("" for none)."""

    value: float
    unit: str


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the final number is within the tolerance of the gold one."""
    policy = read_policy(Policy, info)
    text, how, *_ = find_final_answer(completion)
    gold = _read_measured(answer or "")
    if gold is None:
        return Verdict(None, text, "the gold answer is no number")
    if text is None:
        return Verdict(False, None, "no number found")
    measured = _read_measured(text)
    if measured is None:
        return Verdict(False, text, f"{how}: it is not one number")
    if policy.units == "convert" and measured.unit and gold.unit:
        measured = _convert(measured, gold.unit)
    value, unit = measured
    if unit_is_wrong(gold.unit, unit, policy.units):
        return Verdict(False, text, f"{how}: in {unit or 'no unit'}, not {gold.unit}")
    close = math.isclose(
        value,
        gold.value,
        rel_tol=info.get("rel_tol", DEFAULT.rel_tol),
        abs_tol=info.get("abs_tol", DEFAULT.abs_tol),
    )
    where = "within" if close else "outside"
    return Verdict(close, text, f"{how}: {where} the tolerance")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer is no number, or None where it is one."""
    return None if answer and _read_measured(answer) is not None else "not a number"


def _convert(measured: Measured, unit: str) -> Measured:
    ratio = unit_ratio(measured.unit, unit)
    return measured if ratio is None else Measured(measured.value * float(ratio), unit)


def _read_measured(text: str) -> Measured | None:
    """The number that a text is, or what follows its `x =` or `about`."""
    for spelling in (text, *number_variants(text)):
        try:
            answer = with_unit(read(spelling))
        except Unreadable:
            continue
        if (value := _value(answer)) is not None:
            return Measured(value, answer.unit)
    return None


def _value(answer: Answer) -> float | None:
    if answer.condition == "bound" or answer.tree.names:
        tree = drop_label(answer.tree, of_number=True)
        return None if tree == answer.tree or tree.names else approximate(tree)
    return approximate(answer.tree)
