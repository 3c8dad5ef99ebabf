"""What a program printed or returned, compared with what was expected."""

import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any


@dataclass(frozen=True)
class Policy:
    """How output is compared; none of it is the program's to choose.

    `whitespace`: `lines` (line by line, trailing space and empty lines at the end
    aside, tokens within), `tokens` (line breaks do not matter either) or `exact`.
    `tolerance` is relative or absolute, whichever forgives more, and holds where a
    decimal is expected. `any_order`: lines may come in any order.
    """

    whitespace: str = "lines"
    tolerance: float = 1e-6
    ignore_case: bool = False
    any_order: bool = False


STANDARD = Policy()
WHITESPACE = ("lines", "tokens", "exact")


def same_output(printed: str, expected: str, policy: Policy = STANDARD) -> bool:
    """Equal under `policy`."""
    if policy.ignore_case:
        printed, expected = printed.casefold(), expected.casefold()
    if policy.whitespace == "exact":
        return printed == expected
    ours, theirs = _lines(printed, policy), _lines(expected, policy)
    if ours == theirs:
        return True
    if policy.any_order:
        ours, theirs = sorted(ours), sorted(theirs)
    return len(ours) == len(theirs) and all(
        _same_line(left, right, policy.tolerance)
        for left, right in zip(ours, theirs, strict=True)
    )


def _lines(text: str, policy: Policy) -> list[list[str]]:
    if policy.whitespace == "tokens" and not policy.any_order:
        return [text.split()]
    return [line.split() for line in text.rstrip().split("\n")]


def _same_line(ours: list[str], theirs: list[str], tolerance: float) -> bool:
    return len(ours) == len(theirs) and all(
        _same_token(left, right, tolerance)
        for left, right in zip(ours, theirs, strict=True)
    )


def _same_token(ours: str, theirs: str, tolerance: float) -> bool:
    if ours == theirs:
        return True
    if max(len(ours), len(theirs)) > 100:
        return False
    try:
        left, right = Decimal(ours), Decimal(theirs)
        if "." in theirs and left.is_finite() and right.is_finite():
            return abs(left - right) <= Decimal(tolerance) * max(Decimal(1), abs(right))
        return left == right
    except (InvalidOperation, OverflowError):
        return False


def same_value(
    ours: Any, theirs: Any, tolerance: float = 0.0, *, tuples_are_lists: bool = True
) -> bool:
    """Equality of plain values; floats forgive rounding.

    `tolerance` is absolute, beside 1e-9 relative; what is not a number is equal to
    itself.
    """
    same = partial(same_value, tolerance=tolerance, tuples_are_lists=tuples_are_lists)
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        kinds = tuples_are_lists or isinstance(ours, list) == isinstance(theirs, list)
        return kinds and len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(
            same(value, theirs[key]) for key, value in ours.items()
        )
    numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
    if numbers and isinstance(ours, float) | isinstance(theirs, float):
        return _close(ours, theirs, tolerance)
    return bool(ours == theirs)


def _close(ours: float, theirs: float, tolerance: float) -> bool:
    try:
        near = math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=max(tolerance, 1e-12))
    except OverflowError:
        return False
    return near or (math.isnan(ours) and math.isnan(theirs))
