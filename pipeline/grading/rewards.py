r"""What is rewarded, by name: `rewards: {correct: 1.0, format: 0.1}` are weights.

correct     `right`, `wrong` or `no_answer`, by the problem's own verifier
partial     the share of tests or slots that are right, where the verifier says one
format      1 for one <think>…</think> first and a \boxed{} after it, else `unformed`
tags        a quarter for each of <think>, </think>, \boxed{ and its end, once (Open-R1)
overlong    0 down to -1 over the last part of the length limit (DAPO, eq. 13)
length      0 down to -1 in proportion to the tokens
cosine      right answers lose with length, wrong ones gain (2502.03373, eq. 1)
kimi_length ±½ by length among the completions of a problem (Kimi k1.5, 2501.12599)
repetition  0 down to -1 by the share of repeated 3-grams of tokens
language    the share of letters that are of the script of the problem (R1, 2501.12948)
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from math import cos, pi
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from pipeline.settings import Settings
from pipeline.verifiers.contract import Verdict


class Values(Settings):
    """What single rewards give.

    `no_answer` is for a wrong completion that has no answer to read; null: `wrong`.
    `unformed` is what `format` gives where the form is not kept.
    `overlong_tokens` is the part of the limit that `overlong` punishes; null: a fifth.
    `cosine_…` are the values at no length and at the limit.
    """

    right: float = 1.0
    wrong: float = 0.0
    no_answer: float | None = None
    unformed: float = 0.0
    overlong_tokens: int | None = Field(default=None, ge=1)
    cosine_right: tuple[float, float] = (1.0, 0.5)
    cosine_wrong: tuple[float, float] = (-1.0, -0.5)

    @model_validator(mode="after")
    def _only_right_is_above_zero(self) -> Self:
        if not self.right > 0 >= max(self.wrong, self.no_answer or 0.0):
            raise ValueError("`right` is above 0, `wrong` and `no_answer` are not")
        return self


class Completion(NamedTuple):
    """A completion that was decided, as a reward sees it.

    `lengths` are those of all decided completions of its problem.
    """

    problem: str
    text: str
    tokens: list[int]
    verdict: Verdict
    max_tokens: int
    lengths: list[int]

    @property
    def fullness(self) -> float:
        return min(1.0, len(self.tokens) / self.max_tokens)


def _correct(completion: Completion, values: Values) -> float:
    if completion.verdict.correct:
        return values.right
    if completion.verdict.extracted is None and values.no_answer is not None:
        return values.no_answer
    return values.wrong


def _partial(completion: Completion, values: Values) -> float:
    verdict = completion.verdict
    return float(verdict.correct or 0) if verdict.score is None else verdict.score


def _format(completion: Completion, values: Values) -> float:
    text = completion.text
    thought, _, rest = text.partition("</think>")
    _, box, answer = rest.partition("\\boxed{")
    is_thought = thought.lstrip().startswith("<think>")
    is_only_one = (text.count("<think>"), text.count("</think>")) == (1, 1)
    is_formed = is_thought and is_only_one and bool(box) and "}" in answer
    return 1.0 if is_formed else values.unformed


def _tags(completion: Completion, values: Values) -> float:
    marks = "<think>", "</think>", "\\boxed{"
    counts = [completion.text.count(mark) for mark in marks]
    closed = re.findall(r"\\boxed\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", completion.text)
    return sum(count == 1 for count in [*counts, len(closed)]) / 4


def _overlong(completion: Completion, values: Values) -> float:
    limit = completion.max_tokens
    part = values.overlong_tokens or -(-limit // 5)
    return min(0.0, max(-1.0, (limit - part - len(completion.tokens)) / part))


def _length(completion: Completion, values: Values) -> float:
    return -completion.fullness


def _cosine(completion: Completion, values: Values) -> float:
    right = completion.verdict.correct
    empty, full = values.cosine_right if right else values.cosine_wrong
    return full + (empty - full) * (1 + cos(pi * completion.fullness)) / 2


def _kimi_length(completion: Completion, values: Values) -> float:
    low, high = min(completion.lengths), max(completion.lengths)
    if low == high:
        return 0.0
    bonus = 0.5 - (len(completion.tokens) - low) / (high - low)
    return bonus if completion.verdict.correct else min(0.0, bonus)


def _repetition(completion: Completion, values: Values) -> float:
    first = completion.tokens
    ngrams = list(zip(first, first[1:], first[2:], strict=False))
    return len(set(ngrams)) / len(ngrams) - 1.0 if ngrams else 0.0


def _language(completion: Completion, values: Values) -> float:
    letters, problem = _scripts(completion.text), _scripts(completion.problem)
    script = max(problem, key=problem.__getitem__, default="LATIN")
    return letters[script] / letters.total() if letters else 1.0


def _scripts(text: str) -> Counter[str]:
    """Letters by script, the first word of their names ("LATIN SMALL LETTER A").

    Commands of LaTeX are no words of a language.
    """
    letters = filter(str.isalpha, re.sub(r"\\[a-zA-Z]+", "", text))
    return Counter(unicodedata.name(letter, "NONE").split()[0] for letter in letters)


REWARDS: dict[str, Callable[[Completion, Values], float]] = {
    "correct": _correct,
    "partial": _partial,
    "format": _format,
    "tags": _tags,
    "overlong": _overlong,
    "length": _length,
    "cosine": _cosine,
    "kimi_length": _kimi_length,
    "repetition": _repetition,
    "language": _language,
}
