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
from typing import Any

from pipeline.verifiers.answers.decide import decide
from pipeline.verifiers.answers.evaluation import TooLarge
from pipeline.verifiers.answers.tokens import Unreadable
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.boxes import TAIL
from pipeline.verifiers.extract.final import (
    boxed_or_tagged,
    find_final_answer,
    strip_thinking,
)
from pipeline.verifiers.extract.letters import (
    find_committed_letter,
    is_one_option,
    read_letter,
    read_letters,
    to_latin,
    transliterate,
)
from pipeline.verifiers.extract.markup import plain
from pipeline.verifiers.extract.phrases import find_announcements

MAY_BE_OVERRULED = True
UNCLEAR = "?"
Choices = dict[str, str]


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the choice that the completion ends with is the gold one."""
    choices = _read_choices(info)
    text, answer = strip_thinking(completion), answer or ""
    if _is_cyrillic(answer, info):
        answer, text = transliterate(answer), transliterate(text)
    gold, chosen = _read_gold(answer, choices), _find_chosen(text, choices)
    extracted = ", ".join(chosen) or None
    if not gold:
        return Verdict(None, extracted, "the gold answer is no choice")
    if not chosen:
        return Verdict(False, None, "no choice found")
    if UNCLEAR in chosen and len(gold) == 1:
        marked = boxed_or_tagged(text)
        return Verdict(None, marked, "the letter contradicts its text or script")
    return Verdict(chosen == gold, extracted, "compared as letters")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer names no choice, or None where it does."""
    answer = answer or ""
    if _is_cyrillic(answer, info):
        answer = transliterate(answer)
    if _read_gold(answer, _read_choices(info)):
        return None
    return "the gold answer is neither a letter nor the text of a choice"


def _read_choices(info: dict[str, Any]) -> Choices:
    """The texts of the choices by their Latin letters."""
    given = info.get("choices") or {}
    if isinstance(given, list):
        given = {chr(65 + i): text for i, text in enumerate(given)}
    return {_key(transliterate(str(key))): str(text) for key, text in given.items()}


def _key(letter: str) -> str:
    return to_latin(letter) or UNCLEAR


def _is_cyrillic(answer: str, info: dict[str, Any]) -> bool:
    """Whether the letters are Cyrillic: В is then the third, and no B."""
    given = info.get("choices")
    keys = given if isinstance(given, dict) else {}
    return any(transliterate(text) != text for text in (answer.strip(" ()."), *keys))


def _read_gold(answer: str, choices: Choices) -> tuple[str, ...]:
    """The letters of the right choices, sorted; () where the answer names none."""
    if several := _read_several(answer, choices):
        return several
    letter = _read_choice(answer, choices)
    return (letter,) if letter and letter != UNCLEAR else ()


def _find_chosen(text: str, choices: Choices) -> tuple[str, ...]:
    """The choices that the text ends with, sorted.

    A box or tag that holds no choice (an equation on the way) does not count.
    """
    marked = boxed_or_tagged(text)
    if marked and (chosen := _find_in(marked, choices)):
        return chosen
    parts = (
        [_announced_line(text), text]
        if is_one_option(text)
        else [_announced_line(text)]
    )
    for part in parts:
        if several := _read_several(part, choices):
            return several
    letter = _find_letter(text, choices)
    return (letter,) if letter else ()


def _find_in(marked: str, choices: Choices) -> tuple[str, ...]:
    if several := _read_several(marked, choices):
        return several
    committed = _if_offered(find_committed_letter(marked), choices)
    letter = _read_choice(marked, choices) or committed
    return (letter,) if letter else ()


def _find_letter(text: str, choices: Choices) -> str | None:
    """The one choice that the text ends with."""
    whole = _read_choice(text, choices) if is_one_option(text) else None
    return (
        whole
        or _read_choice(_announced_line(text), choices)
        or _find_by_text(find_final_answer(text).text or "", choices)
        or _if_offered(find_committed_letter(text[-TAIL:]), choices)
    )


def _announced_line(text: str) -> str:
    """The line that the last announcement of an answer leads in; "" for none."""
    tail = text[-TAIL:]
    for announcement in find_announcements(tail):
        return tail[announcement.end() :].strip(" *:").partition("\n")[0]
    return ""


def _read_several(text: str, choices: Choices) -> tuple[str, ...] | None:
    """Two letters or more, all of them choices; None for what names one or none."""
    if _find_by_text(text, choices):
        return None
    several = read_letters(text)
    are_offered = all(_if_offered(letter, choices) for letter in several)
    return several if len(several) > 1 and are_offered else None


def _if_offered(letter: str | None, choices: Choices) -> str | None:
    return letter if letter in (UNCLEAR, *choices) or not choices else None


def _read_choice(text: str, choices: Choices) -> str | None:
    """The choice that a short text names, by its letter or by its words."""
    if len(text) > 2_000:
        return None
    if letter := _find_by_text(text, choices):
        return letter
    letter = read_letter(text)
    lone = text.strip(" *().")
    if letter is None and len(lone) == 1 and lone.isalpha():
        letter = _key(lone)
    if letter and letter in choices and _contradicts(text, letter, choices):
        return UNCLEAR
    return _if_offered(letter, choices)


def _find_by_text(text: str, choices: Choices) -> str | None:
    """The one choice whose words these are, or whose value they have."""
    short = _fold(text)
    named = [letter for letter, words in choices.items() if _fold(words) == short]
    if not named and len(short) < 200 and re.search(r"\d", short):
        named = [letter for letter, words in choices.items() if _is_equal(words, text)]
    return named[0] if short and len(named) == 1 else None


def _is_equal(words: str, text: str) -> bool:
    try:
        return decide(words, text) is True
    except (Unreadable, TooLarge):
        return False


def _contradicts(text: str, letter: str, choices: Choices) -> bool:
    """Whether the text beside the letter is exactly that of another choice."""
    behind = _fold(text).lstrip("(")[1:].lstrip("). :,-–—").strip()
    return _find_by_text(behind, choices) not in (None, letter)


def _fold(text: str) -> str:
    return plain(text).strip(" *\\{}.").casefold()
