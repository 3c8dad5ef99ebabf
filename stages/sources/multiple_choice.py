"""Multiple choice: MMLU, ARC, RACE, MedQA and kin.

Options beside the question are listed below it, by letter, so that a letter can be
answered; those that stand in its text, A to the last, stay where they are.
"""

import ast
import re
from string import ascii_uppercase
from typing import Any

from pipeline.rows import read_json
from stages.sources._fields import Row, as_text, filled, text
from stages.sources._traces import read_question

QUESTION = ("question", "problem", "prompt", "query", "question_stem", "stem", "ctx")
PASSAGE = ("passage", "article", "context")
OPTIONS = ("choices", "options")
# Options that have a column each: a word or none, and a letter or a number behind it.
COLUMN = re.compile(
    r"(?i)((?:option|choice|ending|op|opt)[_ -]?|(?=[a-z]$))([a-z]|\d{1,2})"
)
PREFIX = re.compile(r"\(?([A-Z])(?:[).:]\s*|\s+-\s+)(\S.*)", re.DOTALL)
MARK = re.compile(r"(?:^|(?<=\s))[(\[]?([A-Z])[).\]:]\s+")
NUMBER = "answer_number"  # the place of the right one, counted from 1
# The letter, the place from 0 on, or the text of the right one.
ANSWER = (
    "answerKey", "answer_key", "answer_index", "answer_idx", "answer", "label",
    "correct_answer", "correct_option", "correct_choice", "correct_index", "correct",
    "gold_answer", "gold", "target",
)  # fmt: skip
META = ("subject", "category", "source", "level", "difficulty")


def adapt(row: Row) -> Row | str:
    """{"question", "choices" | "options": […], "answer": "B" | 1 | text, …}."""
    options, question, is_listed = find_options(row)
    if not 2 <= len(options) <= len(ascii_uppercase):
        return "choices, options: expected 2 to 26 of them, by letter or in a list"
    place = _find_place(row, options)
    if place is None:
        return "answer: expected the letter, the place or the text of an option"
    choices = dict(zip(ascii_uppercase, options.values(), strict=False))
    listed = "\n".join(f"{letter}) {option}" for letter, option in choices.items())
    parts = [text(row, *PASSAGE), question, None if is_listed else listed]
    return {
        "problem": question and "\n\n".join(filter(None, parts)),
        "answer": ascii_uppercase[place],
        "domain": "general",
        "verifier": "choice",
        "verify_info": {"choices": choices},
        "meta": filled(row, *META),
    }


def find_options(row: Row) -> tuple[dict[str, str], str | None, bool]:
    """The options by label, the question, and whether they stand in its text."""
    question = read_question(row, *QUESTION)
    beside = _read_options(row)
    return beside or _split_text(question or ""), question, not beside


def find_answer(row: Row, options: dict[str, str]) -> tuple[str, Any, bool] | None:
    """The column that tells the right option, its value, and whether that is a place.

    A number is one where no option is called or says so.
    """
    for name in ANSWER:
        value = row.get(name)
        named = (as_text(value) or "").strip()
        is_number = named.isascii() and named.isdigit() and not isinstance(value, bool)
        is_place = is_number and named not in (*options, *options.values())
        if is_place or _find(value, options) is not None:
            return name, value, is_place
    return None


def _read_options(row: Row) -> dict[str, str]:
    """The options beside a question by the label that the source gives; {} for none."""
    given: Any = next((row[name] for name in OPTIONS if row.get(name)), None)
    match _parse(given) if isinstance(given, str) else given:
        case {"text": list() as texts, "label": list() as labels}:
            pairs = list(zip(labels, texts, strict=False))
        case dict() as labelled:
            pairs = list(labelled.items())
        case [{"text": _, "label": _}, *_] as objects:
            pairs = [(each.get("label"), each.get("text")) for each in objects
                     if isinstance(each, dict)]  # fmt: skip
        case list() as texts:
            pairs = _split_labels(list(zip(ascii_uppercase, texts, strict=False)))
        case _:
            pairs = _read_columns(row)
    known = {as_text(label): as_text(option) for label, option in pairs}
    is_whole = len(known) == len(pairs)  # every label once
    return {k: v for k, v in known.items() if k and v} if is_whole else {}


def _parse(given: str) -> Any:
    """Options in one text: JSON, a list as Python writes it, or A) … B) …."""
    if given.lstrip()[:1] in ("[", "{"):
        try:
            return read_json(given, otherwise=None) or ast.literal_eval(given)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return _split_text(given) or None


def _split_text(given: str) -> dict[str, str]:
    """The options that a text ends with, each behind its letter; {} where it has none.

    Parts of a question, which are asked, are no options.
    """
    marks = list(MARK.finditer(given))
    letters = [mark[1] for mark in marks]
    if len(marks) < 2 or letters != [*ascii_uppercase[: len(marks)]]:
        return {}
    ends = [mark.start() for mark in marks[1:]] + [len(given)]
    texts = [
        given[mark.end() : end].strip().rstrip(",;")
        for mark, end in zip(marks, ends, strict=True)
    ]
    is_asked = any(not each or each.endswith("?") for each in texts)
    return {} if is_asked else dict(zip(letters, texts, strict=True))


def _split_labels(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Options without their letters, where each begins with the letter of its place."""
    found = [PREFIX.fullmatch(as_text(option) or "") for _, option in pairs]
    texts = [match[2] for match in found if match]
    is_labelled = [match and match[1] for match in found] == [each for each, _ in pairs]
    return list(zip(ascii_uppercase, texts, strict=False)) if is_labelled else pairs


def _read_columns(row: Row) -> list[tuple[str, Any]]:
    """The options of columns called A, option_a, opa, choice1 and so on, in step."""
    groups: dict[str, dict[str, Any]] = {}
    for name in row:
        if (match := COLUMN.fullmatch(name)) and row[name] is not None:
            groups.setdefault(match[1].lower(), {})[match[2].upper()] = row[name]
    for group in groups.values():
        for first in ("A", "0", "1"):
            labels = [chr(ord(first) + number) for number in range(len(group))]
            if 2 <= len(group) <= 26 and list(group) == labels:
                return list(group.items())
    return []


def _find_place(row: Row, options: dict[str, str]) -> int | None:
    """The place of the right option, from 0 on."""
    number = text(row, NUMBER)
    if number is None:
        places = (_find(row.get(name), options) for name in ANSWER)
        return next((place for place in places if place is not None), None)
    is_place = number.isascii() and number.isdigit() and int(number) >= 1
    return int(number) - 1 if is_place and int(number) <= len(options) else None


def _find(answer: Any, options: dict[str, str]) -> int | None:
    """The place of the option that `answer` names: by label, text, both, or place."""
    named = as_text(answer)
    if named is None or isinstance(answer, bool):
        return None
    named, labels, texts = named.strip(), list(options), list(options.values())
    letter = named.strip("(). ").upper()
    for name, names in ((named, labels), (named, texts), (letter, labels)):
        if name in names:
            return names.index(name)
    both = PREFIX.fullmatch(named)
    if both and options.get(both[1]) == both[2]:
        return labels.index(both[1])
    is_place = named.isascii() and named.isdigit() and int(named) < len(options)
    return int(named) if is_place else None
