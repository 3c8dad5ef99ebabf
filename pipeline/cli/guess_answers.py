"""How the answers of a column can be judged: the verifier that reads them, by trying.

Where a column holds worked solutions, the final answer is what stands behind their
mark, the same in nearly all of them. What no verifier reads is told, and not judged.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.grading.guarded import read_gold
from pipeline.text import as_text

TRIED = 100  # answers
READABLE = 0.9  # share of answers that a verifier must read
LONGEST = 100  # characters of a final answer; what is longer is worked out
SHOWN = 60
LETTER = re.compile(r"\(?[A-Ha-h][).]?")
# Marks in front of the final answer of a worked solution, with what follows them.
BOXED = r"(?s)\\boxed\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}(?!.*\\boxed)"
MARKS = {
    "####": r"####\s*(.+)",
    "\\boxed": BOXED,
    "The answer is": r"(?i)the (?:final )?answer is:?\s*(.+?)\.?\s*$",
    "Answer": r"(?m)^\s*(?:A|Answer|Final [Aa]nswer)\s*:\s*(.+)",
}


class Judging(NamedTuple):
    """The verifier of a column's answers, None where none reads them, and why.

    `pattern` is what finds the answer in the column's text; "" where it is all of it.
    `is_list` where most rows have several answers.
    """

    verifier: str | None
    pattern: str
    why: str
    is_list: bool = False


def guess_judging(values: list[Any]) -> Judging:
    """How the `values` of a column, some of which may be nothing, are judged."""
    filled = [value for value in values if value not in (None, "", [])][:TRIED]
    if not filled:
        return Judging(None, "", "no answers, so nothing to judge by")
    if sum(isinstance(v, list) and len(v) > 1 for v in filled) * 2 > len(filled):
        return _judge_lists(filled)
    answers = [answer for value in filled if (answer := _one_of(value))]
    return (find_marked(answers) if answers else None) or _choose(answers)


def find_marked(texts: list[str]) -> Judging | None:
    """How final answers behind a mark are judged; None where `texts` have no mark."""
    texts = texts[:TRIED]
    for mark, pattern in MARKS.items():
        matches = [re.search(pattern, text) for text in texts]
        answers = [match[1].strip() for match in matches if match]
        if len(answers) >= READABLE * len(texts):
            judging = _choose(answers)
            if judging.verifier:
                why = f"what stands behind {mark}: {judging.why}"
                return judging._replace(pattern=pattern, why=why)
    return None


def _judge_lists(values: list[list[Any]]) -> Judging:
    """Several answers a row: numbers are a set, and of words nobody can tell."""
    rows = [[as_text(each) or "" for each in v] for v in values if isinstance(v, list)]
    shown = ", ".join(rows[0])[:SHOWN]
    is_words = any(len(each) > 1 and each.isalpha() for row in rows for each in row)
    share = _share("math", [", ".join(row) for row in rows])
    if is_words or share < READABLE:
        why = f"several answers a row ({shown}), which no verifier compares: name one"
        return Judging(None, "", f"{why} of them, as in --column answer=NAME.0", True)
    why = f"several answers a row, such as {shown!r}: all together are right; say"
    return Judging(
        "math", "", f"{why} `set: {{golds: any}}` where each of them is", True
    )


def _choose(answers: list[str]) -> Judging:
    """The first verifier that reads nearly all answers, of those that could."""
    shares = {each: _share(each, answers) for each in _verifiers(answers)}
    most = max(shares, key=lambda name: shares[name])
    # `exact` reads whatever is there, so a broken answer must not make it the best.
    best = next((each for each in shares if shares[each] >= READABLE), most)
    share, example = shares[best], answers[0][:SHOWN] if answers else ""
    why = f"it reads {share:.0%} of {len(answers)} answers, such as {example!r}"
    if share < 0.5:
        why = f"no verifier reads such answers as {example!r}: nothing to judge by"
        return Judging(None, "", why)
    return Judging(best, "", why)


def _verifiers(answers: list[str]) -> Iterator[str]:
    """Letters are chosen, words are compared as they are, all else is mathematics."""
    letters = sum(LETTER.fullmatch(answer) is not None for answer in answers)
    words = sum(a.replace(" ", "").isalpha() and len(a) > 1 for a in answers)
    if letters >= READABLE * len(answers):
        yield "choice"
    if words >= READABLE * len(answers):
        yield "exact"
    yield "math"
    yield "exact"


def _share(verifier: str, answers: list[str]) -> float:
    read = [is_read(verifier, answer, "{}") for answer in answers]
    return sum(read) / len(read) if read else 0.0


def is_read(verifier: str | None, answer: str | None, info: str) -> bool:
    """Whether a verifier reads a gold answer; a text no longer than a final answer."""
    if verifier is None or (info == "{}" and len(answer or "") > LONGEST):
        return False
    return read_gold(verifier, answer, info)[0] is None


def _one_of(value: Any) -> str | None:
    """A value as text; the one of a list."""
    return as_text(value[0] if isinstance(value, list) and value else value)
