"""The final answer in what a model wrote: where it stands, and its text.

Thinking is not answering: what stands before the last `</think>`, or in thinking
that was cut off, does not count, nor does a turn that the model invented after its
own. Of boxes, answer tags and "the final answer is", the last one wins; then an
answer phrase, then the whole of a text that is an expression and no prose, then the
last formula or number. All scans are linear, because the text may be a megabyte of
braces; phrases and formulas are looked for in the last part of a long text alone.
"""

import re
from typing import NamedTuple

from pipeline.verifiers.extract.boxes import (
    MOST_BOXES,
    TAIL,
    complete,
    last_box,
    unbraced,
)
from pipeline.verifiers.extract.phrases import STRONG, anchors

NUMBER = (
    r"(?<![\d.A-Za-z])[-+−]?(?:\d{1,3}(?: \d{3})+(?!\d)|\d[\d,]*)(?:\.\d+)?"
    r"(?:\s?/\s?\d+(?!\d*[.,]?\d*/))?(?:\s?\\?%)?"
    r"|(?<![\d.])[-+−]?\.\d+%?"
)
TAG = re.compile(r"<answer>(.*?)</answer>", re.S)
THOUGHTS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("◁think▷", "◁/think▷"),
)
TURN = re.compile(r"<\|(?:im_start\|>(?:user|system)|im_end\||endoftext\||eot_id\|)")
BRACED = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
BARE = (
    rf"[-+]?[\d.]*\\[dtc]?frac\s?{BRACED}\s?{BRACED}"
    rf"|[-+]?[\d.]*\\sqrt(?:\[\d+\])?{BRACED}"
)
UNIT = r"(?:\s?(?:\\?%|percent\b|pct\b|[€£¥₹]|\\?\$(?!\S*\$)))?"
FORMULA = re.compile(
    rf"(?:\$\$(?P<a>[^$]+)\$\$|\$(?P<b>(?:[^$\n\\]|\\.)+)\$|\\\((?P<c>.+?)\\\)|\\\[(?P<d>.+?)\\\]"
    rf"|(?P<e>{BARE})|(?P<f>(?:[$€£¥]\s?)?(?:{NUMBER})))(?P<unit>{UNIT})",
    re.S,
)
JOINED = re.compile(r"[^.]*(?:,|;|\b(?:and|or)\b|[和或及])[^.]*|[^\w.]*")
PROSE = re.compile(
    r"\b(?:an?(?= [a-z]{2})|(?-i:I)(?= )|are|as|be|but|by|cannot|do|for|get|have|hence"
    r"|is|it|not|of|so|that|the|then|there|therefore|this|thus|to|was|we|which|with|you"
    r"|donc|est|pas|ist|nicht)\b",
    re.I,
)
WORDS = re.compile(r"[^\W\d_]{2,}")
DEEP_WORDS = re.compile(r"\\(?:begin|end)\{[a-z]+\}|\\[A-Za-z]+")
IS = re.compile(
    r"(?:\b(?:is|are|equals?|gives|est(?: de)?|ist|es|был[ао]?|равно|to be)\b"
    r"|[=≈:：是为為])"
    r"(?=\s*\**\s*(?:about |approximately |exactly |only )?\**\s*(?:[$\\€£¥(-]|\d))"
)
SENTENCE = re.compile(
    r"\n|[.!?]\**\s+(?=[A-Z<(*\[])|[。！？।]|,?\s+(?:because|since)\b|<\|"
)


LISTED = re.compile(
    r"[\\\"]*(?:\$[^$]+\$|\\\([^$]+?\\\))"
    r"(?:\s?(?:,|,?\s?and|,?\s?or)\s?(?:\$[^$]+\$|\\\([^$]+?\\\)))+[\\\".]*"
)
CONCLUSION = re.compile(
    r"(?:(?<!here )\b(?:is|are|be|was)|:)\s+(?:an? |the )?"
    r"([^\W\d_][\w'-]*(?: [\w'-]+){0,2})[.!\s*]*$"
)


BARE_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)\.?\s*$")


class Final(NamedTuple):
    """An answer, how it was found, and the boxes before and with it, in order."""

    text: str | None
    how: str
    boxes: tuple[str, ...] = ()
    joined: int = 0
    """How many of the last boxes stand in one statement, such as "3 and 5"."""


def after_thinking(completion: str) -> str:
    """What follows the thinking; nothing where the thinking was cut off."""
    text = completion
    marked = "think" in text or "_of_thought|>" in text
    for opening, closing in THOUGHTS if marked else ():
        _, closed, after = text.rpartition(closing)
        if closed:
            text = after
        elif opening in text:
            return ""
    if "<|" in text and (turn := TURN.search(text)):
        return text[: turn.start()]
    return text


def final(completion: str) -> Final:
    """The answer that `completion` ends with; its text is None where it has none."""
    text = after_thinking(completion)
    marked = _marked(text)
    if marked is not None:
        return marked
    if LISTED.fullmatch(text.strip()):
        return Final(_undelimited(text), "whole text")
    tail = text[-TAIL:]
    last_line = tail[tail.rstrip().rfind("\n") + 1 :]
    for part in dict.fromkeys((last_line, tail)):
        for anchor in anchors(part):
            if stated_there := _statement(part[anchor.end() :]):
                return Final(stated_there, "phrase")
    if is_expression(text):
        return Final(text.strip(), "whole text")
    if formula := _last(tail):
        return Final(formula, "last formula")
    if conclusion := CONCLUSION.search(text[-300:].rstrip()):
        return Final(conclusion[1].strip(), "last words")
    return Final(None, "nothing")


def _marked(text: str) -> Final | None:
    """The last of box, tag and strong phrase; None where there is none of them."""
    spans = list(complete(text, MOST_BOXES)) if "\\" in text else []
    spans.reverse()
    held = tuple(inside for _, _, inside in spans)
    boxed_to = spans[-1][1] if spans else -1
    if (tag_at := text.rfind("</answer>")) > boxed_to:
        found = TAG.findall(text[max(0, text.rfind("<answer>")) :])
        if found and (tagged := found[-1].strip()):
            inner = tagged if is_expression(tagged) else final(tagged).text
            return Final(inner or tagged, "tag", held)
    if held:
        rest = text[boxed_to : boxed_to + TAIL]
        strong = list(STRONG.finditer(rest))
        if strong and (said := _statement(rest[strong[-1].end() :], digits=True)):
            return Final(said, "phrase")
        return Final(held[-1], "box", held, _joined(text, spans))
    if "\\boxed" in text and (bare := unbraced(text)):
        return Final(bare[-1], "box", tuple(bare[-MOST_BOXES:]), 1)
    return None if tag_at < 0 else _tagged(text)


def _tagged(text: str) -> Final | None:
    found = TAG.findall(text)
    return Final(found[-1].strip(), "tag") if found and found[-1].strip() else None


def _joined(text: str, spans: list[tuple[int, int, str]]) -> int:
    """How many boxes at the end are one statement: commas or "and" between them."""
    count = 1
    for before, after in zip(spans[-2::-1], spans[:0:-1], strict=True):
        between = text[before[1] : after[0]]
        if len(between) > 60 or "\n\n" in between or not JOINED.fullmatch(between):
            break
        count += 1
    return count


def stated(completion: str) -> str:
    """The answer of a puzzle: in a tag, in the last box, or all after the thinking."""
    text = after_thinking(completion)
    if tagged := TAG.findall(text):
        return str(tagged[-1]).strip()
    return (last_box(text) or text).strip()


def is_expression(text: str) -> bool:
    """Whether the text is an answer and nothing else: short, one line, no prose."""
    text = text.strip()
    if not text or len(text) > 300 or ("\n" in text and not text.startswith("\\")):
        return False
    if text.count("$") > 1 or re.search(r"[^\W\d_]{2}[^$]*\$[^$]+\$[^$]*$", text):
        return _is_wrapped(text)
    if re.match(r"[^\w\\]*[A-Za-z]{4,}[:\s]\s*[^=]*\d", text):
        return False
    if (len(text) > 1 and "。" in text) or re.search(r"[^\W\d_]\.\s+\w", text):
        return False
    words = WORDS.findall(DEEP_WORDS.sub(" ", text))
    if any(word.isalpha() and not word.isascii() for word in words) and (
        sum(map(len, words)) > 6 or re.search(r"\d\D+\d", text)
    ):
        return False
    return not PROSE.search(DEEP_WORDS.sub(" ", text)) or len(text) == 1


def _is_wrapped(text: str) -> bool:
    """Whether one pair of dollar signs holds everything."""
    inside = text.strip("$ .")
    return (
        text.startswith("$") and text.rstrip(". ").endswith("$") and "$" not in inside
    )


def _statement(rest: str, *, digits: bool = False) -> str | None:
    """What an answer phrase announces: its formula, its number, or its words."""
    rest = rest[:1_000].lstrip(" \t*:：=\n")
    if number := BARE_NUMBER.match(rest):
        return number[1]
    sentence = SENTENCE.split(rest, maxsplit=1)[0].strip().strip("*` ").rstrip(".。 ")
    if LISTED.fullmatch(sentence):
        return _undelimited(sentence)
    if rest.startswith(("$", "\\(", "\\[")) and (leading := FORMULA.match(rest)):
        return _formula(leading)
    if not sentence:
        return None
    spoken = re.sub(r"\b(?:and|or)\b", " ", DEEP_WORDS.sub(" ", sentence))
    if is_expression(sentence) and not re.search(r"[^\W\d_]{3,}.*\d", spoken):
        return (
            sentence if not digits or re.search(r"\d|\\|^\W?\w\W?$", sentence) else None
        )
    copulas = list(IS.finditer(sentence))
    after = sentence[copulas[-1].end() :] if copulas else sentence
    after = re.sub(r"^\s*\**\s*(?:about|approximately|exactly|only) ", "", after)
    found = [one for one in FORMULA.finditer(after) if _has_value(one)]
    if copulas and found:
        return _formula(found[0])
    if re.match(r"\W{0,3}\d", sentence) and found:
        return _formula(found[0])
    if found:
        return _formula(_paid(found))
    return None if digits else sentence


def _undelimited(text: str) -> str:
    return re.sub(r"\$|\\[()]|\\*\"", "", text).strip(" .")


def _has_value(found: re.Match[str]) -> bool:
    return bool(re.search(r"\d|\\(?:frac|sqrt|pi|infty)|^\$\w\$$", found[0]))


def _paid(found: list[re.Match[str]]) -> re.Match[str]:
    """The one amount with a coin or percent sign, else the last number."""
    marked = [one for one in found if re.search(r"[$€£¥₹%]", one[0])]
    return marked[0] if len(marked) == 1 else found[-1]


def _last(tail: str) -> str | None:
    """The last formula or number: in the last line, unless formulas span lines."""
    lines = tail.rstrip()
    line = lines[lines.rfind("\n") + 1 :]
    if "$$" in tail or "\\[" in tail or "\\(" in tail:
        line = tail
    for text in dict.fromkeys((line, tail)):
        found = list(FORMULA.finditer(text))
        if found:
            return _formula(found[-1])
    return None


def _formula(found: re.Match[str]) -> str:
    """What the delimiters hold, with the unit behind them."""
    inside = next(found[name] for name in "abcdef" if found[name] is not None)
    unit = found["unit"].strip()
    if unit.endswith("$"):
        unit = ""
    return (inside.strip().rstrip(",.") + (" " + unit if unit else "")).strip()
