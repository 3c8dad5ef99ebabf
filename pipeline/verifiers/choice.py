"""Multiple choice: the letter, or the text that `info["choices"]` gives it.

`choices` is a mapping from letters to texts, or a list of texts from A on. The
last choice that the completion commits itself to counts: in a box or a tag, after
"the answer is", or as a lone letter. Letters that are merely discussed do not.
"""

import re
from typing import Any

from pipeline.verifiers._final import TAG, after_thinking, last_box
from pipeline.verifiers._spelling import plain
from pipeline.verifiers.contract import Verdict

COMMITTED = re.compile(
    r"\b(?:answer|choice|option|choose|select|pick)\b(?:\s+(?:is|would be|must be))?"
    r"[\s:*($\\]*(?:text(?:bf)?\{)?[\s*(]*([A-Z])(?![A-Za-z'])"
    r"|\b(?:so|thus|hence|therefore|leaves)(?: it is|,)?\s+\(?([B-HJ-Z]|A(?=[).\s]*$))"
    r"(?![A-Za-z'])",
    re.I | re.M,
)
LONE = re.compile(r"[\s*]*\(?([A-Za-z])\)?[.)\s*]*")
LEADING = re.compile(r"\(([A-Za-z])\)|([A-Z])(?:[.):]|$)|([B-HJ-Z])(?=\s)")


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the choice that the completion ends with is the gold one."""
    choices = _choices(info)
    gold = _letter(answer or "", choices)
    text = after_thinking(completion)
    found = _chosen(text, choices)
    if gold is None:
        return Verdict(None, found, "the gold answer is no choice")
    if found is None:
        return Verdict(False, None, "no choice found")
    return Verdict(found == gold, found, "compared as letters")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer names no choice, or None where it does."""
    if not answer or _letter(answer, _choices(info)) is None:
        return "the gold answer is neither a letter nor the text of a choice"
    return None


def _choices(info: dict[str, Any]) -> dict[str, str]:
    given = info.get("choices") or {}
    if isinstance(given, list):
        given = {chr(65 + i): text for i, text in enumerate(given)}
    return {str(letter).upper(): str(text) for letter, text in given.items()}


def _chosen(text: str, choices: dict[str, str]) -> str | None:
    boxed = last_box(text)
    tagged = TAG.findall(text)
    if said := boxed or (tagged and tagged[-1].strip()):
        return _letter(said, choices) or _committed(said, choices)
    return _committed(text, choices) or _letter(text, choices)


def _committed(text: str, choices: dict[str, str]) -> str | None:
    found = [first or second for first, second in COMMITTED.findall(text)]
    known = [letter.upper() for letter in found if _is_known(letter, choices)]
    return known[-1] if known else None


def _is_known(letter: str, choices: dict[str, str]) -> bool:
    return letter.isupper() and (not choices or letter in choices)


def _letter(text: str, choices: dict[str, str]) -> str | None:
    """The choice that a short text names, by its letter or by its words."""
    short = plain(text).strip(" *\\{}.")
    if lone := LONE.fullmatch(short):
        letter = lone[1].upper()
        return letter if not choices or letter in choices else None
    for letter, words in choices.items():
        if short.casefold() == plain(words).casefold():
            return letter
    leading = LEADING.match(short)
    if leading is None:
        return None
    letter = next(filter(None, leading.groups())).upper()
    return letter if not choices or letter in choices else None
