"""Answers that must be written as the gold one is: white space and case aside."""

from typing import Any

from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.puzzle import said


def verify(answer: str, completion: str, info: dict[str, Any]) -> Verdict:
    text = said(completion)
    same = " ".join(text.split()).casefold() == " ".join(answer.split()).casefold()
    return Verdict(same, text, "compared as text")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    return None if answer and answer.strip() else "the gold answer is empty"
