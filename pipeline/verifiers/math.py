r"""Mathematical answers: the final answer, read into a tree, and compared by its kind.

The answer is found in the completion (`extract.final`), read as the gold answer is
(`answers.answer`), and compared: numbers exactly, expressions by their values in ball
arithmetic, equations by their zeros, sets by their members, and so on
(`answers.decide`). `why` names where the answer stood and the kind of the gold answer,
such as "box: equal as number".

What the reader cannot read in the completion is wrong; what it cannot read in a gold
answer leaves nothing to compare with.

A gold answer may be a solution that ends with the answer; where it has several boxes
in one statement, all of them are the answer. `info["alternatives"]` are further gold
answers, each of them right alone. What is no mathematics is a policy: `info["policy"]`
may set what `Policy` lists.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from pipeline.thinking import strip_thinking
from pipeline.verifiers.answers.answer import EXACT, Answer, read
from pipeline.verifiers.answers.decide import decide, kind_of
from pipeline.verifiers.answers.labels import FALSE
from pipeline.verifiers.answers.operations import TooLarge
from pipeline.verifiers.answers.policy import Policy, read_policy
from pipeline.verifiers.answers.tokens import Unreadable
from pipeline.verifiers.answers.variants import number_variants
from pipeline.verifiers.choice import find_chosen
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.extract.clauses import is_disowned, is_misled, is_ruled_out
from pipeline.verifiers.extract.final import (
    FinalAnswer,
    find_final_answer,
)
from pipeline.verifiers.extract.markup import plain, strip_markup
from pipeline.verifiers.extract.phrases import find_announcements
from pipeline.verifiers.extract.statement import is_expression

COMPARES_VALUES = True
MAY_BE_OVERRULED = True
MAX_LENGTH = 2_000
# Kinds that the reader knows all of, and those that may be given by a condition.
DECIDED = {"number", "quantity", "words", "date", "time"}
HIDDEN = ("set", "relation", "tuple")
PROOFS = ("proof", "see solution", "n/a", "none given")
OPTION = re.compile(r"\(?([A-J])(?:\)?\.?|[.):]\s.*| [A-Z][a-z]{2}.*)", re.S)
MARKED = re.compile(r"(?:.*\n)?####\s*(.+?)\s*", re.S)  # GSM8K's gold answers
# What a second escaping of the backslash leaves: \\frac for \frac.
ESCAPED = re.compile(
    r"(?<!\\)\\\\(?=(?:[dtc]?frac|left|right|boxed|text|sqrt|pi|leq?|geq?|neq?|infty|circ"
    r"|cup|cdot|times|angle|pm|mathrm|in)(?![A-Za-z]))"
)
ONE_OF = re.compile(r"(?:,|\b(?:or|un|no))\s*$")
BEHIND_LETTER = re.compile(r"\(?[A-J](?:\)|[.:]|(?= ))[.:]?\s*(.*)", re.S)


class Undecided(Exception):
    """Nobody could say whether this answer is the gold one; the message says why."""


class Gold(NamedTuple):
    """A gold answer: its text, what was read of it, and why it is unreadable.

    `letter` is set where it is an option of a multiple choice. `kind` and `squeezed`
    are kept because every completion is compared with them.
    """

    text: str
    answer: Answer | None
    letter: str | None
    why: str | None
    kind: str | None = None
    squeezed: str = ""

    @property
    def n_members(self) -> int:
        is_list = self.answer and self.answer.tree.op in ("list", "set", "tuple")
        return len(self.answer.tree.args) if self.answer and is_list else 1


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the completion's final answer equals the gold one, or an alternative."""
    policy = read_policy(Policy, info)
    verdict = _verify(answer, completion, policy)
    for alternative in info.get("alternatives", []):
        if verdict.correct:
            break
        other = _verify(alternative, completion, policy)
        # What is undecided is so until another answer is right.
        if other.correct or (verdict.correct is False and other.correct is None):
            verdict = other
    return verdict


def _verify(answer: str | None, completion: str, policy: Policy) -> Verdict:
    final = find_final_answer(completion)
    gold = _read_gold(answer or "")
    if gold.why and not (final.text and gold.squeezed == squeeze(final.text)):
        return Verdict(None, final.text, f"gold answer: {gold.why}")
    if policy.boxed and final.how not in ("box", "tag"):
        return Verdict(False, final.text, "no answer in a box")
    is_symbol = len(final.text or "") == 1 and str(final.text).islower()
    if (
        gold.letter
        and not is_symbol
        and (chosen := find_chosen(strip_thinking(completion), {}))
    ):
        return _compare_options(gold, ", ".join(chosen), final, policy)
    if final.how not in ("box", "tag", "field") and _ends_with(completion, gold):
        return Verdict(True, gold.text, "last words: equal as words")
    if final.text is None:
        return Verdict(False, None, "no answer found")
    if len(final.text) > MAX_LENGTH:
        why = f"{final.how}: too long to be an answer"
        return Verdict(False, final.text[:200], why)
    try:
        is_equal, why = _compare(gold, final, policy)
    except Undecided as undecided:
        return Verdict(None, final.text, f"{final.how}: {undecided}")
    return Verdict(is_equal, final.text, f"{final.how}: {why}")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why no answer can be compared with a gold one, or None where one can."""
    golds = [answer or "", *info.get("alternatives", [])]
    whys = [_read_gold(gold).why for gold in golds]
    return None if None in whys else whys[0]


def kind(answer: str | None, info: dict[str, Any]) -> str | None:
    """The kind of the gold answer; `choice` for an option, None where nobody knows."""
    gold = _read_gold(answer or "")
    return "choice" if gold.letter else gold.kind


def _ends_with(completion: str, gold: Gold) -> bool:
    """Whether the last sentence ends with a gold answer of words, or begins with one.

    Yes, no, true and false stand first.
    """
    if gold.answer is None or gold.answer.tree.op != "words" or gold.letter:
        return False
    words = plain(gold.text).casefold().strip(" .")
    text = strip_markup(strip_thinking(completion)[-300:]).strip().casefold()
    if words in ("yes", "no", "true", "false") and re.match(
        rf"{words}\b(?!\W*(?:or|and|/)\b)", text
    ):
        return True
    sentence = re.split(r"[.!?\n]\s+", text.rstrip(" .!"))[-1]
    head = sentence.removesuffix(words)
    is_apart = len(head) < len(sentence) and not head[-1:].isalnum()
    is_denied = is_misled(head, "") or is_ruled_out(head) or ONE_OF.search(head)
    return is_apart and len(words) > 1 and not is_denied


def _compare_options(
    gold: Gold, letter: str, final: FinalAnswer, policy: Policy
) -> Verdict:
    """The letter decides, unless the values that stand behind equal ones differ."""
    behind = _behind_letter((final.text or "")[:MAX_LENGTH])
    has_values = re.search(r"\d", behind) and re.search(r"\d", gold.text)
    if letter == gold.letter and has_values:
        try:
            is_equal = decide(gold.text, behind, policy) is not False
        except (Unreadable, TooLarge):
            is_equal = not is_disowned(behind)
        return Verdict(is_equal, letter, "compared as letters and their values")
    return Verdict(letter == gold.letter, letter, "compared as letters")


def _behind_letter(text: str) -> str:
    match = BEHIND_LETTER.match(plain(text))
    return match[1].strip() if match else ""


def _compare(gold: Gold, final: FinalAnswer, policy: Policy) -> tuple[bool, str]:
    """The last answer; for a gold answer of several, as many of the last boxes."""
    is_equal, why = _compare_texts(gold, final.text or "", policy)
    if is_equal or len(final.boxes) < 2 or gold.n_members < 2:
        return is_equal, why
    for count in dict.fromkeys((gold.n_members, final.joined)):
        if not is_equal and 1 < count <= len(final.boxes):
            joined = ", ".join(final.boxes[-count:])
            is_equal, why = _compare_texts(gold, joined, policy)
    return is_equal, why


def _compare_texts(gold: Gold, predicted: str, policy: Policy) -> tuple[bool, str]:
    if gold.squeezed == squeeze(predicted):
        return True, "equal as text"
    predicted = _unescape(predicted)
    if gold.answer is None:
        return False, "a value where an option was asked for"
    is_too_large = False
    try:
        verdict = decide(gold.text, predicted, policy)
    except Unreadable as unread:
        return False, f"not read: {unread}"
    except TooLarge:
        verdict, is_too_large = None, True
    if verdict is None and _is_open(gold, predicted, is_too_large):
        raise Undecided(f"nothing tells the {gold.kind}s apart")
    if verdict is None:
        return False, "nothing in it can be compared"
    return verdict, f"{'equal' if verdict else 'differs'} as {gold.kind}"


def _is_open(gold: Gold, predicted: str, is_too_large: bool) -> bool:
    """Whether a careful examiner, too, could not say that the two differ."""
    tree, answer = gold.answer.tree if gold.answer else FALSE, read(predicted)
    kinds = {gold.kind, kind_of(answer)}
    ops, asked = ({node.op for node in t.walk()} for t in (answer.tree, tree))
    if kinds & DECIDED or "words" in ops or ("dots" in ops and "dots" not in asked):
        return False
    if answer.tree.names != tree.names:
        return False
    is_hidden = gold.kind in HIDDEN or any(n.op == "cases" for n in tree.walk())
    return is_too_large or is_hidden


def squeeze(text: str) -> str:
    """The text without dollar signs and spaces at its ends: equal, whatever it says."""
    return " ".join(text.split()).strip("$ ").rstrip(".")


@lru_cache(20_000)
def _read_gold(answer: str) -> Gold:
    """The gold answer; of one that is an option, its letter and what stands behind."""
    if EXACT.fullmatch(answer):
        return _gold(answer, read(answer))
    text = _gold_text(_unescape(answer)).strip()
    if len(text) > MAX_LENGTH:
        return Gold("", None, None, f"{len(text):,} characters long")
    if not text or text.lower() in PROOFS:
        return Gold("", None, None, "a proof, not an answer" if text else "empty")
    option = OPTION.fullmatch(plain(text))
    letter = option[1] if option else None
    text = _behind_letter(text) or text if option else text
    why = None
    for spelling in (text, *number_variants(text)):
        try:
            return _gold(spelling, read(spelling), letter)
        except Unreadable as error:
            why = why or str(error)
    return Gold(text, None, letter, None if letter else why, squeezed=squeeze(text))


def _gold(text: str, answer: Answer, letter: str | None = None) -> Gold:
    return Gold(text, answer, letter, None, kind_of(answer), squeeze(text))


def _unescape(text: str) -> str:
    if "\\\\" not in text or "\\begin{" in text:
        return text
    return ESCAPED.sub(r"\\", text)


def _gold_text(answer: str) -> str:
    """The answer that a gold text is or ends with."""
    if match := MARKED.fullmatch(answer):
        return match[1]
    is_bare = "\\boxed" not in answer and (
        is_expression(answer) or not any(find_announcements(answer))
    )
    if is_bare:
        return answer
    final = find_final_answer(answer)
    if final.joined > 1:
        return ", ".join(final.boxes[-final.joined :])
    return final.text or answer
