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

from pipeline.thinking import strip_thinking
from pipeline.verifiers.extract.boxes import (
    MOST_BOXES,
    TAIL,
    Box,
    bare_boxes,
    complete_boxes,
    last_box,
)
from pipeline.verifiers.extract.clauses import (
    find_retraction,
    is_disowned,
    is_misled,
    join_offered,
)
from pipeline.verifiers.extract.markup import strip_markup
from pipeline.verifiers.extract.phrases import (
    SENTENCE_START,
    STRONG,
    find_announcements,
    without_supposed,
)
from pipeline.verifiers.extract.statement import (
    LISTED,
    is_expression,
    last_formula,
    read_statement,
    strip_delimiters,
)

JOINED = re.compile(r"[^.]*(?:,|;|\b(?:and|or)\b|[和或及])[^.]*|[^\w.]*")
CONCLUSION = re.compile(
    r"(?:(?<!here )\b(?:is|are|be|was)|:)\s+(?:an? |the )?"
    r"([^\W\d_][^\W\d]*(?:['-][^\W\d]+)*(?: [^\W\d][^\W\d'-]*){0,2})[.!\s*]*$"
)
FIELD = re.compile(
    r'"(?:final_?)?answer"\s*:\s*("(?:[^"\\\\]|\\\\.)*"|-?\d[\d.]*(?:e-?\d+)?|true|false|null)',
    re.I,
)
VALUE = re.compile(r"\d|\\|^\W?\w\W?$")
UNCLOSED_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{[^\n]{0,200}$")
OR_VALUE = re.compile(r"[\s$)\\]*(?:or|oder|ou|или|或)\s+[$\\(]*(-?\d[\d./]*\b)")


class FinalAnswer(NamedTuple):
    """An answer, how it was found, and the boxes of the completion, in order.

    `joined` says how many of the last boxes stand in one statement, such as 2 for
    "3 and 5".
    """

    text: str | None
    how: str
    boxes: tuple[str, ...] = ()
    joined: int = 0


def find_final_answer(completion: str) -> FinalAnswer:
    """The answer that `completion` ends with; its text is None where it has none."""
    text = strip_thinking(completion)
    if marked := _find_marked(text):
        return marked
    if '"' in text and (field := _json_field(text)):
        return FinalAnswer(field, "field")
    if UNCLOSED_BOX.search(text[-TAIL:]):
        return FinalAnswer(None, "a box that is not closed")
    if LISTED.fullmatch(text.strip()):
        return FinalAnswer(strip_delimiters(text), "whole text")
    tail = text[-TAIL:].rstrip()
    for part in (tail.rpartition("\n")[2], tail):  # most announce on the last line
        plain = strip_markup(part).replace("{,}", ",")
        if announced := _announced(plain):
            return announced
    whole = strip_markup(text) if len(text) < TAIL else text
    if is_expression(whole):
        return FinalAnswer(whole.strip(), "whole text")
    if formula := last_formula(without_supposed(plain)):
        return FinalAnswer(formula, "last formula")
    if conclusion := CONCLUSION.search(plain[-300:].rstrip()):
        return FinalAnswer(conclusion[1].strip(), "last words")
    return FinalAnswer(None, "nothing")


def _announced(text: str) -> FinalAnswer | None:
    """What the last announcement that is followed by an answer says."""
    for announcement in find_announcements(text):
        rest = text[announcement.end() :]
        if statement := read_statement(rest):
            return FinalAnswer(_unless_retracted(statement, rest), "phrase")
    return None


def _unless_retracted(statement: str, rest: str) -> str | None:
    """The statement that `rest` begins with, or what stands behind words of retreat."""
    later = find_retraction(rest)
    if later is None:
        return statement
    if is_disowned(later):
        return last_formula(later)
    return last_formula(later) or statement


def _json_field(text: str) -> str | None:
    """What the last field `answer` of a JSON object holds."""
    fields = FIELD.findall(text[-TAIL:])
    try:
        value = json.loads(fields[-1]) if fields else None
    except ValueError:
        return None
    return value if isinstance(value, str) or not fields else str(fields[-1])


def last_tag(text: str) -> str | None:
    """What the last answer tag holds, or None where there is none."""
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, max(end, 0))
    return None if start < 0 else text[start + len("<answer>") : end].strip()


def last_marked(text: str) -> str | None:
    """What the last box or answer tag holds, or None where there is neither."""
    box = next(complete_boxes(text, 1), None)
    tag = last_tag(text)
    if tag is None or (box and box.start > text.rfind("</answer>")):
        return last_box(text)
    return last_box(tag) or tag


def find_marked_answer(completion: str) -> str:
    """What the last box or tag holds, or all after the thinking."""
    text = strip_thinking(completion)
    marked = last_marked(text)
    return (text if marked is None else marked).strip()


def _find_marked(text: str) -> FinalAnswer | None:
    """The last of box, tag and strong phrase; None where there is none of them."""
    boxes = list(complete_boxes(text, MOST_BOXES)) if "\\" in text else []
    boxes.reverse()
    count = len(boxes)
    while boxes and _is_denied(text, boxes[-1]):
        boxes.pop()
    if count and not boxes:
        return FinalAnswer(None, "a box that is denied")
    contents = tuple(box.content for box in boxes)
    boxed_to = boxes[-1].end if boxes else -1
    if text.rfind("</answer>") > boxed_to and (tag := last_tag(text)):
        return FinalAnswer(find_final_answer(tag).text or tag, "tag", contents)
    if boxes:
        rest = strip_markup(text[boxed_to : boxed_to + TAIL])
        strong = list(STRONG.finditer(rest))
        statement = read_statement(rest[strong[-1].end() :]) if strong else None
        if statement and VALUE.search(statement):
            return FinalAnswer(statement, "phrase")
        later = find_retraction(rest[:300])
        if later is not None and is_disowned(rest[:300]):
            return FinalAnswer(last_formula(later), "phrase")
        joined = _count_joined(text, boxes)
        return FinalAnswer(_last_of(text, boxes, joined), "box", contents, joined)
    if "\\boxed" in text and (bare := bare_boxes(text)):
        return FinalAnswer(bare[-1], "box", tuple(bare[-MOST_BOXES:]), 1)
    return None


def _is_denied(text: str, box: Box) -> bool:
    """Whether the words beside a box say that it is not the answer."""
    before = text[max(0, box.start - 80) : box.start].rpartition("\n")[2]
    behind = text[box.end : box.end + 80].partition("\n")[0].lstrip("$) ]\\")
    return is_misled(SENTENCE_START.split(before)[-1], behind)


def _last_of(text: str, boxes: list[Box], joined: int) -> str:
    """What the last box holds; of boxes with nothing but `or` between them, all."""
    offered = [boxes[-1].content]
    if match := OR_VALUE.match(text[boxes[-1].end :][:60]):
        offered.append(match[1])
    for before, after in zip(
        boxes[-2 : -joined - 1 : -1], boxes[:-joined:-1], strict=False
    ):
        between = text[before.end : after.start].strip(" $\n")
        is_nested = before.end > after.start
        if is_nested or (between and not join_offered(between)):
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
