"""Multiple choice with the options beside the question: MMLU, ARC, RACE, MedQA and kin.

The options are listed below the question, by letter, so that a letter can be answered.
"""

from string import ascii_uppercase
from typing import Any

from stages.sources._fields import Row, as_text, filled, text
from stages.sources._traces import read_question

QUESTION = ("question", "problem", "prompt", "query")
PASSAGE = ("passage", "article", "context")
OPTIONS = ("choices", "options")
COLUMNS = ("{}", "option_{}", "op{}")  # of options that have one each
# The letter, the place from 0 on, or the text of the right one.
ANSWER = (
    "answerKey", "answer_key", "answer_index", "answer_idx", "answer", "label",
    "correct_answer", "gold", "target",
)  # fmt: skip
META = ("subject", "category", "source", "level", "difficulty")


def adapt(row: Row) -> Row | str:
    """{"question", "choices" | "options": […], "answer": "B" | 1 | text, …}."""
    options = _read_options(row)
    if not 2 <= len(options) <= len(ascii_uppercase):
        return "choices, options: expected 2 to 26 of them, by letter or in a list"
    place = next(filter(_is_place, (_find(row.get(n), options) for n in ANSWER)), None)
    if place is None:
        return "answer: expected the letter, the place or the text of an option"
    choices = dict(zip(ascii_uppercase, options.values(), strict=False))
    question = read_question(row, *QUESTION)
    listed = "\n".join(f"{letter}) {option}" for letter, option in choices.items())
    parts = [text(row, *PASSAGE), question, listed]
    return {
        "problem": question and "\n\n".join(filter(None, parts)),
        "answer": ascii_uppercase[place],
        "domain": "general",
        "verifier": "choice",
        "verify_info": {"choices": choices},
        "meta": filled(row, *META),
    }


def _read_options(row: Row) -> dict[str, str]:
    """The options by the label that the source gives them; {} where it has none."""
    given: Any = next((row[name] for name in OPTIONS if row.get(name)), None)
    match given:
        case {"text": list() as texts, "label": list() as labels}:
            pairs = list(zip(labels, texts, strict=False))
        case dict():
            pairs = list(given.items())
        case [{"text": _, "label": _}, *_]:
            pairs = [(each.get("label"), each.get("text")) for each in given
                     if isinstance(each, dict)]  # fmt: skip
        case list():
            pairs = list(zip(ascii_uppercase, given, strict=False))
        case _:
            pairs = _read_columns(row)
    known = {as_text(label): as_text(option) for label, option in pairs}
    is_whole = len(known) == len(pairs)  # every label once
    return {k: v for k, v in known.items() if k and v} if is_whole else {}


def _read_columns(row: Row) -> list[tuple[str, Any]]:
    """Options that have a column each, called A, option_a or opa and so on."""
    for form in COLUMNS:
        for letters in (ascii_uppercase, ascii_uppercase.lower()):
            names = [(each.upper(), form.format(each)) for each in letters]
            if row.get(names[0][1]) is not None and row.get(names[1][1]) is not None:
                return [(letter, row[name]) for letter, name in names
                        if row.get(name) is not None]  # fmt: skip
    return []


def _find(answer: Any, options: dict[str, str]) -> int | None:
    """The place of the option that `answer` names."""
    named = as_text(answer)
    if named is None or isinstance(answer, bool):
        return None
    named = named.strip()
    for names in (list(options), list(options.values())):
        if named in names:
            return names.index(named)
    is_place = named.isascii() and named.isdigit() and int(named) < len(options)
    return int(named) if is_place else None


def _is_place(place: int | None) -> bool:
    return place is not None
