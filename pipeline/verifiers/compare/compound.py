r"""What has parts: regions of the line, matrices, lists, sets and tuples.

Each step pairs the parts of one side with those of the other and compares them by the
whole cascade. Brackets decide whether order counts; labels (`x = 1`) decide which
part belongs to which.
"""

import re
from collections import Counter

from pipeline.verifiers.compare.intervals import Region, Span, region
from pipeline.verifiers.compare.members import (
    LABEL,
    Members,
    grouped,
    labelled,
    members,
    rows,
    unlabelled,
)
from pipeline.verifiers.compare.normal_form import squeezed
from pipeline.verifiers.compare.policy import Context

MAX_MEMBERS = 50


def as_regions(gold: str, said: str, context: Context) -> bool | None:
    """Inequalities as intervals, and unions of intervals in any order."""
    ours, theirs = region(gold), region(said)
    if ours is None or theirs is None:
        return None
    plainly = ours.written_as_interval and theirs.written_as_interval
    if plainly and len(ours.spans) == len(theirs.spans) == 1:
        return None
    if ours.name and theirs.name and ours.name != theirs.name:
        return False
    return _regions(ours, theirs, context)


def _regions(ours: Region, theirs: Region, context: Context) -> bool:
    rest = list(theirs.spans)
    if len(ours.spans) != len(rest) or len(rest) > MAX_MEMBERS:
        return False
    for span in ours.spans:
        twin = next((other for other in rest if _spans(span, other, context)), None)
        if twin is None:
            return False
        rest.remove(twin)
    return True


def _spans(one: Span, other: Span, context: Context) -> bool:
    return (
        (one.has_low, one.has_high) == (other.has_low, other.has_high)
        and context.same(one.low, other.low)
        and context.same(one.high, other.high)
    )


def as_matrices(gold: str, said: str, context: Context) -> bool | None:
    """Cell by cell; a tuple may stand for a single row or column."""
    ours, theirs = rows(gold), rows(said)
    if ours is None and theirs is None:
        return None
    ours, theirs = ours or _vector(gold, theirs), theirs or _vector(said, ours)
    if ours is None or theirs is None:
        return None if "\\begin" in gold and "\\begin" in said else False
    if [len(row) for row in ours] != [len(row) for row in theirs]:
        return False
    pairs = zip(ours, theirs, strict=True)
    return all(_ordered(left, right, context) for left, right in pairs)


def _vector(text: str, like: list[list[str]] | None) -> list[list[str]] | None:
    found = members(text)
    if like is None or found.opens not in ("(", "[") or len(found.parts) < 2:
        return None
    lines = [members(part) for part in found.parts]
    if all(line.opens in ("(", "[") for line in lines):
        return [line.parts for line in lines]
    return [[part] for part in found.parts] if len(like) > 1 else [found.parts]


def as_members(gold: str, said: str, context: Context) -> bool | None:
    """Lists, sets, tuples and intervals, part by part, after `±` is written out."""
    ours, theirs = _listed(gold), _listed(said)
    if max(len(ours.parts), len(theirs.parts)) < 2:
        one = ours.parts and theirs.parts and ours.opens != theirs.opens
        if one and "\\{" in (ours.opens, theirs.opens):
            return context.same(ours.parts[0], theirs.parts[0])
        if ours.opens == theirs.opens == "\\{" and one is False:
            return context.same(ours.parts[0], theirs.parts[0])
        return None
    if min(len(ours.parts), len(theirs.parts)) > 1 and len(ours.parts) != len(
        theirs.parts
    ):
        ours, theirs = _distinct(ours), _distinct(theirs)
    if len(ours.parts) != len(theirs.parts) or len(ours.parts) > MAX_MEMBERS:
        return False
    if _brackets_differ(ours, theirs):
        return False
    named, others = labelled(ours.parts), labelled(theirs.parts)
    if (
        named
        and others
        and (named.keys() == others.keys() or not _indexed(named, others))
    ):
        return named.keys() == others.keys() and all(
            context.same(value, others[name]) for name, value in named.items()
        )
    if _indices_differ(ours.parts, theirs.parts):
        return False
    left, right = unlabelled(ours.parts), unlabelled(theirs.parts)
    if _is_ordered(ours, theirs, named, others):
        return _ordered(left, right, context)
    return _unordered(left, right, context)


def _listed(text: str) -> Members:
    """The members after the label before them all, groups as tuples, ± written out."""
    found = members(text)
    if found.opens == "" and (label := LABEL.match(text)) and len(found.parts) > 1:
        rest = text[label.end() :]
        if "=" not in rest and "\\in" not in label[0]:
            found = members(rest)
    if len(found.parts) == 1 and found.opens == "" and (label := LABEL.match(text)):
        found = members(text[label.end() :])
    parts = grouped(found.parts) if len(found.parts) > 1 else found.parts
    parts = [one for part in parts for one in _both_signs(part)]
    return found._replace(parts=parts)


def _both_signs(text: str) -> list[str]:
    if text.count("\\pm") != 1:
        return [text]
    body = LABEL.sub("", text, count=1)
    return [body.replace("\\pm", sign).strip() for sign in "+-"]


def _distinct(found: Members) -> Members:
    """Without members that are written twice: a set has each of them once."""
    if found.opens in ("(", "["):
        return found
    once = dict(zip(map(squeezed, found.parts), found.parts, strict=True))
    return found._replace(parts=list(once.values()))


def _brackets_differ(ours: Members, theirs: Members) -> bool:
    """Half-open intervals are not open ones; a list may lack its brackets."""
    brackets = (ours.opens, ours.closes), (theirs.opens, theirs.closes)
    if brackets[0] == brackets[1] or ("", "") in brackets:
        return False
    return set(brackets) != {("\\{", "\\}"), ("(", ")")}


def _indices_differ(ours: list[str], theirs: list[str]) -> bool:
    """Whether all parts are labelled, and the indices of the labels are others."""
    if not all("=" in part for part in ours + theirs):
        return False
    left, right = (
        Counter(re.sub(r"[\s{}]", "", part.partition("=")[0]) for part in parts)
        for parts in (ours, theirs)
    )
    return bool(re.search(r"\d", "".join((left - right) + (right - left))))


def _indexed(*named: dict[str, str]) -> bool:
    """Whether all labels are one letter with different indices: x_1, x_2."""
    bases = {re.sub(r"_\{?\w+\}?$", "", name) for names in named for name in names}
    return len(bases) == 1


def _is_ordered(
    ours: Members, theirs: Members, named: dict[str, str], others: dict[str, str]
) -> bool:
    """What stands in ( or [ is ordered, and so are values that others label."""
    if {"(", "["} & {ours.opens, theirs.opens}:
        return True
    return (bool(named) and not _indexed(named)) or (
        bool(others) and not _indexed(others)
    )


def _ordered(left: list[str], right: list[str], context: Context) -> bool:
    pairs = list(zip(left, right, strict=True))
    return all(context.same(ours, theirs) for ours, theirs in pairs)


def _unordered(left: list[str], right: list[str], context: Context) -> bool:
    """Whether the parts pair up, each with one of its own."""
    rest = list(right)
    for part in sorted(left, key=len):
        twin = next(
            (other for other in rest if squeezed(other) == squeezed(part)), None
        )
        if twin is None:
            twin = next((other for other in rest if context.same(part, other)), None)
        if twin is None:
            return False
        rest.remove(twin)
    return True
