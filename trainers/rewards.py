r"""What is rewarded, by name: `rewards: {correct: 1.0, format: 0.1}` are weights.

correct     `right`, `wrong` or `no_answer`, by the problem's own verifier
partial     the share of tests or slots that are right, where the verifier says one
format      1 for one <think>…</think> first and a \boxed{} after it, else 0
tags        a quarter for each of <think>, </think>, \boxed{ and its end, once (Open-R1)
overlong    0 down to -1 over the last part of the length limit (DAPO, eq. 13)
length      0 down to -1 in proportion to the tokens
cosine      right answers lose with length, wrong ones gain (2502.03373, eq. 1)
kimi_length ±½ by length among the completions of a problem (Kimi k1.5, 2501.12599)
repetition  0 down to -1 by the share of repeated 3-grams of tokens
language    the share of letters that are of the script of the problem (R1, 2501.12948)

A completion that the verifier cannot decide is left out of its group altogether.
TRL does so only where every reward is None: otherwise one that is well formed and
undecided would count as wrong. So no reward speaks where `correct` cannot.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from functools import lru_cache
from itertools import compress
from math import cos, pi
from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.grading.workers import Answer, Grader
from pipeline.settings import Settings
from pipeline.verifiers.contract import Verdict

Chat = list[dict[str, str]]


class Values(Settings):
    """What single rewards give.

    `no_answer` is for a wrong completion that has no answer to read; null: `wrong`.
    `overlong_tokens` is the part of the limit that `overlong` punishes; null: a fifth.
    `cosine_…` are the values at no length and at the limit.
    """

    right: float = 1.0
    wrong: float = 0.0
    no_answer: float | None = None
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


def rewards(
    names: list[str], grade: Grader, *, max_tokens: int, values: Values
) -> list[Any]:
    """The reward functions called `names`, as GRPOTrainer takes them.

    UserError where a name is unknown; the known ones are those of the table here.
    """
    if unknown := sorted(set(names) - REWARDS.keys()):
        raise UserError(
            f"grpo.rewards: no reward is called {unknown[0]!r}",
            hint=f"the rewards are {', '.join(REWARDS)}",
        )
    # The rewards of one step see the same completions: one verdict serves all.
    grade_once = lru_cache(maxsize=1)(lambda answers: grade(list(answers)))
    return [_reward(name, names[0], grade_once, max_tokens, values) for name in names]


def _reward(
    name: str, first: str, grade_once: Any, max_tokens: int, values: Values
) -> Any:
    """The reward `name` of the decided completions of a step, None for the others."""

    def reward(
        prompts: list[Chat | str],
        completions: list[Chat],
        completion_ids: list[list[int]],
        verifier: list[str],
        answer: list[str | None],
        verify_info: list[str],
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        problems = [p if isinstance(p, str) else p[-1]["content"] for p in prompts]
        texts = [chat[0]["content"] for chat in completions]
        answers = map(Answer, verifier, answer, verify_info, texts, problems)
        verdicts: list[Verdict] = grade_once(tuple(answers))
        is_decided = [verdict.correct is not None for verdict in verdicts]
        pairs = zip(problems, completion_ids, strict=True)
        lengths = defaultdict(list)
        for problem, tokens in compress(pairs, is_decided):
            lengths[problem].append(len(tokens))
        if log_metric and name == first:
            log_metric("undecided", is_decided.count(False) / len(is_decided))
        rows = zip(problems, texts, completion_ids, verdicts, strict=True)
        return [
            REWARDS[name](Completion(*row, max_tokens, lengths[row[0]]), values)
            if decided
            else None
            for row, decided in zip(rows, is_decided, strict=True)
        ]

    reward.__name__ = name  # TRL logs the reward by it
    return reward


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
    return float(is_thought and is_only_one and bool(box) and "}" in answer)


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
