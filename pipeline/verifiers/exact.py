"""Answers that must be written as the gold one is: white space and case aside."""

from typing import Any

from pipeline.verifiers._final import after_thinking, stated
from pipeline.verifiers._phrases import ANCHOR
from pipeline.verifiers.contract import Verdict


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the answer, or all that follows the thinking, is the gold text."""
    text = stated(completion)
    if not answer or not answer.strip():
        return Verdict(None, text, "the gold answer is empty")
    said = [text]
    if text == after_thinking(completion).strip():
        said += [
            text[found.end() :].strip(" .*`\"'")
            for found in [*ANCHOR.finditer(text)][-1:]
        ]
    same = _folded(answer) in map(_folded, said)
    return Verdict(same, said[-1], "compared as text")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer cannot be compared with, or None where it can."""
    return None if answer and answer.strip() else "the gold answer is empty"


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
