"""Puzzles: verified by their own rules, with partial credit where a rule gives it.

`info["task"]` names the rule, each a file of `puzzles/`:

- countdown: for the numbers 44, 19, 35 and the target 98, "44 + 19 + 35" is right
- knights_knaves: every role must be named, as in "Ana is a knight, Ben is a knave"
- zebra: a table of houses, as JSON or Markdown, compared by cells
- reasoning_gym: the dataset's own scorer

What the model wrote is never evaluated as code. Only the last answer counts, and it
must be one: who lists several gets none of them right.
"""

from typing import Any, Protocol

from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import find_marked_answer
from pipeline.verifiers.puzzles import countdown, knights_knaves, reasoning_gym, zebra


class Rule(Protocol):
    """A file of `puzzles/`: `text` is what the last box or tag of an answer holds."""

    def unreadable(self, answer: str, info: dict[str, Any]) -> str | None: ...
    def verify(self, answer: str, text: str, info: dict[str, Any]) -> Verdict: ...


RULES: dict[str, Rule] = {
    "countdown": countdown,
    "knights_knaves": knights_knaves,
    "zebra": zebra,
    "reasoning_gym": reasoning_gym,
}


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Verify by the rule of `info["task"]`; its score is the partial credit."""
    if why := unreadable(answer, info):
        return Verdict(None, None, why)
    rule = RULES[info["task"]]
    return rule.verify(answer or "", find_marked_answer(completion), info)


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the puzzle cannot be verified, or None where it can."""
    task = info.get("task")
    if not isinstance(task, str) or task not in RULES:
        return f"no rule for task {task!r:.40}; known: {', '.join(RULES)}"
    return RULES[task].unreadable(answer or "", info)
