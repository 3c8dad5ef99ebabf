"""Mathematical answers: equal as text, equal as numbers, or equal to math-verify.

The final answer is what stands in the last box after the thinking, or else after
an answer phrase, or else the last number. Cheap comparisons come first; only
what they cannot settle reaches math-verify, and nothing that would make it
compute towers of powers does.
"""

import re
import threading
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

from pipeline.verifiers.contract import Verdict

MAX_ANSWER = 2_000
NUMBER = r"[-+−]?\d[\d,]*(?:\.\d+)?"
PHRASE = re.compile(
    r"(?:####|(?:final )?answer(?: is|:|\s*=)|(?:^|\n)A:)\s*:?\s*([^\n]+)", re.I
)


def verify(answer: str, completion: str, info: dict[str, Any]) -> Verdict:
    """Whether the completion's final answer equals the gold one."""
    said, how = extract(completion)
    if said is None:
        return Verdict(False, None, "no answer found")
    if why := unreadable(answer, info):
        return Verdict(None, said, f"gold answer: {why}")
    gold, said_plain = plain(answer), plain(said)
    if gold == said_plain:
        return Verdict(True, said, f"{how}: equal as text")
    ours, theirs = number(said_plain), number(gold)
    if ours is not None and theirs is not None:
        return Verdict(ours == theirs, said, f"{how}: compared as numbers")
    if is_huge(gold) or is_huge(said_plain):
        return Verdict(None, said, "too large to compute with")
    equal = _math_verify(answer, said)
    return Verdict(equal, said, f"{how}: math-verify")


def unreadable(answer: str | None, info: dict[str, Any]) -> str | None:
    """Why no answer can be compared with the gold one, or None where one can."""
    if answer is None or not answer.strip():
        return "the gold answer is empty"
    if len(answer) > MAX_ANSWER:
        return f"the gold answer has {len(answer):,} characters"
    if answer.count("{") != answer.count("}"):
        return "the gold answer has unbalanced braces"
    text = plain(answer)
    if number(text) is not None or re.fullmatch(r"[A-Za-z]|[\w ]{1,40}", text):
        return None if text.lower() != "proof" else "the gold answer is a proof"
    if is_huge(text):
        return None  # equal texts are still equal
    return None if _parsed(_boxed(answer)) else "math-verify cannot parse it"


def extract(completion: str) -> tuple[str | None, str]:
    """The final answer and how it was found."""
    text = completion.rpartition("</think>")[2] or completion
    if (found := last_box(text)) is not None:
        return found or None, "box"
    if phrases := PHRASE.findall(text):
        return _trimmed(phrases[-1]), "phrase"
    if numbers := re.findall(NUMBER, text):
        return numbers[-1], "last number"
    return None, "nothing"


def last_box(text: str) -> str | None:
    """What the last complete box holds, braces balanced."""
    for start in reversed([m.end() for m in re.finditer(r"\\boxed\s*\{", text)]):
        depth = 1
        for end in range(start, len(text)):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            if depth == 0:
                return text[start:end].strip()
    return None


def _trimmed(phrase: str) -> str:
    phrase = phrase.strip().rstrip(".").strip()
    if dollars := re.findall(r"\$([^$]+)\$", phrase):
        return str(dollars[-1])
    return phrase


LAYOUT = re.compile(
    r"\\left|\\right|\\!|\\,|\\;|\\:|\\ |\$|\\\(|\\\)|\\\[|\\\]|\\displaystyle|~"
)


@lru_cache(100_000)
def plain(answer: str) -> str:
    """One spelling of what the layout does not change."""
    text = answer.strip()
    if (inner := last_box(text)) is not None:
        text = inner
    text = LAYOUT.sub("", text).replace("−", "-").replace("\\dfrac", "\\frac")
    text = text.replace("\\tfrac", "\\frac")
    text = re.sub(r"\\(?:text|mathrm|textbf|mbox)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\s+", " ", text).strip().rstrip(".").strip()
    return re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)


def number(text: str) -> Fraction | None:
    """The exact value of an integer, decimal or simple fraction."""
    text = text.replace(" ", "").lstrip("+")
    if found := re.fullmatch(r"(-?)\\frac\{?(-?\d+)\}?\{?(\d+)\}?", text):
        text = f"{found[1]}{found[2]}/{found[3]}".replace("--", "")
    if not re.fullmatch(r"-?\d*\.?\d+(?:/\d+)?", text) or len(text) > 5_000:
        return None
    try:
        return Fraction(text) if "/" in text else Fraction(Decimal(text))
    except (ZeroDivisionError, InvalidOperation, ValueError):
        return None


NESTED_POWER = re.compile(r"\^\s*(?:[{(]+[^{}()]*\^|-?\d+\s*\^)")
BIG = 1000  # of a factorial or a binomial coefficient


def is_huge(text: str) -> bool:
    """Whether computing `text` could take for ever: towers, factorials, long digits."""
    if len(text) > MAX_ANSWER or re.search(r"\d{300}", text):
        return True
    if NESTED_POWER.search(text) or len(re.findall(r"\)\s*!", text)) > 1:
        return True
    powers = re.findall(r"\^\s*[{(]*\s*-?(\d+)", text)
    grown = re.findall(r"(\d+)\s*!", text)
    if "binom" in text:
        grown += re.findall(r"\d+", text)
    return any(len(power) > 4 for power in powers) or any(
        len(number) > 9 or int(number) >= BIG for number in grown
    )


def _math_verify(gold: str, said: str) -> bool:
    from math_verify import verify as compare

    ours, theirs = _parsed(_boxed(gold)), _parsed(_boxed(said))
    if not theirs:
        return False
    return bool(compare(list(ours), list(theirs), timeout_seconds=_alarm()))


def _boxed(answer: str) -> str:
    inner = last_box(answer)
    return f"\\boxed{{{answer if inner is None else inner}}}"


@lru_cache(20_000)
def _parsed(text: str) -> tuple[Any, ...]:
    from math_verify import parse

    try:
        return tuple(parse(text, parsing_timeout=_alarm()))
    except Exception:  # any parser error means: not readable
        return ()


def _alarm() -> int | None:
    """math-verify's alarm works in the main thread only."""
    return 5 if threading.current_thread() is threading.main_thread() else None
