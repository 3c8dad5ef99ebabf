"""Mathematical answers: the final answer, and one cascade that compares it.

The answer is taken from the completion (`_final`), brought into one spelling
(`_spelling`) and compared by the cheapest step that can tell (`_steps`): equal as
text → exact numbers → equations, matrices, intervals, lists and sets member by member
→ math-verify. `why` names where the answer stood and the step that decided.

A gold answer may be a solution that ends with the answer; where it has several boxes
in one statement, all of them are the answer. What is no mathematics is a policy:
`info["policy"]` may set what `Policy` lists.

Only small expressions reach sympy: towers of powers, huge factorials and long digits
leave the answer undecided. Undecided is never wrong.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.verifiers.compare.cascade import same
from pipeline.verifiers.compare.letters import chosen, letters
from pipeline.verifiers.compare.math_verify import (
    MAX_LENGTH,
    Undecided,
    is_huge,
    parsed,
)
from pipeline.verifiers.compare.members import members
from pipeline.verifiers.compare.normal_form import plain, squeezed
from pipeline.verifiers.compare.numbers import number
from pipeline.verifiers.compare.policy import Policy, policy_of
from pipeline.verifiers.compare.readable import is_plain
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import Final, after_thinking, final, is_expression
from pipeline.verifiers.extract.phrases import anchors

__all__ = ["Policy", "same", "unreadable", "verify"]

MAX_SOLUTION = 200_000


class Gold(NamedTuple):
    """A gold answer, ready to be compared with; `why` says why where it is not."""

    text: str
    members: int
    letter: str | None
    why: str | None


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the completion's final answer equals the gold one."""
    policy = policy_of(info)
    found = final(completion)
    gold = _gold(answer or "")
    if gold.why:
        return Verdict(None, found.text, f"gold answer: {gold.why}")
    if policy.boxed and found.how not in ("box", "tag"):
        return Verdict(False, found.text, "no answer in a box")
    if gold.letter and (letter := chosen(completion)):
        return _option(gold, letter, found, policy)
    said = found.text
    if said is None:
        return Verdict(False, None, "no answer found")
    if len(said) > MAX_LENGTH:
        return Verdict(False, said[:200], f"{found.how}: too long to be an answer")
    try:
        right, step = _compared(gold, found, policy)
        if not right and _is_all(completion, gold.text):
            return Verdict(True, completion.strip(), "whole text: equal as text")
    except Undecided as undecided:
        return Verdict(None, said, f"{found.how}: {undecided}")
    except RecursionError:
        return Verdict(None, said, f"{found.how}: nested too deeply")
    return Verdict(right, said, f"{found.how}: {step}")


def _is_all(completion: str, gold: str) -> bool:
    """Whether a short completion is the gold answer's own text, such as a date."""
    if len(completion) > 100 or "\\boxed" in completion:
        return False
    return squeezed(plain(after_thinking(completion))) == squeezed(gold)


def _option(gold: Gold, letter: str, found: Final, policy: Policy) -> Verdict:
    """The letter decides, unless the numbers that stand behind equal ones differ."""
    ours, theirs = _behind(gold.text), _behind(plain((found.text or "")[:MAX_LENGTH]))
    if letter == gold.letter and number(ours) and number(theirs):
        right = same(ours, theirs, policy)[0]
        return Verdict(right, letter, "compared as letters and their numbers")
    return Verdict(letter == gold.letter, letter, "compared as letters")


def _behind(text: str) -> str:
    """What follows the letter of an option: "0" in "(A) 0"."""
    found = re.match(r"\(?[A-J](?:\)|[.:]|(?= ))[.:]?\s*(.*)", text, re.S)
    return found[1] if found else ""


def _compared(gold: Gold, found: Final, policy: Policy) -> tuple[bool, str]:
    """The last answer; for a gold answer of several, as many of the last boxes."""
    right, step = same(gold.text, plain(found.text or ""), policy)
    if not right and 1 < gold.members <= len(found.boxes):
        joined = ", ".join(map(plain, found.boxes[-gold.members :]))
        return same(gold.text, joined, policy)
    return right, step


@lru_cache(20_000)
def _gold(answer: str) -> Gold:
    why = _unreadable(answer)
    if why:
        return Gold("", 0, None, why)
    text = _answer_of(answer)
    letter = letters(text) if _is_option(text) else None
    return Gold(text, len(members(text).parts), letter, None)


def _answer_of(answer: str) -> str:
    """The answer that a gold text is or ends with, in one spelling."""
    boxed = "\\boxed" in answer
    if not boxed and (is_expression(answer) or not any(anchors(answer))):
        return plain(answer)
    found = final(answer)
    if found.joined > 1:
        return ", ".join(map(plain, found.boxes[-found.joined :]))
    return plain(found.text or answer)


def _is_option(text: str) -> bool:
    """A letter alone, or before the text of its option."""
    return bool(
        re.fullmatch(
            r"\(?[A-J]\)?\.?|\([A-J]\)\s.*|[A-J][.):]\s.*|[A-J] [A-Z][a-z]{2}.*",
            text,
            re.S,
        )
    )


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why no answer can be compared with the gold one, or None where one can."""
    return _gold(answer or "").why


def _unreadable(answer: str) -> str | None:
    if not answer.strip():
        return "empty"
    if len(answer) > MAX_LENGTH and not _is_solution(answer):
        return f"{len(answer):,} characters long"
    text = _answer_of(answer)
    if not text:
        return "empty"
    if len(text) > MAX_LENGTH:
        return f"{len(text):,} characters long"
    if text.lower() in ("proof", "see solution", "n/a", "none given"):
        return "a proof, not an answer"
    if _unbalanced(text):
        return "unbalanced braces"
    if number(text) or re.fullmatch(r"[\w' -]{1,40}", text):
        return None
    if is_huge(text):
        return "too large to compute with"
    if is_plain(answer) or is_plain(text):
        return None
    return _unparsed(text)


def _is_solution(answer: str) -> bool:
    """A worked solution that ends with its answer in a box."""
    return len(answer) <= MAX_SOLUTION and "\\boxed{" in answer[-2 * MAX_LENGTH :]


def _unparsed(text: str) -> str | None:
    try:
        pieces = members(text).parts
        if all(number(piece) or parsed(piece) for piece in pieces) or parsed(text):
            return None
    except Undecided:
        return "math-verify needs too long to parse it"
    return "math-verify cannot parse it"


def _unbalanced(text: str) -> bool:
    bare = re.sub(r"\\[{}]", "", text)
    return bare.count("{") != bare.count("}")
