r"""What has parts: regions of the line, matrices, lists, sets and tuples.

Each step pairs the parts of one side with those of the other and compares them by the
whole cascade. Brackets decide whether order counts: {1, 2} equals {2, 1}, (1, 2) does
not equal (2, 1). Labels decide which part belongs to which: `x = 1, y = 2` equals
`y = 2, x = 1`.
"""

import re
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import TypeVar

from pipeline.verifiers.compare.intervals import Span, read_region
from pipeline.verifiers.compare.members import (
    LABEL,
    Members,
    groups_as_tuples,
    read_labels,
    read_matrix,
    split_members,
    strip_labels,
)
from pipeline.verifiers.compare.normal_form import squeeze
from pipeline.verifiers.compare.policy import Context

MAX_MEMBERS = 50
Part = TypeVar("Part")


def compare_regions(gold: str, predicted: str, context: Context) -> bool | None:
    r"""Inequalities as intervals, and unions of intervals in any order.

    `1 < x \le 2` equals `(1, 2]`; `x < 3` does not equal `y < 3`.
    """
    left, right = read_region(gold), read_region(predicted)
    if left is None or right is None:
        return None
    plainly = left.written_as_interval and right.written_as_interval
    if plainly and len(left.spans) == len(right.spans) == 1:
        return None
    if left.name and right.name and left.name != right.name:
        return False
    if len(left.spans) != len(right.spans) or len(left.spans) > MAX_MEMBERS:
        return False

    def are_equal(span: Span, other: Span) -> bool:
        return (
            (span.has_low, span.has_high) == (other.has_low, other.has_high)
            and context.are_equal(span.low, other.low)
            and context.are_equal(span.high, other.high)
        )

    return _pair_up(left.spans, right.spans, are_equal)


def compare_matrices(gold: str, predicted: str, context: Context) -> bool | None:
    """Cell by cell; a tuple (1, 2) may stand for a single row or column."""
    left, right = read_matrix(gold), read_matrix(predicted)
    if left is None and right is None:
        return None
    left, right = (
        left or _read_vector(gold, right),
        right or _read_vector(predicted, left),
    )
    if left is None or right is None:
        return None if "\\begin" in gold and "\\begin" in predicted else False
    if [len(row) for row in left] != [len(row) for row in right]:
        return False
    rows = zip(left, right, strict=True)
    return all(_equal_in_order(*pair, context) for pair in rows)


def _read_vector(text: str, like: list[list[str]] | None) -> list[list[str]] | None:
    """A tuple as the row or column that `like` is, or a tuple of tuples as rows."""
    vector = split_members(text)
    if like is None or vector.opens not in ("(", "[") or len(vector.parts) < 2:
        return None
    rows = [split_members(part) for part in vector.parts]
    if all(row.opens in ("(", "[") for row in rows):
        return [row.parts for row in rows]
    return [[part] for part in vector.parts] if len(like) > 1 else [vector.parts]


def compare_members(gold: str, predicted: str, context: Context) -> bool | None:
    r"""Lists, sets, tuples and intervals, part by part: `\{1, 2\}` equals `2, 1`.

    `1 \pm \sqrt{2}` is written out as two members.
    """
    left, right = _read_list(gold), _read_list(predicted)
    if max(len(left.parts), len(right.parts)) < 2:
        return _compare_single(left, right, context)
    sizes = len(left.parts), len(right.parts)
    if min(sizes) > 1 and sizes[0] != sizes[1]:
        left, right = _drop_repeated(left), _drop_repeated(right)
    if len(left.parts) != len(right.parts) or len(left.parts) > MAX_MEMBERS:
        return False
    if _brackets_differ(left, right):
        return False
    labels = read_labels(left.parts), read_labels(right.parts)
    same_names = labels[0].keys() == labels[1].keys()
    if all(labels) and (same_names or not _are_indexed(*labels)):
        return same_names and all(
            context.are_equal(value, labels[1][name])
            for name, value in labels[0].items()
        )
    if _indices_differ(left.parts, right.parts):
        return False
    values = strip_labels(left.parts), strip_labels(right.parts)
    is_labelled = any(names and not _are_indexed(names) for names in labels)
    if is_labelled or {"(", "["} & {left.opens, right.opens}:
        return _equal_in_order(*values, context)
    return _equal_in_any_order(*values, context)


def _compare_single(left: Members, right: Members, context: Context) -> bool | None:
    """A set of one member equals that member, in whatever brackets: {3} and 3."""
    if left.parts and right.parts and "\\{" in (left.opens, right.opens):
        return context.are_equal(left.parts[0], right.parts[0])
    return None


def _read_list(text: str) -> Members:
    """The members after the label before them all, groups as tuples, ± written out."""
    members = split_members(text)
    label = LABEL.match(text) if members.opens == "" else None
    if label:
        rest = text[label.end() :]
        is_one = len(members.parts) == 1
        if is_one or (members.parts and "=" not in rest and "\\in" not in label[0]):
            members = split_members(rest)
    parts = groups_as_tuples(members.parts) if len(members.parts) > 1 else members.parts
    return members._replace(parts=list(chain(*map(_write_out_signs, parts))))


def _write_out_signs(text: str) -> list[str]:
    if text.count("\\pm") != 1:
        return [text]
    body = LABEL.sub("", text, count=1)
    return [body.replace("\\pm", sign).strip() for sign in "+-"]


def _drop_repeated(members: Members) -> Members:
    """Without members that are written twice: a set has each of them once."""
    if members.opens in ("(", "["):
        return members
    once = dict(zip(map(squeeze, members.parts), members.parts, strict=True))
    return members._replace(parts=list(once.values()))


def _brackets_differ(left: Members, right: Members) -> bool:
    """Half-open intervals are not open ones; a list may lack its brackets."""
    brackets = (left.opens, left.closes), (right.opens, right.closes)
    if brackets[0] == brackets[1] or ("", "") in brackets:
        return False
    return set(brackets) != {("\\{", "\\}"), ("(", ")")}


def _indices_differ(left: list[str], right: list[str]) -> bool:
    """Whether all parts are labelled, and the indices of the labels are others."""
    if not all("=" in part for part in left + right):
        return False
    labels, others = (
        Counter(re.sub(r"[\s{}]", "", part.partition("=")[0]) for part in parts)
        for parts in (left, right)
    )
    return bool(re.search(r"\d", "".join((labels - others) + (others - labels))))


def _are_indexed(*labels: dict[str, str]) -> bool:
    """Whether all labels are one letter with different indices: x_1, x_2."""
    bases = {re.sub(r"_\{?\w+\}?$", "", name) for names in labels for name in names}
    return len(bases) == 1


def _equal_in_order(left: list[str], right: list[str], context: Context) -> bool:
    return all(context.are_equal(*pair) for pair in zip(left, right, strict=True))


def _equal_in_any_order(left: list[str], right: list[str], context: Context) -> bool:
    def as_text(part: str, other: str) -> bool:
        return squeeze(part) == squeeze(other)

    return _pair_up(sorted(left, key=len), right, as_text, context.are_equal)


def _pair_up(
    left: list[Part], right: list[Part], *tests: Callable[[Part, Part], bool]
) -> bool:
    """Whether each part of `left` equals one of `right` that no other part took.

    The tests of equality are tried in turn, each on all that is left.
    """
    rest = list(right)
    for part in left:
        twins = (other for test in tests for other in rest if test(part, other))
        twin = next(twins, None)
        if twin is None:
            return False
        rest.remove(twin)
    return True
