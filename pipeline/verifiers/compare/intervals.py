r"""Regions of the line: inequalities, intervals and their unions as one form.

`x < 3`, `3 > x`, `1 < x \le 2`, `x \ne 2`, `x<1 or x>2`, `\mathbb{R}\setminus\{2\}`,
`\{x \mid x<3\}` and `(-\infty,3)` all become a list of spans, and those of x < 3 the
same one. What is none of these is no region, and nothing is computed about its ends.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from pipeline.verifiers.compare.members import split_members
from pipeline.verifiers.compare.numbers import read_number

LETTER = r"(?P<name>(?:\\?[A-Za-z]+)(?:_\{?\w+\}?)?(?:\([a-z]\))?|\|[a-z]\|)"
END = r"(?:[^<>=,]|\\(?:frac|sqrt|pi|infty))+?"
SIGN = r"(?:<|>|\\le(?![a-z])|\\ge(?![a-z]))"
CHAIN = re.compile(
    rf"(?P<low>{END}) ?(?P<first>{SIGN}) ?{LETTER} ?(?P<second>{SIGN}) ?(?P<high>{END})"
)
BOUND = re.compile(rf"{LETTER} ?(?P<sign>{SIGN}|\\ne(?![a-z])) ?(?P<value>{END})")
FLIPPED = re.compile(rf"(?P<value>{END}) ?(?P<sign>{SIGN}|\\ne(?![a-z])) ?{LETTER}")
INSIDE = re.compile(rf"{LETTER} ?\\in ?(?P<set>.+)")
BUILDER = re.compile(
    r"\\\{ ?[A-Za-z](?: ?\\in ?\\mathbb\{R\})? ?(?:\\mid|\\vert|\||:) ?(?P<rule>.+)\\\}"
)
LESS_POINTS = re.compile(r"\\mathbb\{R\} ?(?:\\setminus|-) ?\\\{(?P<points>[^{}]*)\\\}")
EXCEPT = re.compile(
    r"^(?:all )?real(?:s| numbers)(?: [a-z])? (?:except|other than)(?: for)? "
    r"(?:[a-z] ?= ?)?([^{}]+)$"
)
REVERSED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "\\ne": "\\ne"}
CLOSED = ("\\le", "\\ge")
UNION = re.compile(r" ?\\cup ?| or |\\lor|\\vee")
GREEK = {"\\theta", "\\alpha", "\\beta", "\\lambda", "\\phi", "\\mu", "\\omega"}
REGION = re.compile(r"[<>]|\\[lg]e(?![a-z])|\\ne(?![a-z])|\\cup|\\in|\\mathbb|[(\[]")


class Span(NamedTuple):
    """One interval: its ends as texts, and whether each belongs to it."""

    low: str
    has_low: bool
    high: str
    has_high: bool


class Region(NamedTuple):
    """Spans, and the letter they bound ("" where none is named)."""

    spans: list[Span]
    name: str
    written_as_interval: bool


def read_region(text: str) -> Region | None:
    """The part of the line that `text` describes, or None where it describes none."""
    text = EXCEPT.sub(r"\\mathbb{R} \\setminus \\{\1\\}", text.strip())
    if not REGION.search(text):
        return None
    text = re.sub(r" ?, ?[A-Za-z] ?\\in ?\\mathbb\{R\}$", "", text)
    if builder := BUILDER.fullmatch(text):
        text = builder["rule"].strip()
    name = ""
    if (inside := INSIDE.fullmatch(text)) and _is_letter(inside["name"]):
        name, text = inside["name"], inside["set"].strip()
    if text == "\\mathbb{R}":
        return Region([Span("-\\infty", False, "\\infty", False)], name, False)
    if less := LESS_POINTS.fullmatch(text):
        return Region(_line_without(less["points"].split(",")), name, True)
    parts = [_read_part(part.strip()) for part in UNION.split(text)]
    regions = [part for part in parts if part]
    names = {part.name for part in regions if part.name} | ({name} if name else set())
    if len(regions) < len(parts) or len(names) > 1:
        return None
    return Region(
        [span for part in regions for span in part.spans],
        names.pop() if names else "",
        all(part.written_as_interval for part in regions),
    )


def _read_part(text: str) -> Region | None:
    interval = split_members(text)
    if interval.opens in ("(", "[") and len(interval.parts) == 2:
        low, high = interval.parts
        high = re.sub(r"^\+ ?(?=\\infty)", "", high)
        span = Span(low, interval.opens == "[", high, interval.closes == "]")
        return Region([span], "", True)
    if overlap := _read_overlap(text):
        return overlap
    if (chain := CHAIN.fullmatch(text)) and _is_letter(chain["name"]):
        return _read_chain(chain)
    for pattern, is_turned in ((BOUND, False), (FLIPPED, True)):
        bound = pattern.fullmatch(text)
        if bound and _is_letter(bound["name"]):
            sign = REVERSED[bound["sign"]] if is_turned else bound["sign"]
            return Region(
                _read_bound(sign, bound["value"].strip(), bound["name"][0] == "|"),
                bound["name"].strip("|"),
                False,
            )
    return None


def _read_overlap(text: str) -> Region | None:
    """`x > 2 and x < 5`: what a lower and an upper bound of one letter leave."""
    parts = re.split(r" ?\\(?:land|wedge)(?![a-z]) ?| and ", text)
    regions = [_read_part(part) for part in parts] if len(parts) == 2 else []
    bounds = sorted(
        (part.name, part.spans[0].low != "-\\infty", part.spans[0])
        for part in regions
        if part and part.name and len(part.spans) == 1
    )
    if len(bounds) < 2 or bounds[0][0] != bounds[1][0] or bounds[0][1] == bounds[1][1]:
        return None
    (name, _, upper), (_, _, lower) = bounds
    low, high = read_number(lower.low), read_number(upper.high)
    if lower.high != "\\infty" or not (low and high and low.value < high.value):
        return None
    span = lower._replace(high=upper.high, has_high=upper.has_high)
    return Region([span], name, False)


def _is_letter(name: str) -> bool:
    """A variable, perhaps indexed or a function's value; no number, no word."""
    bare = re.sub(r"_\{?\w+\}?|\([a-z]\)$", "", name).strip("|")
    return (len(bare) == 1 and bare.isalpha()) or bare in GREEK


def _read_chain(chain: re.Match[str]) -> Region | None:
    r"""`1 < x \le 2`, its mirror image, and `1 < |x| \le 2`, which is two spans."""
    low, high = chain["low"].strip(), chain["high"].strip()
    first, second = chain["first"], chain["second"]
    if (first in ("<", "\\le")) != (second in ("<", "\\le")):
        return None
    if first in (">", "\\ge"):
        low, high, first, second = high, low, second, first
    span = Span(low, first in CLOSED, high, second in CLOSED)
    spans = [_mirror(span), span] if chain["name"][0] == "|" else [span]
    return Region(spans, chain["name"].strip("|"), False)


def _read_bound(sign: str, value: str, is_distance: bool) -> list[Span]:
    """What `x < value` leaves of the line, or where it is a distance, `|x| < value`."""
    if sign == "\\ne":
        return _line_without([_negative(value), value] if is_distance else [value])
    if sign in ("<", "\\le"):
        span = Span("-\\infty", False, value, sign in CLOSED)
        inner = Span(_negative(value), sign in CLOSED, value, sign in CLOSED)
        return [inner if is_distance else span]
    span = Span(value, sign in CLOSED, "\\infty", False)
    beyond = Span("-\\infty", False, _negative(value), sign in CLOSED)
    return [beyond, span] if is_distance else [span]


def _mirror(span: Span) -> Span:
    return Span(_negative(span.high), span.has_high, _negative(span.low), span.has_low)


def _negative(end: str) -> str:
    return f"-({end})" if re.search("[-+]", end) else f"-{end}"


def _line_without(points: list[str]) -> list[Span]:
    """The whole line but for some points, in the order they are given."""
    ends = ["-\\infty", *(point.strip() for point in points), "\\infty"]
    return [Span(low, False, high, False) for low, high in pairwise(ends)]
