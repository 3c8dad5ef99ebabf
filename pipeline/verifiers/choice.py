"""Multiple choice: the letter, or the text that `info["choices"]` gives it.

`choices` is a mapping from letters to texts, or a list of texts from A on; letters of
other alphabets count by their place in their own. The last choice that the completion
commits itself to counts: in a box or a tag, after "the answer is" or 故选, or as a lone
letter. Letters that are merely discussed or ruled out do not.

A gold answer of several letters (`A, C` or `AC`) is met by exactly those. Where a
letter and the text beside it are of different choices, nothing is decided, for nobody
can tell which of the two was meant; nor where a Cyrillic letter answers a question
with Latin ones, and looks like another than its place says.
"""

from typing import Any

from pipeline.verifiers.compare.letters import (
    committed,
    in_latin,
    latin,
    letters,
    several,
)
from pipeline.verifiers.compare.normal_form import plain
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.boxes import last_box
from pipeline.verifiers.extract.final import TAG, after_thinking, final
from pipeline.verifiers.extract.phrases import anchors

UNCLEAR = "?"


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the choice that the completion ends with is the gold one."""
    choices = _choices(info)
    text = after_thinking(completion)
    if _is_cyrillic(answer or "", info):
        answer, text = in_latin(answer or ""), in_latin(text)
    if (gold := _several(answer or "", choices)) is not None:
        said = _all_chosen(text, choices)
        return Verdict(said == gold, ", ".join(said) or None, "compared as letters")
    one = _letter(answer or "", choices)
    found = _chosen(text, choices)
    if len(_all_chosen(text, choices)) > 1:
        return Verdict(False, found, "several choices, where one is right")
    if one is None or one == UNCLEAR:
        return Verdict(None, found, "the gold answer is no choice")
    if found is None:
        return Verdict(False, None, "no choice found")
    if found == UNCLEAR:
        return Verdict(None, _said(text), "the letter contradicts its text or script")
    return Verdict(found == one, found, "compared as letters")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer names no choice, or None where it does."""
    choices = _choices(info)
    if answer and _is_cyrillic(answer, info):
        answer = in_latin(answer)
    if answer and _several(answer, choices) is not None:
        return None
    if not answer or _letter(answer, choices) in (None, UNCLEAR):
        return "the gold answer is neither a letter nor the text of a choice"
    return None


def _choices(info: dict[str, Any]) -> dict[str, str]:
    """The texts of the choices by their Latin letters."""
    given = info.get("choices") or {}
    if isinstance(given, list):
        given = {chr(65 + i): text for i, text in enumerate(given)}
    return {_key(in_latin(str(key))): str(text) for key, text in given.items()}


def _key(letter: str) -> str:
    return latin(letter) or UNCLEAR


def _is_cyrillic(answer: str, info: dict[str, Any]) -> bool:
    """Whether the letters are Cyrillic: В is then the third, and no B."""
    given = info.get("choices") or {}
    keys = given if isinstance(given, dict) else {}
    return any(in_latin(text) != text for text in (answer.strip(" ()."), *keys))


def _said(text: str) -> str | None:
    """What stands in the box or the tag, which outweighs all prose."""
    tagged = TAG.findall(text) if "</answer>" in text else []
    return last_box(text) or (tagged[-1].strip() if tagged else "") or None


def _chosen(text: str, choices: dict[str, str]) -> str | None:
    if said := _said(text):
        return _letter(said, choices) or _known(committed(said), choices)
    if short := _letter(text, choices):
        return short
    if (announced := next(anchors(text[-10_000:]), None)) is not None:
        rest = text[-10_000:][announced.end() :].strip(" *:").partition("\n")[0]
        if found := _letter(rest, choices):
            return found
    words = final(text).text
    if words and (found := _by_text(words, choices)):
        return found
    return _known(committed(text[-10_000:]), choices)


def _all_chosen(text: str, choices: dict[str, str]) -> tuple[str, ...]:
    said = _said(text) or text
    found = _several(said, choices)
    if found is None and (announced := next(anchors(said[-10_000:]), None)):
        rest = said[-10_000:][announced.end() :].strip(" *:").partition("\n")[0]
        found = _several(rest, choices)
    if found is not None:
        return found
    one = _chosen(text, choices)
    return (one,) if one else ()


def _several(text: str, choices: dict[str, str]) -> tuple[str, ...] | None:
    """Two letters or more, all of them choices; None for what names one or none."""
    if _by_text(text, choices):
        return None
    found = several(text)
    known = all(_known(letter, choices) for letter in found)
    return found if len(found) > 1 and known else None


def _known(letter: str | None, choices: dict[str, str]) -> str | None:
    is_known = letter == UNCLEAR or not choices or letter in choices
    return letter if letter and is_known else None


def _letter(text: str, choices: dict[str, str]) -> str | None:
    """The choice that a short text names, by its letter or by its words."""
    if len(text) > 2_000:
        return None
    if words := _by_text(text, choices):
        return words
    letter = letters(text)
    if letter is None and len(text.strip(" *().")) == 1:
        letter = _key(text.strip(" *()."))
    if letter and letter in choices and _contradicts(text, letter, choices):
        return UNCLEAR
    return _known(letter, choices)


def _by_text(text: str, choices: dict[str, str]) -> str | None:
    short = _bare(text)
    named = [letter for letter, words in choices.items() if _bare(words) == short]
    return named[0] if short and len(named) == 1 else None


def _contradicts(text: str, letter: str, choices: dict[str, str]) -> bool:
    """Whether the text beside the letter is exactly that of another choice."""
    behind = _bare(text).lstrip("(")[1:].lstrip("). :,-–—").strip()
    other = _by_text(behind, choices)
    return other is not None and other != letter


def _bare(text: str) -> str:
    return plain(text).strip(" *\\{}.").casefold()
