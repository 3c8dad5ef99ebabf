r"""Regions of the line: inequalities, intervals and their unions as one form.

`x < 3`, `3 > x`, `1 < x \le 2`, `x \ne 2`, `x<1 or x>2`, `\mathbb{R}\setminus\{2\}`,
`\{x \mid x<3\}` and `(-\infty,3)` all become a list of spans. What is none of these
is no region, and nothing is computed about its ends.
"""

import re
from itertools import pairwise
from typing import NamedTuple

from pipeline.verifiers.compare.members import members
from pipeline.verifiers.compare.numbers import number

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
LESS_REAL = re.compile(r"\\mathbb\{R\} ?(?:\\setminus|-) ?\\\{(?P<points>[^{}]*)\\\}")
EXCEPT = re.compile(
    r"^(?:all )?real(?:s| numbers)(?: [a-z])? (?:except|other than)(?: for)? "
    r"(?:[a-z] ?= ?)?([^{}]+)$"
)
REVERSED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "\\ne": "\\ne"}
WORDS = re.compile(r"\\?[A-Za-z]{2,}")
GREEK = {"\\theta", "\\alpha", "\\beta", "\\lambda", "\\phi", "\\mu", "\\pi", "\\omega"}


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


def region(text: str) -> Region | None:
    """The part of the line that `text` describes, or None where it describes none."""
    text = EXCEPT.sub(r"\\mathbb{R} \\setminus \\{\1\\}", text.strip())
    if not re.search(
        r"[<>]|\\[lg]e(?![a-z])|\\ne(?![a-z])|\\cup|\\in|\\mathbb|[(\[]", text
    ):
        return None
    text = re.sub(r" ?, ?[A-Za-z] ?\\in ?\\mathbb\{R\}$", "", text)
    if found := BUILDER.fullmatch(text):
        text = found["rule"].strip()
    name = ""
    if (found := INSIDE.fullmatch(text)) and _is_letter(found["name"]):
        name, text = found["name"], found["set"].strip()
    if re.fullmatch(r"\\mathbb\{R\}", text):
        return Region([Span("-\\infty", False, "\\infty", False)], name, False)
    if found := LESS_REAL.fullmatch(text):
        return Region(_without(found["points"].split(",")), name, True)
    parts = re.split(r" ?\\cup ?| or |\\lor|\\vee", text)
    found_all = [_part(part.strip()) for part in parts]
    if any(part is None for part in found_all):
        return None
    known = [part for part in found_all if part]
    names = {part.name for part in known if part.name} | ({name} if name else set())
    if len(names) > 1:
        return None
    spans = [span for part in known for span in part.spans]
    as_interval = all(part.written_as_interval for part in known)
    return Region(spans, names.pop() if names else "", as_interval)


def _part(text: str) -> Region | None:
    found = members(text)
    if found.opens in ("(", "[") and len(found.parts) == 2:
        low, high = found.parts
        span = Span(low, found.opens == "[", _signless(high), found.closes == "]")
        return Region([span], "", True)
    if both := _overlap(text):
        return both
    if (chain := CHAIN.fullmatch(text)) and _is_letter(chain["name"]):
        return _between(chain)
    for pattern, turned in ((BOUND, False), (FLIPPED, True)):
        bound = pattern.fullmatch(text)
        if bound and _is_letter(bound["name"]):
            sign = REVERSED[bound["sign"]] if turned else bound["sign"]
            value, name = bound["value"].strip(), bound["name"]
            if name.startswith("|"):
                return Region(_apart(sign, value), name.strip("|"), False)
            return Region(_beyond(sign, value), name, False)
    return None


def _overlap(text: str) -> Region | None:
    """`x > 2 and x < 5`: what a lower and an upper bound of one letter leave."""
    parts = re.split(r" ?\\(?:land|wedge)(?![a-z]) ?| and ", text)
    found = [_part(part) for part in parts] if len(parts) == 2 else []
    if not all(part and part.name and len(part.spans) == 1 for part in found):
        return None
    bounds = sorted(
        (part.name, part.spans[0].low != "-\\infty", part.spans[0])
        for part in found
        if part
    )
    if not bounds or bounds[0][0] != bounds[1][0] or bounds[0][1] == bounds[1][1]:
        return None
    (name, _, upper), (_, _, lower) = bounds
    low, high = number(lower.low), number(upper.high)
    if lower.high != "\\infty" or not (low and high and low.value < high.value):
        return None
    return Region(
        [lower._replace(high=upper.high, has_high=upper.has_high)], name, False
    )


def _is_letter(name: str) -> bool:
    """A variable, perhaps indexed or a function's value; no number, no word."""
    bare = re.sub(r"_\{?\w+\}?|\([a-z]\)$", "", name).strip("|")
    return (len(bare) == 1 and bare.isalpha()) or (bare in GREEK and bare != "\\pi")


def _between(chain: re.Match[str]) -> Region | None:
    low, high = chain["low"].strip(), chain["high"].strip()
    first, second = chain["first"], chain["second"]
    if (first in ("<", "\\le")) != (second in ("<", "\\le")):
        return None
    if first in (">", "\\ge"):
        low, high, first, second = high, low, second, first
    span = Span(low, first in ("\\le", "\\ge"), high, second in ("\\le", "\\ge"))
    if (name := chain["name"]).startswith("|"):
        mirrored = Span(_negative(high), span.has_high, _negative(low), span.has_low)
        return Region([mirrored, span], name.strip("|"), False)
    return Region([span], name, False)


def _beyond(sign: str, value: str) -> list[Span]:
    if sign == "\\ne":
        return _without([value])
    if sign in ("<", "\\le"):
        return [Span("-\\infty", False, value, sign == "\\le")]
    return [Span(value, sign == "\\ge", "\\infty", False)]


def _apart(sign: str, value: str) -> list[Span]:
    """The numbers whose distance from zero is as said."""
    closed = sign in ("\\le", "\\ge")
    if sign in ("<", "\\le"):
        return [Span(_negative(value), closed, value, closed)]
    if sign == "\\ne":
        return _without([_negative(value), value])
    return [
        Span("-\\infty", False, _negative(value), closed),
        Span(value, closed, "\\infty", False),
    ]


def _negative(end: str) -> str:
    return f"-({end})" if re.search("[-+]", end) else f"-{end}"


def _without(points: list[str]) -> list[Span]:
    """The whole line but for some points, in the order they are given."""
    ends = ["-\\infty", *(point.strip() for point in points), "\\infty"]
    return [Span(low, False, high, False) for low, high in pairwise(ends)]


def _signless(end: str) -> str:
    return re.sub(r"^\+ ?(?=\\infty)", "", end)
