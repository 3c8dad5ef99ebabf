"""Answers that must be written as the gold one is, but for what is layout.

"New York" is met by "new  york!" and by "The answer is New York.", not by "NYC". White
space, case, punctuation and a leading article do not count, as in SQuAD's exact match
(Rajpurkar et al., arXiv 1606.05250). What makes a number another one does count: 1.4 is
not 14, -200 not 200, 1/2 not 12, and 9:30 not 930; 3,600 is 3600.

`info["policy"]` says what counts after all: `case`, `punctuation` (signs such as
. , ! '), `articles` (a leading "the", "a" or "an"). Unicode is composed (NFC) first.
"""

import re
import unicodedata
from typing import Any

from pipeline.thinking import strip_thinking
from pipeline.verifiers.answers.policy import read_policy
from pipeline.verifiers.contract import Verdict
from pipeline.verifiers.details.exact import Policy
from pipeline.verifiers.extract.final import find_marked_answer
from pipeline.verifiers.extract.markup import plain, strip_markup
from pipeline.verifiers.extract.phrases import announced_line

MAY_BE_OVERRULED = True
# Composing takes quadratic time where thousands of accents stand on one letter.
MAX_LENGTH = 10_000
GROUPS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# All but what stands within a number, and a sign or point in front of one.
SIGNS = re.compile(r"(?!(?<=\d)[^\w\s](?=\d)|(?<!\w)[-−.](?=\.?\d))[^\w\s]")


def verify(answer: str | None, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the answer, or all that follows the thinking, is the gold text."""
    policy = read_policy(Policy, info)
    text = strip_markup(find_marked_answer(completion)).strip()
    if why := unreadable(answer, info):
        return Verdict(None, text, why)
    texts = [text, plain(text)]
    is_whole = text == strip_markup(strip_thinking(completion)).strip()
    if is_whole and (line := announced_line(text)):
        texts.append(line.strip(" .*`\"'"))
    short = [text for text in texts if len(text) <= MAX_LENGTH]
    is_equal = _fold(answer or "", policy) in [_fold(text, policy) for text in short]
    if not is_equal and not texts[-1]:
        return Verdict(False, None, "no answer found")
    return Verdict(is_equal, texts[-1], f"{'equal' if is_equal else 'differs'} as text")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why the gold answer cannot be compared with, or None where it can."""
    if not answer or not answer.strip():
        return "the gold answer is empty"
    is_long = len(answer) > MAX_LENGTH
    return f"the gold answer is {len(answer):,} characters long" if is_long else None


def _fold(text: str, policy: Policy) -> str:
    text = unicodedata.normalize("NFC", text)
    if not policy.case:
        text = text.casefold()
    if not policy.punctuation:
        text = SIGNS.sub("", GROUPS.sub("", text)).replace("−", "-") or text
    text = " ".join(text.split())
    return text if policy.articles else re.sub(r"^(?:the|an?) ", "", text, flags=re.I)
