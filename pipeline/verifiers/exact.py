"""Answers that must be written as the gold one is: white space and case aside.

`info["policy"]` says what else does not count, or what does: `case` (true: capitals
count), `punctuation` (false: signs such as . , ! ' do not count), `articles` (false:
a leading "the", "a" or "an" does not count). Unicode is composed (NFC) first.
"""

import re
import unicodedata
from typing import Any, NamedTuple

from pipeline.verifiers.compare.policy import chosen_policy
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import after_thinking, stated
from pipeline.verifiers.extract.phrases import anchors


class Policy(NamedTuple):
    """What counts when two texts are compared."""

    case: bool = False
    punctuation: bool = True
    articles: bool = True


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the answer, or all that follows the thinking, is the gold text."""
    policy = chosen_policy(Policy, Policy._fields, info)
    text = stated(completion)
    if not answer or not answer.strip():
        return Verdict(None, text, "the gold answer is empty")
    said = [text]
    if text == after_thinking(completion).strip():
        announced = next(anchors(text), None)
        if announced:
            line = text[announced.end() :].strip().partition("\n")[0]
            said.append(line.strip(" .*`\"'"))
    gold = _folded(answer, policy)
    same = gold in (_folded(one, policy) for one in said)
    return Verdict(same, said[-1], "compared as text")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer cannot be compared with, or None where it can."""
    return None if answer and answer.strip() else "the gold answer is empty"


def _folded(text: str, policy: Policy) -> str:
    text = unicodedata.normalize("NFC", text)
    if not policy.case:
        text = text.casefold()
    if not policy.punctuation:
        text = re.sub(r"[^\w\s]", "", text)
    text = " ".join(text.split())
    return text if policy.articles else re.sub(r"^(?:the|an?) ", "", text, flags=re.I)
