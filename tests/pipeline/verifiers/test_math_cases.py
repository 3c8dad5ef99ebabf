"""Our own cases by category, and what holds for all of them.

A line of `tests/cases/<category>.jsonl` is a gold answer with completions that are
right and completions that are wrong.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.verifiers.math import unreadable, verify

FILES = sorted((Path(__file__).parents[2] / "cases").glob("*.jsonl"))
# In prose the two sides are not alike: a gold answer is taken as it stands.
TEXTS = {
    "prose", "thinking", "languages", "boxes", "letters", "words", "integers", "claims",
    "forms",
}  # fmt: skip


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def cases() -> Iterator[tuple[str, str, str, bool]]:
    """Category, gold answer, completion, and whether it is right."""
    for file in FILES:
        for line in lines(file):
            for completion in line["right"]:
                yield file.stem, line["gold"], completion, True
            for completion in line["wrong"]:
                yield file.stem, line["gold"], completion, False


def test_there_are_hundreds_of_them():
    pairs = list(cases())

    assert len(pairs) > 1_500
    assert len(set(pairs)) == len(pairs)
    assert sum(not right for *_, right in pairs) > 250


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_case_of_the_category_is_judged_as_it_says(file: Path):
    missed = [
        (gold, completion, verdict)
        for name, gold, completion, right in cases()
        if name == file.stem
        and (verdict := verify(gold, completion, {})).correct is not right
    ]

    assert missed == []


def test_the_verdict_is_the_same_both_ways():
    """But for a base, which an answer alone may leave out, and for a decimal comma,
    which separates the members of a gold answer.
    """
    differ = [
        (gold, completion)
        for name, gold, completion, _ in cases()
        if name not in TEXTS and completion and not is_sum_of_unknowns(gold, completion)
        if "_" not in gold and not re.fullmatch(r"[\d.]+,\d+", completion)
        if unreadable(completion, {}) is None
        if verify(gold, completion, {}).correct != verify(completion, gold, {}).correct
    ]

    assert differ == []


def is_sum_of_unknowns(*texts: str) -> bool:
    """`m+n=9` may name what was asked for; as a gold answer it is an equation."""
    return any(re.fullmatch(r"[\da-z^]+[+-][\da-z^]+=\d+", text) for text in texts)


def changed(gold: str) -> Iterator[str]:
    """The gold answer with one of its numbers raised, lowered or shifted a place."""
    for number in re.finditer(r"(?<![\d.])\d{1,12}(?![\d.])", gold):
        value = int(number[0])
        for other in {value + 1, abs(value - 1), value * 10} - {value}:
            yield gold[: number.start()] + str(other) + gold[number.end() :]


def accepts_wrong_number(gold: str) -> list[str]:
    return [
        other
        for other in changed(gold)
        if verify(gold, rf"\boxed{{{other}}}", {}).correct is True
    ]


def test_no_other_number_is_accepted():
    golds = {gold for name, gold, *_ in cases() if name not in TEXTS}
    accepted = {gold: other for gold in golds if (other := accepts_wrong_number(gold))}

    assert accepted == {}


def spellings(answer: str) -> Iterator[str]:
    """Ways in which a model ends with this answer."""
    bare = answer.strip("$ ")
    yield rf"Therefore we get \boxed{{{bare}}}."
    yield rf"The answer is ${bare}$."
    yield rf"So the value is \({bare}\)."
    yield rf"<think>it was \boxed{{0.123}}</think>\n\n**Answer:** \boxed{{{bare}}}"


def real_answers(data: Path) -> list[str]:
    rows = [
        row["answer"]
        for file in sorted((data / "deepscaler").glob("*.json"))
        for row in json.loads(file.read_text())
    ]
    math = json.loads((data / "math_train_7500/math_train_7500.json").read_text())
    olympiad = (data / "bench_math/olympiadbench.jsonl").read_text().splitlines()
    rows += [row["answer"] for row in math]
    rows += [json.loads(line)["final_answer"][0] for line in olympiad]
    return list(dict.fromkeys(str(row) for row in rows if row))


@pytest.mark.realdata
def test_real_gold_answers_are_readable_and_accept_themselves(data: Path):
    answers = real_answers(data)
    readable = [answer for answer in answers if unreadable(answer, {}) is None]
    refused = [
        (answer, completion)
        for answer in readable[::4]
        for completion in spellings(answer)
        if verify(answer, completion, {}).correct is not True
    ]

    assert len(answers) > 9_000
    assert len(readable) / len(answers) > 0.997
    assert len(refused) / (len(readable[::4]) * 4) < 0.01


# Twice the same value, in mathematics: binomials are symmetric.
SYMMETRIC = re.compile(r"binom")


@pytest.mark.realdata
def test_no_real_gold_answer_accepts_another_number(data: Path):
    answers = [answer for answer in real_answers(data) if not SYMMETRIC.search(answer)]
    accepted = {}
    for answer in answers[::50]:
        if unreadable(answer, {}) is None and (other := accepts_wrong_number(answer)):
            accepted[answer] = other

    assert accepted == {}
