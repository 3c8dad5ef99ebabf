"""The final answer in what a model wrote: where it stands, and its text.

Thinking is not answering: what stands before the last `</think>`, or in thinking
that was cut off, does not count, nor does a turn that the model invented after its
own. Of boxes, answer tags and "the final answer is", the last one wins; then an
answer phrase, then the whole of a text that is an expression and no prose, then the
last formula or number. All scans are linear, because the text may be a megabyte of
braces; phrases and formulas are looked for in the last part of a long text alone.
"""

import json
import re
from typing import NamedTuple

from pipeline.thinking import THOUGHTS
from pipeline.verifiers.extract.boxes import (
    MOST_BOXES,
    TAIL,
    Box,
    bare_boxes,
    complete_boxes,
    last_box,
)
from pipeline.verifiers.extract.clauses import (
    corrected,
    is_bound,
    is_disowned,
    without_conditions,
)
from pipeline.verifiers.extract.markup import strip_markup
from pipeline.verifiers.extract.phrases import STRONG, find_announcements

NUMBER = (
    r"(?<![\d.A-Za-z])[-+−]?(?:\d{1,3}(?: \d{3})+(?!\d)|\d[\d,]*)(?:\.\d+)?"
    r"(?:\s?/\s?\d+(?!\d*[.,]?\d*/))?(?:\s?\\?%)?"
    r"|(?<![\d.])[-+−]?\.\d+%?"
)
TAG = re.compile(r"<answer>(.*?)</answer>", re.S)
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
WORD = re.compile(r"[^\W\d_]{2,}")
COMMAND = re.compile(r"\\(?:begin|end)\{[a-z]+\}|\\[A-Za-z]+")
COPULA = re.compile(
    r"(?:\b(?:is|are|equals?|gives|est(?: de)?|ist|es|был[ао]?|равно|to be)\b"
    r"|[=≈:：是为為])"
    r"(?=\s*\**\s*(?:about |approximately |exactly |only )?\**\s*(?:[$\\€£¥(-]|\d))"
)
SENTENCE = re.compile(
    r"\n|[.!?]\**\s+(?=[A-Z<(*\[])|[。！？।]|,?\s+(?:because|since)\b|<\|"
)
LISTED = re.compile(
    r"[\\\"]*(?:\$[^$]+\$|\\\([^$]+?\\\))"
    r"(?:\s?(?:,(?:\\[,;: ])?|,?\s?and|,?\s?or)\s?"
    r"(?:\$[^$]+\$|\\\([^$]+?\\\)))+[\\\".]*"
)
CONCLUSION = re.compile(
    r"(?:(?<!here )\b(?:is|are|be|was)|:)\s+(?:an? |the )?"
    r"([^\W\d_][\w'-]*(?: [\w'-]+){0,2})[.!\s*]*$"
)
# What most answers of most sets are: a third of the time where nothing else is tried.
BARE_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?)\.?\s*$")


FIELD = re.compile(
    r'"(?:final_?)?answer"\s*:\s*("(?:[^"\\\\]|\\\\.)*"|-?\d[\d.]*(?:e-?\d+)?|true|false)',
    re.I,
)
DATE = re.compile(r"[A-Z][a-z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?\.?")
SEVERAL = re.compile(
    r"(?:either )?[-+$\\\\(]*\d[^\s,;]*(?:,? or [-+$\\\\(]*\d[^\s,;.]*)+", re.I
)
UNCLOSED_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{[^\n]{0,200}$")
EITHER = re.compile(r"[\s,*]*(?:or|oder|ou|o|или|或)[\s*]*", re.I)
OR = re.compile(r"\b(?:or|oder|ou|o|или)\b|[或]|^\s*$", re.I)


class FinalAnswer(NamedTuple):
    """An answer, how it was found, and the boxes of the completion, in order.

    `joined` says how many of the last boxes stand in one statement, such as 2 for
    "3 and 5".
    """

    text: str | None
    how: str
    boxes: tuple[str, ...] = ()
    joined: int = 0


def strip_thinking(completion: str) -> str:
    """What follows the thinking; nothing where the thinking was cut off."""
    text = completion
    marked = "think" in text or "THINK]" in text or "<|" in text
    for opening, closing in THOUGHTS if marked else ():
        _, closed, after = text.rpartition(closing)
        if closed:
            text = after
        elif opening in text:
            return ""
    if "<|" in text and (turn := TURN.search(text)):
        return text[: turn.start()]
    return text


def find_final_answer(completion: str) -> FinalAnswer:
    """The answer that `completion` ends with; its text is None where it has none."""
    text = strip_thinking(completion)
    if marked := _find_marked(text):
        return marked
    if field := _json_field(text):
        return FinalAnswer(field, "field")
    if UNCLOSED_BOX.search(text[-TAIL:]):
        return FinalAnswer(None, "a box that is not closed")
    if LISTED.fullmatch(text.strip()):
        return FinalAnswer(_strip_delimiters(text), "whole text")
    tail = strip_markup(text[-TAIL:]).replace("{,}", ",")
    last_line = tail[tail.rstrip().rfind("\n") + 1 :]
    for part in dict.fromkeys((last_line, tail)):
        for announcement in find_announcements(part):
            if statement := _read_statement(part[announcement.end() :]):
                return FinalAnswer(statement, "phrase")
    whole = strip_markup(text) if len(text) < TAIL else text
    if is_expression(whole) or DATE.fullmatch(whole.strip()):
        return FinalAnswer(whole.strip(), "whole text")
    if formula := _last_formula(tail):
        return FinalAnswer(formula, "last formula")
    if conclusion := CONCLUSION.search(tail[-300:].rstrip()):
        return FinalAnswer(conclusion[1].strip(), "last words")
    return FinalAnswer(None, "nothing")


def _json_field(text: str) -> str | None:
    """What the last field `answer` of a JSON object holds."""
    if '"' not in text:
        return None
    fields = list(FIELD.finditer(text[-TAIL:]))
    if not fields:
        return None
    try:
        value = json.loads(fields[-1][1])
    except ValueError:
        return None
    return last_box(value) or value if isinstance(value, str) else fields[-1][1]


def last_tag(text: str) -> str | None:
    """What the last answer tag holds, or None where there is none."""
    tags = TAG.findall(text) if "</answer>" in text else []
    return tags[-1].strip() if tags else None


def boxed_or_tagged(text: str) -> str | None:
    """What the last box holds, or else the last tag; None for neither."""
    return last_box(text) or last_tag(text) or None


def find_marked_answer(completion: str) -> str:
    """What the last tag or else the last box holds, or all after the thinking."""
    text = strip_thinking(completion)
    tagged = last_tag(text)
    return (last_box(text) or text).strip() if tagged is None else tagged


def _find_marked(text: str) -> FinalAnswer | None:
    """The last of box, tag and strong phrase; None where there is none of them."""
    boxes = list(complete_boxes(text, MOST_BOXES)) if "\\" in text else []
    boxes.reverse()
    contents = tuple(box.content for box in boxes)
    boxed_to = boxes[-1].end if boxes else -1
    tag_at = text.rfind("</answer>")
    if tag_at > boxed_to and (tag := last_tag(text[max(0, text.rfind("<answer>")) :])):
        inner = tag if is_expression(tag) else find_final_answer(tag).text
        return FinalAnswer(inner or tag, "tag", contents)
    if boxes:
        rest = strip_markup(text[boxed_to : boxed_to + TAIL])
        strong = list(STRONG.finditer(rest))
        if strong and (
            statement := _read_statement(rest[strong[-1].end() :], digits=True)
        ):
            return FinalAnswer(statement, "phrase")
        joined = _count_joined(text, boxes)
        return FinalAnswer(_last_of(text, boxes, joined), "box", contents, joined)
    if "\\boxed" in text and (bare := bare_boxes(text)):
        return FinalAnswer(bare[-1], "box", tuple(bare[-MOST_BOXES:]), 1)
    tag = last_tag(text)
    return FinalAnswer(tag, "tag") if tag else None


def _last_of(text: str, boxes: list[Box], joined: int) -> str:
    """What the last box holds; of boxes that are offered, one or the other, all."""
    offered = [boxes[-1].content]
    for before, after in zip(
        boxes[-2 : -joined - 1 : -1], boxes[:-joined:-1], strict=False
    ):
        is_nested = before.end > after.start
        if is_nested or not OR.search(text[before.end : after.start]):
            break
        offered.insert(0, before.content)
    return " or ".join(offered)


def _count_joined(text: str, boxes: list[Box]) -> int:
    """How many boxes at the end are one statement: commas or "and" between them."""
    count = 1
    for before, after in zip(boxes[-2::-1], boxes[:0:-1], strict=True):
        between = text[before.end : after.start]
        if len(between) > 60 or "\n\n" in between or not JOINED.fullmatch(between):
            break
        count += 1
    return count


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
    bare = COMMAND.sub(" ", text)
    words = WORD.findall(bare)
    if any(word.isalpha() and not word.isascii() for word in words) and (
        sum(map(len, words)) > 6 or re.search(r"\d\D+\d", text)
    ):
        return False
    return not PROSE.search(bare) or len(text) == 1


def _is_wrapped(text: str) -> bool:
    """Whether one pair of dollar signs holds everything."""
    inside = text.strip("$ .")
    return (
        text.startswith("$") and text.rstrip(". ").endswith("$") and "$" not in inside
    )


def _read_statement(rest: str, *, digits: bool = False) -> str | None:
    """What an answer phrase announces: its formula, its number, or its words.

    With `digits`, words alone are no answer.
    """
    rest = rest[:1_000].lstrip(" \t*:：=\n")
    if number := BARE_NUMBER.match(rest):
        return number[1]
    sentence = (
        SENTENCE.split(rest, maxsplit=1)[0].strip().strip('*`"“” ').rstrip(".。 ")
    )
    if is_disowned(sentence):
        return None
    settled = corrected(sentence)
    if settled is None:
        return None
    if settled != sentence:
        rest = sentence = settled.strip()
    if several := SEVERAL.match(sentence):
        return several[0]
    sentence = without_conditions(sentence)
    if is_bound(sentence):
        return sentence
    if digits:
        sentence = re.sub(r"(?<!\\)\([^()]*\)\W*$", "", sentence)
    if LISTED.fullmatch(sentence):
        return _strip_delimiters(sentence)
    if rest.startswith(("$", "\\(", "\\[")) and (leading := FORMULA.match(rest)):
        return _formula_text(leading)
    if not sentence:
        return None
    spoken = re.sub(r"\b(?:and|or)\b", " ", COMMAND.sub(" ", sentence))
    if is_expression(sentence) and not re.search(r"[^\W\d_]{3,}.*\d", spoken):
        is_short = re.search(r"\d|\\|^\W?\w\W?$", sentence)
        return sentence if is_short or not digits else None
    copulas = list(COPULA.finditer(sentence))
    after = sentence[copulas[-1].end() :] if copulas else sentence
    after = re.sub(r"^\s*\**\s*(?:about|approximately|exactly|only) ", "", after)
    formulas = [formula for formula in FORMULA.finditer(after) if _has_value(formula)]
    if not formulas:
        return None if digits else sentence
    if copulas or re.match(r"\W{0,3}\d", sentence):
        return _formula_text(formulas[0])
    amounts = [formula for formula in formulas if re.search(r"[$€£¥₹%]", formula[0])]
    return _formula_text(amounts[0] if len(amounts) == 1 else formulas[-1])


def _strip_delimiters(text: str) -> str:
    return re.sub(r"\$|\\[()]|\\*\"", "", text).strip(" .")


def _has_value(formula: re.Match[str]) -> bool:
    return bool(re.search(r"\d|\\(?:frac|sqrt|pi|infty)|^\$\w\$$", formula[0]))


def _last_formula(tail: str) -> str | None:
    """The last formula or number: in the last line, unless formulas span lines.

    What stands in a condition behind another value, or is denied, does not count.
    """
    line = tail.rstrip().rpartition("\n")[2]
    if "$$" in tail or "\\[" in tail:
        line = tail
    for text in dict.fromkeys((line, tail)):
        part: str | None = text
        if text is line and len(line) < 400:
            part = _last_sentence(text)
        if part is None:
            return None
        if formulas := list(FORMULA.finditer(part)):
            return " or ".join(map(_formula_text, _offered(part, formulas)))
    return None


def _offered(part: str, formulas: list[re.Match[str]]) -> list[re.Match[str]]:
    """The last formula, and those before it that are offered beside it."""
    first = len(formulas) - 1
    while first and EITHER.fullmatch(
        part[formulas[first - 1].end() : formulas[first].start()]
    ):
        first -= 1
    return formulas[first:]


def _last_sentence(line: str) -> str | None:
    """The last sentence with a value in it, without its conditions; None if denied."""
    sentences = [
        s for s in re.split(r"(?<=[.!?。])\s+", line) if re.search(r"\d|\\|\$", s)
    ]
    if not sentences:
        return line
    last = sentences[-1]
    if is_disowned(last) or corrected(last) is None:
        return None
    return without_conditions(corrected(last) or last)


def _formula_text(formula: re.Match[str]) -> str:
    """What the delimiters hold, with the unit behind them."""
    inside = next(formula[name] for name in "abcdef" if formula[name] is not None)
    unit = formula["unit"].strip()
    if unit.endswith("$"):
        unit = ""
    return (inside.strip().rstrip(",.") + (" " + unit if unit else "")).strip()
