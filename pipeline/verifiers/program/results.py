"""What a program printed or returned, compared with what was expected."""

import math
import re
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
NUMBER = re.compile(
    r"[-+]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?", re.A
)
EXPONENT = re.compile(r"[eE]")


def same_output(printed: str, expected: str, policy: Policy = STANDARD) -> bool:
    """Whether two texts are equal under `policy`."""
    if policy.ignore_case:
        printed, expected = printed.casefold(), expected.casefold()
    if policy.whitespace == "exact":
        return printed == expected
    lines, wanted = _split(printed, policy), _split(expected, policy)
    if policy.whitespace == "lines" and not _same_shape(printed, expected):
        return False
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
    """The tokens of each line, empty lines at either end aside."""
    if policy.whitespace == "tokens" and not policy.any_order:
        return [text.split()]
    return [line.split() for line in text.strip().split("\n")]


def _same_shape(printed: str, expected: str) -> bool:
    """Whether lines are indented alike, where indentation draws something.

    It does where lines with other signs than numbers are indented differently. The
    first line has often lost its own.
    """
    wanted = [line for line in expected.rstrip().split("\n")[1:] if line.strip()]
    indents = [_indent(line) for line in wanted]
    if len(set(indents)) < 2 or all(map(_is_of_numbers, wanted)):
        return True
    lines = [line for line in printed.rstrip().split("\n")[1:] if line.strip()]
    return [_indent(line) for line in lines] == indents


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _is_of_numbers(line: str) -> bool:
    return all(map(NUMBER.fullmatch, line.split()))


def _same_token(printed: str, expected: str, tolerance: float) -> bool:
    """Whether two words are equal, or two numbers are near enough.

    A number is what judges take for one: `00101`, `1_000`, `inf` and digits that are
    not of ASCII are words. Where a whole number is expected, 5.0 is one, 1e2 is none.
    """
    if printed == expected:
        return True
    if max(len(printed), len(expected)) > 100:
        return False
    if not (NUMBER.fullmatch(printed) and NUMBER.fullmatch(expected)):
        return False
    left, right = Decimal(printed), Decimal(expected)
    if "." in expected or "e-" in expected.lower():
        return abs(left - right) <= Decimal(tolerance) * max(Decimal(1), abs(right))
    return left == right and not EXPONENT.search(printed + expected)


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
        if tuples_are_lists and value.keys() != expected.keys():
            value = _with_json_keys(value)
        return value.keys() == expected.keys() and all(
            same(item, expected[key]) for key, item in value.items()
        )
    numbers = isinstance(value, int | float) and isinstance(expected, int | float)
    if numbers and (isinstance(value, float) or isinstance(expected, float)):
        return _close(value, expected, tolerance)
    return bool(value == expected)


def in_one_order(value: Any) -> Any:
    """A list with its members sorted, equal ones alike; anything else as it is."""
    return sorted(value, key=_rank) if isinstance(value, list | tuple) else value


def _rank(value: Any) -> tuple[Any, ...]:
    """What a plain value is sorted by: numbers by size, a dict in whatever order it is.

    Ranks of different kinds differ in their first part, so any two can be compared.
    """
    match value:
        case bool() | int() | float() if value == value:
            return 0, value
        case str():
            return 1, value
        case list() | tuple():
            return 2, *map(_rank, value)
        case dict():
            return 3, *sorted((str(key), _rank(each)) for key, each in value.items())
        case set() | frozenset():
            return 4, *sorted(map(_rank, value))
    return 5, repr(value)


def _with_json_keys(value: dict[Any, Any]) -> dict[Any, Any]:
    """The keys as JSON has them, texts, where that makes no two of them one."""
    spelt = {str(key) if type(key) is int else key: item for key, item in value.items()}
    return spelt if len(spelt) == len(value) else value


def _close(value: float, expected: float, tolerance: float) -> bool:
    try:
        near = math.isclose(
            value, expected, rel_tol=1e-9, abs_tol=max(tolerance, 1e-12)
        )
    except OverflowError:
        return False
    return near or (math.isnan(value) and math.isnan(expected))
