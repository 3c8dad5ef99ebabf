"""What the judge is asked: a rubric for each kind of answer, and texts to apply it to.

The texts are in prompts.toml. Everything that comes from data stands in blocks with
delimiters of their own (see `pipeline.endpoint.quoting`); the instructions come before
and after them.
"""

import tomllib
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.endpoint.quoting import fence_token, fenced, object_schema, sanitise
from pipeline.thinking import strip_thinking

SCHEMA = object_schema(
    verdict={"type": "string", "enum": ["correct", "incorrect", "undecided"]},
    reason={"type": "string"},
)

TEXTS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
SYSTEM, RUBRICS, AGREEMENT = TEXTS["system"], TEXTS["rubrics"], TEXTS["agreement"]
MAX_QUESTION = 8_000  # characters of a question or a reference that are shown


class Case(NamedTuple):
    """A completion, what it is judged against, and what else is known of the row."""

    answer: str | None
    completion: str
    info: dict[str, Any]


class Criterion(NamedTuple):
    """One thing to decide about a completion: replies to all `prompts` must agree.

    `token` is in the delimiters of the prompts' blocks; `points` is what the
    criterion is worth in a rubric of several.
    """

    completion: str
    prompts: tuple[str, ...]
    token: str
    points: float = 1.0


def rubric_name(info: dict[str, Any]) -> str:
    """The rubric that applies: the row's own, or that of its domain."""
    if "rubric" in info:
        return "rubric"
    domain = str(info.get("domain"))
    return domain if domain in ("math", "science", "code") else "general"


def read_rubric(info: dict[str, Any]) -> list[tuple[str, float]]:
    """The row's own rubric as (text, points); negative points are for faults.

    It is a text, or a list of texts and of {"criterion", "points"}; `min_score` is
    the share of the points that is enough. Raises ValueError where they are not.
    """
    if not _is_number(info.get("min_score", 1)):
        raise ValueError("min_score is no number")
    given = info["rubric"]
    rubric = list(map(_read_item, given if isinstance(given, list) else [given]))
    if not any(points > 0 for _, points in rubric):
        raise ValueError("the rubric has no criterion to meet")
    return rubric


def visible_response(completion: str, max_chars: int = MAX_QUESTION) -> str:
    """What a judge is shown of a completion; "" where nothing of it can be seen."""
    return sanitise(strip_thinking(completion), max_chars).strip()


def write_criteria(
    case: Case, *, both_ways: bool, max_chars: int
) -> Iterator[Criterion]:
    """What a judge has to decide about `case`, in words."""
    rubric = rubric_name(case.info)
    question = sanitise(_question(case.info), MAX_QUESTION)
    response = visible_response(case.completion, max_chars)
    reference = sanitise(case.answer or "", MAX_QUESTION)
    texts = {"QUESTION": question, "REFERENCE": reference, "RESPONSE": response}
    if rubric == "rubric":
        del texts["REFERENCE"]
        for text, points in read_rubric(case.info):
            texts["CRITERION"] = sanitise(text, MAX_QUESTION)
            yield Criterion(case.completion, *_write(RUBRICS[rubric], texts), points)
    elif both_ways and rubric in AGREEMENT:
        rule = TEXTS["both_ways"].format(agreement=AGREEMENT[rubric])
        first = {"QUESTION": question, "FIRST": reference, "SECOND": response}
        second = {"QUESTION": question, "FIRST": response, "SECOND": reference}
        yield Criterion(case.completion, *_write(rule, first, second))
    else:
        texts = {name: text for name, text in texts.items() if text}
        yield Criterion(case.completion, *_write(RUBRICS[rubric], texts))


def _question(info: dict[str, Any]) -> str:
    """The problem, and its choices where they are not part of its text."""
    problem, choices = str(info.get("problem") or "(not given)"), info.get("choices")
    if isinstance(choices, list):
        choices = {chr(ord("A") + i): text for i, text in enumerate(choices)}
    if not isinstance(choices, dict):
        return problem
    if all(str(text) in problem for text in choices.values()):
        return problem
    lines = [f"{letter}. {text}" for letter, text in choices.items()]
    return "\n".join([problem, *lines])


def _read_item(item: Any) -> tuple[str, float]:
    if not isinstance(item, dict):
        item = {"criterion": item}
    text, points = item.get("criterion"), item.get("points", 1)
    if not isinstance(text, str) or not text.strip() or not _is_number(points):
        raise ValueError('a criterion is a text or {"criterion", "points"}')
    return text, float(points)


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and isfinite(value)


def _write(rule: str, *ways: dict[str, str]) -> tuple[tuple[str, ...], str]:
    """A prompt for each way of showing the texts, and the token that fences them."""
    token = fence_token(*ways[0].values())
    prompts = []
    for texts in ways:
        blocks = [fenced(name, text, token) for name, text in texts.items()]
        prompts.append("\n\n".join([rule, *blocks, f"{rule}\n{TEXTS['undecided']}"]))
    return tuple(prompts), token
