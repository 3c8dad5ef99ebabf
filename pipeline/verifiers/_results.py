"""What a program printed or returned, compared with what was expected."""

import math
from decimal import Decimal, InvalidOperation
from typing import Any


def same_output(printed: str, expected: str) -> bool:
    """Equal line by line, trailing space aside, or token by token as numbers.

    Decimals agree within 1e-6, relative or absolute, where one is expected.
    """
    ours = [line.rstrip() for line in printed.rstrip().split("\n")]
    theirs = [line.rstrip() for line in expected.rstrip().split("\n")]
    if ours == theirs:
        return True
    if len(ours) != len(theirs):
        return False
    return all(map(_same_line, ours, theirs))


def _same_line(ours: str, theirs: str) -> bool:
    left, right = ours.split(), theirs.split()
    return len(left) == len(right) and all(map(_same_token, left, right))


def _same_token(ours: str, theirs: str) -> bool:
    if ours == theirs:
        return True
    if max(len(ours), len(theirs)) > 100:
        return False
    try:
        left, right = Decimal(ours), Decimal(theirs)
        if "." in theirs and left.is_finite() and right.is_finite():
            return abs(left - right) <= Decimal("1e-6") * max(Decimal(1), abs(right))
        return left == right
    except (InvalidOperation, OverflowError):
        return False


def same_value(ours: Any, theirs: Any) -> bool:
    """Equality of plain values; tuples are lists, floats forgive rounding."""
    if isinstance(ours, list | tuple) and isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same_value, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(
            same_value(value, theirs[key]) for key, value in ours.items()
        )
    numbers = isinstance(ours, int | float) and isinstance(theirs, int | float)
    if numbers and isinstance(ours, float) | isinstance(theirs, float):
        try:
            return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
        except OverflowError:
            return False
    return bool(ours == theirs)
