"""What a program printed or returned, compared with what was expected."""

import math
from dataclasses import dataclass
from decimal import Decimal
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
    """Whether two texts are equal under `policy`."""
    if policy.ignore_case:
        printed, expected = printed.casefold(), expected.casefold()
    if policy.whitespace == "exact":
        return printed == expected
    lines, wanted = _split(printed, policy), _split(expected, policy)
    if lines == wanted:
        return True
    if policy.any_order:
        lines, wanted = sorted(lines), sorted(wanted)
    return [len(line) for line in lines] == [len(line) for line in wanted] and all(
        _same_token(token, right, policy.tolerance)
        for line, right_line in zip(lines, wanted, strict=True)
        for token, right in zip(line, right_line, strict=True)
    )


def _split(text: str, policy: Policy) -> list[list[str]]:
    """The tokens of each line."""
    if policy.whitespace == "tokens" and not policy.any_order:
        return [text.split()]
    return [line.split() for line in text.rstrip().split("\n")]


def _same_token(printed: str, expected: str, tolerance: float) -> bool:
    if printed == expected:
        return True
    if max(len(printed), len(expected)) > 100:
        return False
    try:
        left, right = Decimal(printed), Decimal(expected)
        if "." in expected and left.is_finite() and right.is_finite():
            return abs(left - right) <= Decimal(tolerance) * max(Decimal(1), abs(right))
        return left == right
    except ArithmeticError:
        return False


def same_value(
    value: Any, expected: Any, tolerance: float = 0.0, *, tuples_are_lists: bool = True
) -> bool:
    """Whether two plain values are equal; floats forgive rounding.

    `tolerance` is absolute, beside 1e-9 relative; what is not a number is equal to
    itself.
    """
    same = partial(same_value, tolerance=tolerance, tuples_are_lists=tuples_are_lists)
    if isinstance(value, list | tuple) and isinstance(expected, list | tuple):
        alike = tuples_are_lists or type(value) is type(expected)
        return alike and len(value) == len(expected) and all(map(same, value, expected))
    if isinstance(value, dict) and isinstance(expected, dict):
        return value.keys() == expected.keys() and all(
            same(item, expected[key]) for key, item in value.items()
        )
    numbers = isinstance(value, int | float) and isinstance(expected, int | float)
    if numbers and (isinstance(value, float) or isinstance(expected, float)):
        return _close(value, expected, tolerance)
    return bool(value == expected)


def _close(value: float, expected: float, tolerance: float) -> bool:
    try:
        near = math.isclose(
            value, expected, rel_tol=1e-9, abs_tol=max(tolerance, 1e-12)
        )
    except OverflowError:
        return False
    return near or (math.isnan(value) and math.isnan(expected))
