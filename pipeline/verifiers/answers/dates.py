"""Dates and times of day: `January 5th, 2024`, `1/2/2024`, `2024-01-05`, `3:45 pm`."""

import re

from pipeline.verifiers.answers.tree import Node

MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december",
]  # fmt: skip
MONTH = "|".join(f"{month}|{month[:3]}" for month in MONTHS)
DAY_FIRST = re.compile(rf"(\d{{1,2}}) (?:of )?({MONTH})\.?,?(?: (\d{{4}}))?", re.I)
MONTH_FIRST = re.compile(rf"({MONTH})\.? (\d{{1,2}}),?(?: (\d{{4}}))?", re.I)
SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})|(\d{4})-(\d{1,2})-(\d{1,2})")
DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])\.? ?m\.?", re.I)


def read_date(text: str) -> Node | None:
    """A date (month, day, year), a time (hour, minute, half of the day), or None."""
    text = text.strip(" .")
    if match := TIME.fullmatch(
        text + ("." if text.endswith((" p.m", " a.m", "p.m", "a.m")) else "")
    ):
        return Node("time", (), (int(match[1]), int(match[2] or 0), match[3].lower()))
    if match := DOTTED.fullmatch(text):  # the day first, as where dates have points
        return Node("date", (), ("month", int(match[2]), int(match[1]), int(match[3])))
    if match := SLASHED.fullmatch(text):
        if year := match[4]:  # ISO 8601 says which part is the month
            return Node("date", (), ("month", int(match[5]), int(match[6]), int(year)))
        return Node("date", (), tuple(int(part) for part in match.groups() if part))
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text)
    if match := MONTH_FIRST.fullmatch(text):
        return _date(match[1], match[2], match[3])
    if match := DAY_FIRST.fullmatch(text):
        return _date(match[2], match[1], match[3])
    return None


def _date(month: str, day: str, year: str | None) -> Node:
    number = next(
        n for n, name in enumerate(MONTHS, 1) if name.startswith(month.lower()[:3])
    )
    return Node("date", (), ("month", number, int(day), int(year or 0)))


def same_date(gold: Node, answer: Node) -> bool:
    """Whether two dates or times are the same; am or pm and the year may be missing."""
    if "time" in (gold.op, answer.op):
        left, right = _clock(gold), _clock(answer)
        if left is None or right is None or left[:2] != right[:2]:
            return False
        return left[2] == right[2] or "" in (left[2], right[2])
    if gold.op != answer.op or len(gold.value) != len(answer.value):
        return False
    if gold.value[0] == "month" and 0 in (gold.value[-1], answer.value[-1]):
        return bool(gold.value[:-1] == answer.value[:-1])
    return bool(gold.value == answer.value)


def _clock(tree: Node) -> tuple[int, int, str] | None:
    if tree.op == "time":
        hour, minute, half = tree.value
        return hour, minute, half
    parts = [part.value.value for part in tree.args if part.op == "number"]
    if tree.op == "ratio" and len(parts) == len(tree.args) == 2:
        hour, minute = int(parts[0]), int(parts[1])
        return (hour - 12, minute, "p") if 12 < hour < 24 else (hour, minute, "")
    return None
