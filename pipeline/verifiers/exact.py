"""Answers that must be written as the gold one is: white space and case aside.

"New York" is met by "new  york" and by "The answer is New York.", not by "NYC".

`info["policy"]` says what else does not count, or what does: `case` (true: capitals
count), `punctuation` (false: signs such as . , ! ' do not count), `articles` (false:
a leading "the", "a" or "an" does not count). Unicode is composed (NFC) first.
"""

import re
import unicodedata
from typing import Any, NamedTuple

from pipeline.verifiers.answers.policy import read_policy
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import find_marked_answer, strip_thinking
from pipeline.verifiers.extract.phrases import find_announcements

MAY_BE_OVERRULED = True


class Policy(NamedTuple):
    """What counts when two texts are compared."""

    case: bool = False
    punctuation: bool = True
    articles: bool = True


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the answer, or all that follows the thinking, is the gold text."""
    policy = read_policy(Policy, info)
    text = find_marked_answer(completion)
    if not answer or not answer.strip():
        return Verdict(None, text, "the gold answer is empty")
    texts = [text]
    is_whole = text == strip_thinking(completion).strip()
    if is_whole and (announcement := next(find_announcements(text), None)):
        line = text[announcement.end() :].strip().partition("\n")[0]
        texts.append(line.strip(" .*`\"'"))
    is_equal = _fold(answer, policy) in [_fold(text, policy) for text in texts]
    return Verdict(is_equal, texts[-1], "compared as text")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer cannot be compared with, or None where it can."""
    return None if answer and answer.strip() else "the gold answer is empty"


def _fold(text: str, policy: Policy) -> str:
    text = unicodedata.normalize("NFC", text)
    if not policy.case:
        text = text.casefold()
    if not policy.punctuation:
        text = re.sub(r"[^\w\s]", "", text)
    text = " ".join(text.split())
    return text if policy.articles else re.sub(r"^(?:the|an?) ", "", text, flags=re.I)
