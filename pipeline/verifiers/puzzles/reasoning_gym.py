"""Scores of reasoning-gym's own scorers, each where it can do no harm.

Scorers whose code was read and evaluates nothing run here. The others run in the
sandbox, under limits: some parse with sympy or `eval` what the model wrote, some can
be kept busy by a number. So that a text cannot become code there and write its own
score, it must be of the kind that the scorer expects (`admits`); another text is
compared with the answer and nothing more. Three scorers give full marks to wrong
answers; for those equality or the value decides. Which are which says
reasoning_gym.toml.
"""

import ast
import json
import re
import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.sandbox.contract import Limits
from pipeline.sandbox.guests import guest_source
from pipeline.sandbox.run import run_python
from pipeline.verifiers.contract import Verdict

LIMITS = Limits(cpu_s=10, memory_mb=4096)
LONGEST = 20_000
SIGNALLED = 128  # exit codes above are those of signals

TASKS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
TOLERANCE = Fraction(1, 10_000)
# Numbers, operators, brackets, known functions and single letters.
NAMES = (
    "a?(?:sin|cos|tan)h?|arc(?:sin|cos|tan)|sec|csc|cot|exp|log|ln|sqrt|pi|abs|Abs|"
    "E|I|C|[a-zA-Z]"
)
FORMULA = re.compile(rf"(?:(?<![A-Za-z0-9_])(?:{NAMES})(?![A-Za-z0-9_])|\d+(?:\.\d+)?"
                     r"|[-+*/^(),=\s])*")  # fmt: skip


def unreadable(answer: str, info: dict[str, Any]) -> str | None:
    """Why the task cannot be scored. Some have many right answers and name none."""
    if not isinstance(info.get("dataset"), str):
        return "verify_info.dataset: expected the name of a dataset of reasoning-gym"
    if not _is_dataset(info["dataset"]):
        return f"verify_info.dataset: reasoning-gym has no {info['dataset']!r:.40}"
    if not isinstance(info.get("entry"), dict):
        return "verify_info.entry: expected an entry of the dataset, with its metadata"
    return None


def verify(answer: str, text: str, info: dict[str, Any]) -> Verdict:
    """The verdict of the dataset's scorer, which gives right answers 1."""
    name = info["dataset"]
    score, why = score_answer(name, info["entry"], text)
    if score is None:
        return Verdict(None, text, f"{name}: {why}")
    return Verdict(score >= 0.99, text, f"{name}: {why} {score:.3f}", score)


class Scored(NamedTuple):
    """A score from 0 to 1, and how it came about; None where the scorer gave none."""

    score: float | None
    why: str


def score_answer(name: str, entry: dict[str, Any], text: str) -> Scored:
    """The score of `text` as the answer to `entry` of the dataset `name`."""
    gold = entry.get("answer")
    if isinstance(gold, str) and text.strip() == gold.strip():
        return Scored(1.0, "equal as text")
    if name in TASKS["compared"] or len(text) > LONGEST:
        return Scored(0.0, "compared as text")
    if name in TASKS["numbers"]:
        return Scored(float(_are_near(text, str(gold))), "compared as numbers")
    if not admits(name, text.strip()):
        return Scored(0.0, "compared as text: not of the kind that is scored")
    score = _score_here if _is_harmless(name) else _score_in_sandbox
    return score(name, entry, text)


def admits(name: str, text: str) -> bool:
    """Whether the scorer may see `text`: where it evaluates, literals or formulas."""
    if name in TASKS["literals"]:
        return _is_literal(text)
    return name not in TASKS["formulas"] or bool(FORMULA.fullmatch(text))


def _is_literal(text: str) -> bool:
    """A list, number or text as Python writes it: evaluating it does nothing."""
    try:
        ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _are_near(*texts: str) -> bool:
    try:
        left, right = (Fraction(text.replace(",", "").strip()) for text in texts)
    except (ValueError, ZeroDivisionError):
        return False
    return abs(left - right) <= TOLERANCE


def _score_here(name: str, entry: dict[str, Any], text: str) -> Scored:
    try:
        return Scored(float(_dataset(name).score_answer(text, entry)), "score")
    except Exception as error:  # a scorer that trips over what a model wrote
        return Scored(0.0, type(error).__name__)


def _score_in_sandbox(name: str, entry: dict[str, Any], text: str) -> Scored:
    job = json.dumps({"name": name, "entry": entry, "text": text}).encode()
    harness = guest_source("score_reasoning_gym")
    run = run_python(harness, stdin=job, limits=LIMITS, packages=("reasoning_gym",))
    if run.ended != "exited" or run.exit_code > SIGNALLED:
        # It was stopped, which says nothing about the text.
        return Scored(None, f"timeout: the scorer was stopped ({run.ended})")
    if run.exit_code or not run.channel:
        message = run.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return Scored(0.0, f"the scorer ended: {message[:100]}")
    return Scored(float(run.channel), "score, in the sandbox")


@cache
def _is_harmless(name: str) -> bool:
    """Whether the scorer was read, or is the library's own comparison."""
    from reasoning_gym.dataset import ProceduralDataset

    own = type(_dataset(name)).score_answer
    return own is ProceduralDataset.score_answer or name in TASKS["here"]


@cache
def _is_dataset(name: str) -> bool:
    from reasoning_gym.factory import DATASETS

    return name in DATASETS


@cache
def _dataset(name: str) -> Any:
    import reasoning_gym

    return reasoning_gym.create_dataset(name, size=1, seed=0)
