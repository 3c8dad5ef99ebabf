"""The final answer in what a model wrote: where it stands, and its text.

Thinking is not answering: what stands before the last `</think>`, or in thinking
that was cut off, does not count. The last box that holds something wins; then an
answer tag, then an answer phrase, then the whole of a text that is an expression
and no prose, then the last formula or number. All scans are linear, because the
text may be a megabyte of braces.
"""

import re
from typing import NamedTuple

NUMBER = r"[-+−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s?/\s?\d+)?%?"
TAG = re.compile(r"<answer>(.*?)</answer>", re.S)
PHRASE = re.compile(
    r"(?:####|\b(?:final |correct )?answer\b[ \t]*(?:is\b|[:=])|^[ \t]*A:)"
    r"[\s:*]*([^\n]+)",
    re.I | re.M,
)
FORMULA = re.compile(
    r"\$\$([^$]+)\$\$|\$([^$\n]+)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]|(" + NUMBER + ")", re.S
)
BOX_PARTS = re.compile(r"\\(?:boxed|fbox)\s*\{|\\.|[{}]", re.S)
BARE_BOX = re.compile(r"\\boxed\s*([^\s{}$\\][^\s{}$]*)")
PROSE = re.compile(
    r"\b(?:an?(?= [a-z]{2})|I(?= )|are|as|be|but|by|cannot|do|for|get|have|hence|is|it|"
    r"not|of|so|that|the|then|there|therefore|this|thus|to|was|we|which|with|you)\b",
    re.I,
)


class Final(NamedTuple):
    """An answer, how it was found, and all boxes where it stood in one."""

    text: str | None
    how: str
    boxes: tuple[str, ...] = ()


def after_thinking(completion: str) -> str:
    """What follows the thinking; nothing where the thinking was cut off."""
    _, closed, after = completion.rpartition("</think>")
    if closed:
        return after
    return "" if "<think>" in completion else completion


def final(completion: str) -> Final:
    """The answer that `completion` ends with; its text is None where it has none."""
    text = after_thinking(completion)
    if found := boxes(text):
        return Final(found[-1], "box", tuple(found))
    if tagged := TAG.findall(text):
        return Final(tagged[-1].strip() or None, "tag")
    if phrases := PHRASE.findall(text):
        return Final(_sentence(phrases[-1]) or None, "phrase")
    if is_expression(text):
        return Final(text.strip(), "whole text")
    if formulas := FORMULA.findall(text):
        return Final(next(filter(None, formulas[-1])).strip(), "last formula")
    return Final(None, "nothing")


def stated(completion: str) -> str:
    """The answer of a puzzle: in a tag, in the last box, or all after the thinking."""
    text = after_thinking(completion)
    if tagged := TAG.findall(text):
        return str(tagged[-1]).strip()
    return (last_box(text) or text).strip()


def last_box(text: str) -> str | None:
    """What the last complete box holds, or None where there is none."""
    found = boxes(text)
    return found[-1] if found else None


def boxes(text: str) -> list[str]:
    """What the complete boxes hold, in order of appearance; empty ones left out."""
    opened: list[int | None] = []
    found: dict[int, str] = {}
    for part in BOX_PARTS.finditer(text):
        if part[0] == "{":
            opened.append(None)
        elif part[0].endswith("{") and len(part[0]) > 2:
            opened.append(part.end())
        elif part[0] == "}" and opened and (start := opened.pop()) is not None:
            found[start] = text[start : part.start()].strip()
    held = [inside for _, inside in sorted(found.items()) if inside]
    return held or [bare.rstrip(".,;") for bare in BARE_BOX.findall(text)]


def is_expression(text: str) -> bool:
    """Whether the text is an answer and nothing else: short, one line, no prose."""
    text = text.strip()
    if not text or len(text) > 300 or "\n" in text:
        return False
    return not PROSE.search(re.sub(r"\\[A-Za-z]+", " ", text)) or len(text) == 1


def _sentence(phrase: str) -> str:
    """The formula that the phrase starts with, or its first sentence."""
    phrase = phrase.strip().strip("*").strip()
    formula = re.match(r"[^$\\\d]{0,20}?(?:\$([^$]+)\$|\\\((.+?)\\\))", phrase)
    if formula:
        return (formula[1] or formula[2]).strip()
    first = re.split(r"\.\s+(?=[A-Z])|,?\s+(?:because|since|as|which)\b|;", phrase)[0]
    return first.strip().rstrip(".").strip("*` ")
