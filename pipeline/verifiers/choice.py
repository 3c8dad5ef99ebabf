"""Multiple choice: the letter, or the text that `info["choices"]` gives it."""

import re
from typing import Any

from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.math import last_box

PHRASE = re.compile(
    r"(?:answer|choice|option)(?:\s+is)?\s*:?\s*\(?\*{0,2}([A-Z])\b", re.I
)


def verify(answer: str, completion: str, info: dict[str, Any]) -> Verdict:
    choices = _choices(info)
    gold = _letter(answer, choices)
    text = completion.rpartition("</think>")[2] or completion
    boxed = last_box(text)
    found = _letter(boxed, choices) if boxed else _in_prose(text)
    if gold is None:
        return Verdict(None, found, "the gold answer is no choice")
    if found is None:
        return Verdict(False, boxed, "no choice found")
    return Verdict(found == gold, found, "compared as letters")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    if not answer or _letter(answer, _choices(info)) is None:
        return "the gold answer is neither a letter nor the text of a choice"
    return None


def _choices(info: dict[str, Any]) -> dict[str, str]:
    given = info.get("choices") or {}
    if isinstance(given, list):
        given = {chr(65 + i): text for i, text in enumerate(given)}
    return {str(letter).upper(): str(text) for letter, text in given.items()}


def _letter(text: str, choices: dict[str, str]) -> str | None:
    plain = re.sub(r"\\text(?:bf)?\{([^{}]*)\}", r"\1", text).strip(" $.*\\{}")
    for letter, said in choices.items():
        if plain.casefold() == said.strip().casefold():
            return letter
    found = re.match(r"\(?([A-Za-z])\)?(?:[.):]|\s|$)", plain)
    if found is None:
        return None
    first = found.group(1).upper()
    return first if not choices or first in choices else None


def _in_prose(text: str) -> str | None:
    if found := PHRASE.findall(text):
        return str(found[-1]).upper()
    alone = re.fullmatch(r"\s*\(?([A-Z])\)?[.)]?\s*", text)
    return alone.group(1) if alone else None
