"""Answers in mathematics: what is equal, what is not, and what nobody can tell."""

import json
from pathlib import Path

import pytest

from pipeline.judging import Answer, judge
from pipeline.verifiers.math import extract, unreadable, verify

EQUAL = [
    ("42", r"\boxed{42}"),
    ("42", r"The answer is $\boxed{42}$."),
    ("42", "so it is 42"),
    ("42", "The final answer is: 42."),
    ("42", "#### 42"),
    ("42", "A: 42"),
    ("42", r"<think>\boxed{7}</think> \boxed{42}"),
    ("42", r"first \boxed{7}, no: \boxed{42}"),
    ("1,200", r"\boxed{1200}"),
    ("1200", r"\boxed{1,200}"),
    ("1/2", r"\boxed{0.5}"),
    (r"\frac{1}{2}", r"\boxed{\dfrac{1}{2}}"),
    (r"\frac{3}{6}", r"\boxed{\frac12}"),
    ("0.50", r"\boxed{\frac{1}{2}}"),
    ("-3", r"\boxed{−3}"),
    (r"\left( 3, \frac{\pi}{2} \right)", r"\boxed{(3, \frac{\pi}{2})}"),
    (r"6\sqrt{2}", r"\boxed{\sqrt{72}}"),
    (r"x^2+2x+1", r"\boxed{(x+1)^2}"),
    (r"2\sqrt{3}", r"\boxed{\sqrt{12}}"),
    (r"\frac{\sqrt{2}}{2}", r"\boxed{\frac{1}{\sqrt{2}}}"),
    (r"\{1, 2\}", r"\boxed{\{2, 1\}}"),
    ("10^2", r"\boxed{100}"),
    (r"\text{east}", r"\boxed{\text{east}}"),
    ("2018!", r"\boxed{2018!}"),
]
DIFFERENT = [
    ("42", r"\boxed{43}"),
    ("42", ""),
    ("42", "I do not know."),
    ("42", r"\boxed{42} and then \boxed{10}"),
    ("4", r"\boxed{4\sqrt{2}}"),
    ("1/2", r"\boxed{1/3}"),
    (r"\frac{1}{2}", r"\boxed{2}"),
    ("-3", r"\boxed{3}"),
    ("0.333", r"\boxed{\frac13}"),
    ("1728", r"\boxed{1729}"),
    (r"\sqrt{2}", r"\boxed{\sqrt{3}}"),
    ("x+1", r"\boxed{x-1}"),
    ("(1, 2)", r"\boxed{(2, 1)}"),
    (r"\pi", r"\boxed{3.14}"),
    ("12", r"\boxed{1}2"),
]
UNREADABLE = ["", "   ", None, r"\frac{1", "proof", "x" * 5000]


@pytest.mark.parametrize(("gold", "completion"), EQUAL)
def test_equal_answers_are_right(gold: str, completion: str):
    assert verify(gold, completion, {}).correct is True


@pytest.mark.parametrize(("gold", "completion"), DIFFERENT)
def test_other_answers_are_wrong(gold: str, completion: str):
    assert verify(gold, completion, {}).correct is False


@pytest.mark.parametrize("gold", UNREADABLE)
def test_a_gold_answer_that_cannot_be_read_decides_nothing(gold: str | None):
    assert unreadable(gold, {})
    assert verify(gold, r"\boxed{1}", {}).correct is None


@pytest.mark.parametrize("gold", ["42", "-1.5", "1/2", r"\sqrt{2}", "(1, 2)", "x+1"])
def test_an_ordinary_gold_answer_can_be_read(gold: str):
    assert unreadable(gold, {}) is None


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{a} then \boxed{b", "a"),
        ("<think>5</think>The answer is 7.", "7"),
        ("1 then 2 then 3", "3"),
        ("no numbers here", None),
    ],
)
def test_the_final_answer_is_found(completion: str, answer: str | None):
    assert extract(completion)[0] == answer


POISON = [
    r"\boxed{\dfrac{5^{(5^{(5^{(5^5)})}-4)}-5}{16}}",
    r"\boxed{9^{9^{9^{9}}}}",
    r"\boxed{100000!}",
    r"\boxed{((2018!)!)!}",
    r"\boxed{\binom{10^9}{5 \cdot 10^8}}",
    r"\boxed{" + "9" * 100_000 + "}",
    r"\boxed{" + "(" * 5000 + "1" + ")" * 5000 + "}",
    r"\boxed{" * 2000,
    "{" * 1_000_000,
    r"\boxed{\int_0^1 e^{\sin(x^x)} dx}",
    r"\boxed{" + r"\sqrt{2+" * 60 + "1" + "}" * 60 + "}",
    r"\boxed{2^{10^{10}} - 2^{10^{10}}}",
    r"\boxed{\frac{1}{" * 300 + "2" + "}}" * 300,
    "\0\ud7ff" * 1000,
]


def test_poison_costs_itself_and_nothing_else():
    good = [Answer("math", str(i), "{}", rf"\boxed{{{i}}}") for i in range(40)]
    bad = [Answer("math", r"\sqrt{7}", "{}", text) for text in POISON]
    mixed = [item for pair in zip(good, bad * 3, strict=False) for item in pair]

    with judge(limit_s=15) as judging:
        verdicts = dict(zip(mixed, judging(mixed), strict=True))

    assert all(verdicts[one].correct is True for one in good)
    assert all(verdicts[one].correct is not True for one in bad)


@pytest.mark.realdata
def test_human_labels_are_agreed_with(data: Path):
    file = data / "gen_gsm8k_openai/example_model_solutions.jsonl"
    disagree = []
    for line in file.read_text().splitlines():
        row = json.loads(line)
        gold = row.pop("ground_truth").rpartition("A:")[2].strip()
        row.pop("question")
        for model, said in row.items():
            verdict = verify(gold, said["solution"], {})
            if verdict.correct != said["is_correct"]:
                disagree.append((model, gold, verdict))

    assert disagree == []
