"""Multiple choice: the letter, or the text that `info["choices"]` gives it.

`choices` is a mapping from letters to texts, or a list of texts from A on: for
`["Paris", "Rome"]` the answers "B", "(b)", "Rome" and "B: Rome" are one. Letters of
other alphabets count by their place in their own. The last choice that the completion
commits itself to counts: in a box or a tag, after "the answer is" or 故选, or as a lone
letter. Letters that are merely discussed or ruled out do not.

A gold answer of several letters (`A, C` or `AC`) is met by exactly those. Where a
letter and the text beside it are of different choices, nothing is decided, for nobody
can tell which of the two was meant; nor where a Cyrillic letter answers a question
with Latin ones, and looks like another than its place says.
"""

import re
from string import ascii_uppercase
from typing import Any

from pipeline.thinking import strip_thinking
from pipeline.verifiers.answers.decide import decide
from pipeline.verifiers.answers.operations import TooLarge
from pipeline.verifiers.answers.tokens import Unreadable
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.boxes import TAIL
from pipeline.verifiers.extract.final import (
    find_final_answer,
    last_marked,
)
from pipeline.verifiers.extract.letters import (
    UNCLEAR,
    find_committed_letter,
    is_one_option,
    read_letters,
    to_latin,
    transliterate,
)
from pipeline.verifiers.extract.markup import plain
from pipeline.verifiers.extract.phrases import announced_line

MAY_BE_OVERRULED = True
Choices = dict[str, str]


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the choice that the completion ends with is the gold one."""
    gold, choices, is_cyrillic = _read_gold(answer or "", info)
    text = strip_thinking(completion)
    chosen = find_chosen(transliterate(text) if is_cyrillic else text, choices)
    extracted = ", ".join(chosen) or None
    if not gold:
        return Verdict(None, extracted, "the gold answer is no choice")
    if not chosen:
        return Verdict(False, None, "no choice found")
    if UNCLEAR in chosen and len(gold) == 1:
        marked = last_marked(text)
        return Verdict(None, marked, "the letter contradicts its text or script")
    why = "the gold answer's choice" if chosen == gold else "another choice"
    return Verdict(chosen == gold, extracted, why)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer names no choice, or None where it does."""
    if _read_gold(answer or "", info)[0]:
        return None
    return "the gold answer is neither a letter nor the text of a choice"


def _read_gold(
    answer: str, info: dict[str, Any]
) -> tuple[tuple[str, ...], Choices, bool]:
    """The right letters (() for none), the choices, and whether letters are Cyrillic.

    The choices are texts by Latin letters. В is the third letter, and no B, where the
    gold answer or the choices are Cyrillic.
    """
    given = info.get("choices") or {}
    if isinstance(given, list):
        given = dict(zip(ascii_uppercase, given, strict=False))
    names = (answer.strip(" ()."), *given)
    is_cyrillic = any(transliterate(name) != name for name in names)
    choices = {to_latin(transliterate(name)): str(given[name]) for name in given}
    gold = _read(transliterate(answer) if is_cyrillic else answer, choices)
    return (() if UNCLEAR in gold else gold), choices, is_cyrillic


def find_chosen(text: str, choices: Choices) -> tuple[str, ...]:
    """The choices that a text without its thinking ends with: Latin letters, sorted.

    A box or tag that holds no choice (an equation on the way) does not count.
    """
    text = text.replace("**", "")
    marked = last_marked(text) or ""
    whole = text if is_one_option(text) else ""
    for part in (marked, announced_line(text), whole):
        if chosen := _read(part, choices):
            return chosen
    if choices and (by_text := _find_by_text(find_final_answer(text).text, choices)):
        return (by_text,)
    for part in (marked, text[-TAIL:].replace(marked or " ", " ")):
        letter = find_committed_letter(plain(part))
        if letter and _are_offered((letter,), choices):
            return (letter,)
    return ()


def _read(text: str, choices: Choices) -> tuple[str, ...]:
    """The choices that a short text names, by their letters or by the words of one."""
    if not text or len(text) > 2_000:
        return ()
    if letter := _find_by_text(text, choices):
        return (letter,)
    letters, lone = read_letters(text), text.strip(" *().")
    if not letters and len(lone) == 1 and lone.isalpha():
        letters = (to_latin(lone),)
    if not _are_offered(letters, choices):
        return ()
    behind = _fold(text).lstrip("(")[1:].lstrip("). :,-–—").strip()
    contradicts = _find_by_text(behind, choices) not in (None, *letters)
    return (UNCLEAR,) if len(letters) == 1 and contradicts else letters


def _are_offered(letters: tuple[str, ...], choices: Choices) -> bool:
    return not choices or all(letter in (UNCLEAR, *choices) for letter in letters)


def _find_by_text(text: str | None, choices: Choices) -> str | None:
    """The one choice whose words these are, or whose value they have."""
    short = _fold(text or "")
    named = [letter for letter, words in choices.items() if _fold(words) == short]
    if not named and len(short) < 200 and re.search(r"\d", short):
        named = [
            letter for letter, words in choices.items() if _is_equal(words, text or "")
        ]
    return named[0] if short and len(named) == 1 else None


def _is_equal(words: str, text: str) -> bool:
    try:
        return decide(words, text) is True
    except (Unreadable, TooLarge):
        return False


def _fold(text: str) -> str:
    return plain(text).strip(" *\\{}.").casefold()
