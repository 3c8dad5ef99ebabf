"""Answers in mathematics: what is equal, what is not, and what nobody can tell."""

import json
from pathlib import Path

import pytest

from pipeline.grading.workers import Answer, grader
from pipeline.verifiers.extract.final import find_final_answer
from pipeline.verifiers.math import unreadable, verify

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
    # percent, units, money, separators: a unit may be left out
    (r"10\%", "0.1"),
    (r"10\%", "10"),
    ("0.1", r"10\%"),
    ("1000", "1{,}000"),
    ("1000", r"1\,000"),
    ("1000000", "1 000 000"),
    (r"\$5", "5"),
    ("5 dollars", "5"),
    ("5", r"\boxed{5\text{ dollars}}"),
    ("5 cm", r"5\text{cm}"),
    ("5 cm", "5 centimeters"),
    ("90", r"90^\circ"),
    (r"27\text{ cm}^2", "27"),
    ("16", r"16 \text{ square units}"),
    ("1_6", "1"),
    # spellings of numbers
    (r"2\frac{1}{2}", "5/2"),
    ("2 1/2", "2.5"),
    ("1/3", "0.333333"),
    (r"\pi", "3.141593"),
    ("1e6", "1000000"),
    (r"3.5 \times 10^4", "35000"),
    ("12", "twelve"),
    ("3rd", "3"),
    (r"-\frac{1}{2}", r"\frac{-1}{2}"),
    # letters
    ("B", r"\text{(B)}"),
    (r"\text{(B)}", "The answer is B."),
    ("B", r"\boxed{\textbf{(B)}\ 12}"),
    ("B) 12", "It takes 12."),
    ("50 cents", "¢50"),
    ("B) 12", "The answer is (b)."),
    # equations
    ("x=5", "5"),
    ("5", "So $x=5$."),
    ("12", "m + n = 12"),
    ("60", r"\angle ABC = 60^\circ"),
    ("y=2x+1", "2x+1"),
    ("f(x)=2x", "g(x)=2x"),
    ("x=1, y=2", "(1,2)"),
    ("x=1,y=2", "y=2,x=1"),
    # lists, sets, tuples, intervals, matrices
    ("1,2", "1 and 2"),
    ("1,2", "x=1 or x=2"),
    ("5,6,7", "(5,6,7)"),
    ("1, 2", r"$x_1=\boxed{1}$ and $x_2=\boxed{2}$"),
    (r"1\pm\sqrt{2}", r"1+\sqrt{2}, 1-\sqrt{2}"),
    ("(1,2)", "1<x<2"),
    ("[1,2]", r"1 \le x \le 2"),
    (r"(-\infty,3)", "x<3"),
    ("(-∞,3]∪[5,∞)", r"(-\infty,3]\cup[5,\infty)"),
    (r"x \in [1,2]", "[1,2]"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix}1\\2\end{bmatrix}"),
    ("(1,2)", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    # what the thinking says does not count, what stands in words does
    ("42", r"<think>\boxed{41}</think>The answer is 42."),
    ("Monday", "The answer is Monday."),
    ("a+b", "b+a"),
    (r"2^{2^3}", "256"),
    ("2^2+3^2", "13"),
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
    # what math-verify alone accepts
    ("4", r"\boxed{4\sqrt(2)}"),
    ("1728", "1331 and 1728"),
    ("1728", r"\boxed{1331, 1728}"),
    ("2^{-98}", r"\boxed{2^{-99}}"),
    ("1/2006!", r"\boxed{1/2004!}"),
    ("1+1/e", r"\boxed{1-1/e}"),
    (r"5\text{ m}", r"\boxed{5\text{ cm}}"),
    (r"10 \text{ miles}", r"\boxed{10 \text{ km}}"),
    ("25_6", "25_7"),
    # near misses
    ("0.0000001", "0.0000002"),
    ("1/3", "0.333334"),
    ("1/3", "0.33"),
    (r"(1,2)", "[1,2]"),
    ("[1,2)", "(1,2]"),
    ("x<3", r"x \le 3"),
    (r"x \le 3", r"x \ge 3"),
    ("x<3", "y<3"),
    (r"\{1,2\}", r"\{1\}"),
    ("3", "3 or 4"),
    ("3", "x=3, y=4"),
    ("x=5", "x=6"),
    ("y=2x+1", "z=2x+2"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
    ("5", "the answer is 5 or 6"),
    ("5", "it was 5, but the answer is 3"),
    ("2", "2xy"),
    ("5", "5m"),
    (r"\$5", r"\boxed{\$50}"),
    ("50 cents", "$50"),
    ("I, II and III", r"\mathbb{R}"),
    ("B", "A"),
    ("B", r"\boxed{b}"),
    ("B", "The answer is B or C."),
    ("B", r"\boxed{\text{(B)} \text{ or } 12}"),
    ("B", r"\boxed{\text{is it } B \text{?}}"),
    ("B", r"So it is \boxed{B, 12}."),
    ("B) 12", r"\boxed{B) 13}"),
    (r"\text{no solution}", "0"),
    ("42", r"<think>\boxed{42}"),
]
UNREADABLE = ["", "   ", None, r"\frac{1", "proof", "x" * 5000]


@pytest.mark.parametrize(("gold", "completion"), EQUAL)
def test_equal_answers_are_right(gold: str, completion: str):
    assert verify(gold, completion, {}).correct is True


@pytest.mark.parametrize(("gold", "completion"), DIFFERENT)
def test_other_answers_are_wrong(gold: str, completion: str):
    assert verify(gold, completion, {}).correct is False


@pytest.mark.parametrize(
    ("completion", "correct"),
    [(r"\boxed{4}", True), (r"\boxed{\frac{1}{2}}", True), (r"\boxed{5}", False),
     (r"\boxed{4, 0.5}", False), ("", False)],
)  # fmt: skip
def test_any_of_several_gold_answers_is_right(completion: str, correct: bool):
    assert verify("4", completion, {"alternatives": ["0.5", "7"]}).correct is correct


def test_a_gold_answer_that_cannot_be_read_leaves_the_others_to_decide():
    one, other = {"alternatives": ["7", ""]}, {"alternatives": ["7"]}

    assert verify("4", r"\boxed{7}", one).correct is True
    assert verify("", r"\boxed{7}", other).correct is True
    assert verify("4", r"\boxed{5}", one).correct is None
    assert verify("", r"\boxed{5}", other).correct is None
    assert unreadable("", other) is None
    assert unreadable("", {"alternatives": [""]}) == "empty"


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
        ("there is nothing in this", None),
    ],
)
def test_the_final_answer_is_found(completion: str, answer: str | None):
    assert find_final_answer(completion).text == answer


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

    with grader(timeout_s=15) as grade:
        verdicts = dict(zip(mixed, grade(mixed), strict=True))

    assert all(verdicts[answer].correct is True for answer in good)
    assert all(verdicts[answer].correct is not True for answer in bad)


@pytest.mark.realdata
def test_human_labels_are_agreed_with(data: Path):
    file = data / "gen_gsm8k_openai/example_model_solutions.jsonl"
    disagree = []
    for line in file.read_text().splitlines():
        row = json.loads(line)
        gold = row.pop("ground_truth").rpartition("A:")[2].strip()
        row.pop("question")
        for model, sample in row.items():
            verdict = verify(gold, sample["solution"], {})
            if verdict.correct != sample["is_correct"]:
                disagree.append((model, gold, verdict))

    assert disagree == []


def test_an_option_whose_value_is_called_wrong_is_not_chosen():
    assert verify(r"\text{(A) } 0", r"\boxed{\text{(A) } 0}", {}).correct is True
    assert verify(r"\text{(A) } 0", r"\boxed{\text{(A) } 1}", {}).correct is False
    denied = verify(r"\text{(A) } 0", r"\boxed{\text{(A) } 0 \text{ is wrong}}", {})
    assert denied.correct is False
