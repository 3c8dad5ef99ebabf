"""Mathematical answers: the final answer, and one cascade that compares it.

The answer is found in the completion (`extract.final`), brought into normal form
(`compare.normal_form`) and compared by the cheapest step that can tell
(`compare.cascade`): equal as text → exact numbers → equations, matrices, intervals,
lists and sets member by member → math-verify. `why` names where the answer stood and
the step that decided, such as "box: compared as numbers".

A gold answer may be a solution that ends with the answer; where it has several boxes
in one statement, all of them are the answer. `info["alternatives"]` are further gold
answers, each of them right alone. What is no mathematics is a policy: `info["policy"]`
may set what `Policy` lists.

Only small expressions reach sympy: towers of powers, huge factorials and long digits
leave the answer undecided. Undecided is never wrong.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.errors import UserError
from pipeline.verifiers.compare import math_verify
from pipeline.verifiers.compare.cascade import compare
from pipeline.verifiers.compare.letters import find_chosen_letter, read_letter
from pipeline.verifiers.compare.math_verify import MAX_LENGTH, Undecided
from pipeline.verifiers.compare.members import split_members
from pipeline.verifiers.compare.normal_form import normalise, squeeze
from pipeline.verifiers.compare.numbers import read_number
from pipeline.verifiers.compare.policy import Policy, read_policy
from pipeline.verifiers.compare.readable import is_plain
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.final import (
    FinalAnswer,
    find_final_answer,
    is_expression,
    strip_thinking,
)
from pipeline.verifiers.extract.phrases import find_announcements

COMPARES_VALUES = True
MAY_BE_OVERRULED = True
MAX_SOLUTION = 200_000
PROOFS = ("proof", "see solution", "n/a", "none given")
OPTION = re.compile(
    r"\(?[A-J]\)?\.?|\([A-J]\)\s.*|[A-J][.):]\s.*|[A-J] [A-Z][a-z]{2}.*", re.S
)
BEHIND_LETTER = re.compile(r"\(?[A-J](?:\)|[.:]|(?= ))[.:]?\s*(.*)", re.S)


class Gold(NamedTuple):
    """A gold answer in normal form; `why` says why where it cannot be read."""

    text: str
    n_members: int
    letter: str | None
    why: str | None


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the completion's final answer equals the gold one, or an alternative."""
    policy = read_policy(Policy, info)
    verdict = _verify(answer, completion, policy)
    for alternative in _read_alternatives(info):
        if verdict.correct:
            break
        other = _verify(alternative, completion, policy)
        # What is undecided is so until another answer is right.
        if other.correct or (verdict.correct is False and other.correct is None):
            verdict = other
    return verdict


def _read_alternatives(info: dict[str, Any]) -> list[str]:
    answers = info.get("alternatives", [])
    if isinstance(answers, list) and all(isinstance(each, str) for each in answers):
        return answers
    raise UserError(f"verify_info.alternatives: expected texts, found {answers!r:.80}")


def _verify(answer: str | None, completion: str, policy: Policy) -> Verdict:
    final = find_final_answer(completion)
    gold = _read_gold(answer or "")
    if gold.why:
        return Verdict(None, final.text, f"gold answer: {gold.why}")
    if policy.boxed and final.how not in ("box", "tag"):
        return Verdict(False, final.text, "no answer in a box")
    if gold.letter and (letter := find_chosen_letter(completion)):
        return _compare_options(gold, letter, final, policy)
    if final.text is None:
        return Verdict(False, None, "no answer found")
    if len(final.text) > MAX_LENGTH:
        why = f"{final.how}: too long to be an answer"
        return Verdict(False, final.text[:200], why)
    try:
        is_equal, step = _compare(gold, final, policy)
        if not is_equal and _is_whole_text(completion, gold.text):
            return Verdict(True, completion.strip(), "whole text: equal as text")
    except Undecided as undecided:
        return Verdict(None, final.text, f"{final.how}: {undecided}")
    except RecursionError:
        return Verdict(None, final.text, f"{final.how}: nested too deeply")
    return Verdict(is_equal, final.text, f"{final.how}: {step}")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why no answer can be compared with a gold one, or None where one can."""
    golds = [answer or "", *_read_alternatives(info)]
    whys = [_read_gold(gold).why for gold in golds]
    return None if None in whys else whys[0]


def _is_whole_text(completion: str, gold: str) -> bool:
    """Whether a short completion is the gold answer's own text, such as a date."""
    if len(completion) > 100 or "\\boxed" in completion:
        return False
    return squeeze(normalise(strip_thinking(completion))) == squeeze(gold)


def _compare_options(
    gold: Gold, letter: str, final: FinalAnswer, policy: Policy
) -> Verdict:
    """The letter decides, unless the numbers that stand behind equal ones differ."""
    predicted = normalise((final.text or "")[:MAX_LENGTH])
    behind, other = (
        match[1] if (match := BEHIND_LETTER.match(text)) else ""
        for text in (gold.text, predicted)
    )
    if letter == gold.letter and read_number(behind) and read_number(other):
        is_equal, _ = compare(behind, other, policy)
        return Verdict(is_equal, letter, "compared as letters and their numbers")
    return Verdict(letter == gold.letter, letter, "compared as letters")


def _compare(gold: Gold, final: FinalAnswer, policy: Policy) -> tuple[bool, str]:
    """The last answer; for a gold answer of several, as many of the last boxes."""
    is_equal, step = compare(gold.text, normalise(final.text or ""), policy)
    if not is_equal and 1 < gold.n_members <= len(final.boxes):
        return compare(gold.text, _join(final.boxes[-gold.n_members :]), policy)
    return is_equal, step


def _join(boxes: tuple[str, ...]) -> str:
    return ", ".join(map(normalise, boxes))


@lru_cache(20_000)
def _read_gold(answer: str) -> Gold:
    if len(answer) > MAX_LENGTH and not _is_solution(answer):
        return Gold("", 0, None, f"{len(answer):,} characters long")
    text = _normalise_gold(answer)
    if why := _find_flaw(answer, text):
        return Gold("", 0, None, why)
    letter = read_letter(text) if OPTION.fullmatch(text) else None
    return Gold(text, len(split_members(text).parts), letter, None)


def _normalise_gold(answer: str) -> str:
    """The answer that a gold text is or ends with, in normal form."""
    is_bare = "\\boxed" not in answer and (
        is_expression(answer) or not any(find_announcements(answer))
    )
    if is_bare:
        return normalise(answer)
    final = find_final_answer(answer)
    if final.joined > 1:
        return _join(final.boxes[-final.joined :])
    return normalise(final.text or answer)


def _is_solution(answer: str) -> bool:
    """A worked solution that ends with its answer in a box."""
    return len(answer) <= MAX_SOLUTION and "\\boxed{" in answer[-2 * MAX_LENGTH :]


def _find_flaw(answer: str, text: str) -> str | None:
    """Why `text`, the normal form of `answer`, cannot be compared with."""
    if not text:
        return "empty"
    if len(text) > MAX_LENGTH:
        return f"{len(text):,} characters long"
    if text.lower() in PROOFS:
        return "a proof, not an answer"
    bare = re.sub(r"\\[{}]", "", text)
    if bare.count("{") != bare.count("}"):
        return "unbalanced braces"
    if read_number(text) or re.fullmatch(r"[\w' -]{1,40}", text):
        return None
    if math_verify.is_huge(text):
        return "too large to compute with"
    if is_plain(answer) or is_plain(text):
        return None
    parse = math_verify.parse_expression
    try:
        parts = split_members(text).parts
        if all(read_number(part) or parse(part) for part in parts) or parse(text):
            return None
    except Undecided:
        return "math-verify needs too long to parse it"
    return "math-verify cannot parse it"
