import json
import shutil

import polars as pl
import pytest

from pipeline.filter import Outcome, apply
from stages.quality import Params, judge
from tests.support.rows import problems


def judged(rows: pl.DataFrame, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params)), rows)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Prove that the sum of two odd numbers is even.", "proof"),
        ("Show that $x > 2$.", "proof"),
        ("Which is largest?\nA. 1\nB. 2\nC. 3", "multiple_choice"),
        ("Pick one: (A) 1 (B) 2 (C) 3", "multiple_choice"),
        ("Let x > 1. Then show that x² > x.", "proof"),
        ("True or false: 7 is prime.", "true_false"),
        ("(a) Find the area. (b) Find the perimeter.", "multi_part"),
        ("(a) Find x; and (b) find y.", "multi_part"),
        ("In the figure, what is the angle at A?", "figure"),
        ("The graph below shows the speed. When does it stop?", "figure"),
        ("Squares are cut off, as shown. What is left?", "figure"),
        ("[asy] draw((0,0)--(1,1)); [/asy] How long is it?", "figure"),
        ("Read https://example.org and answer.", "link"),
        ("The next number is ____.", "blank"),
        ("芳芳买了一本书有99页，看了90页", "not_english"),
    ],
)
def test_a_rule_fires_on_what_it_names(text: str, flag: str):
    outcome = judged(problems(text), drop=[flag], gradable=False)

    assert outcome.dropped["reason"].to_list() == [flag]


@pytest.mark.parametrize(
    "text",
    [
        "How many ways are there to show 7 fingers?",
        "A shows that she has 3 apples. How many are left of 9?",
        "She watched a show that was 30 minutes long, twice. How long?",
        "Find f(a) + f(b) where f(x) = x.",
        "Let (a, b) be a point with a + b = 3.",
        "The figure skater jumps 3 times.",
        "How many edges must be removed from the graph K_5 to make it planar?",
        "Shift the graph to the right by 2. Where is its top?",
        "Euler has, as shown by Lagrange, a formula. What is V - E + F?",
        "Prices are as shown in the table below: | 1 | 2 |. What is the mean?",
        "How many n are there such that (a) n is odd, (b) n is below 9?",
    ],
)
def test_no_rule_fires_on_an_ordinary_problem(text: str):
    outcome = judged(problems(text), gradable=False)

    assert outcome.kept["flags"].to_list() == [[]]


def test_programs_need_no_figure():
    rows = problems("In the picture there are n pixels. Print n.")
    rows = rows.with_columns(verifier=pl.lit("code"))
    outcome = judged(rows, gradable=False, probe_tests=False)

    assert outcome.kept["flags"].to_list() == [[]]


def test_a_flag_that_does_not_cut_is_still_measured():
    outcome = judged(problems("Prove that 1 < 2."), drop=[], gradable=False)

    assert outcome.kept["flags"].to_list() == [["proof"]]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("42", "integer"),
        ("-1,200", "integer"),
        ("0.5", "decimal"),
        ("1/2", "fraction"),
        (r"\frac{1}{2}", "fraction"),
        ("B", "letter"),
        ("Yes", "boolean"),
        ("x+1", "other"),
    ],
)
def test_answers_have_a_type(answer: str, kind: str):
    outcome = judged(problems("What?", answer=[answer]), gradable=False)

    assert outcome.kept["answer_type"].to_list() == [kind]


def test_conditions_cut_by_columns_of_the_stage():
    rows = problems("What?", "Why?", "How?", answer=["42", "1/2", None])
    where = {"no_integer": "answer_type = 'integer'"}
    outcome = judged(rows, where=where, gradable=False)

    assert outcome.dropped.select("id", "reason").rows() == [
        ("test/00001", "no_integer"),
        ("test/00002", "no_integer"),  # an answer that is not there has no type
    ]


def test_lengths_cut_on_both_sides():
    rows = problems("a?", "b" * 50, "Compute.", answer=["1", "1", "9" * 30])
    outcome = judged(
        rows, min_chars=3, max_chars=40, max_answer_chars=20, gradable=False
    )

    reasons = ["too_short", "too_long", "answer_too_long"]
    assert outcome.dropped["reason"].to_list() == reasons


def test_a_gold_answer_that_its_verifier_cannot_read_leaves():
    rows = problems("Compute 1+1.", "Compute 2+2.", answer=["2", ""])
    outcome = judged(rows)

    assert outcome.dropped["reason"].to_list() == ["answer_unreadable"]
    assert json.loads(outcome.dropped["evidence"][0])["detail"]
    assert outcome.kept["answer"].to_list() == ["2"]


HALVE = "def halve(n):\n    return n // 2\n"
STDIO = {"type": "stdio", "tests": [{"input": "4\n", "output": "2\n"}]}
SILENT = {"type": "stdio", "tests": [{"input": "4\n", "output": "\n"}]}
CALL = {"type": "call", "fn_name": "halve", "tests": [{"input": [4], "output": 2}]}
# Each row: its tests, its solutions as (author, program), why it leaves.
TESTED = {
    "a reference that passes": (CALL, [("human", HALVE)], None),
    "a reference that fails": (
        CALL,
        [("human", HALVE.replace("//", "+"))],
        "its reference does not pass: test 1: returned 6",
    ),
    "one of two references passes": (
        CALL,
        [("human", "def halve(n): return 3"), ("human", HALVE)],
        None,
    ),
    "a reference that is no Python 3": (CALL, [("human", "print 'x'")], None),
    "a model's solution, which is no reference": (CALL, [("model-7b", "1 / 0")], None),
    "no reference": (STDIO, [], None),
    "an empty program prints what is expected": (
        SILENT,
        [],
        "a program that does nothing passes: passed 1 tests",
    ),
    "an empty program returns what is expected": (
        CALL | {"tests": [{"input": [4], "output": None}]},
        [],
        "a program that does nothing passes: passed 1 tests",
    ),
    "tests without an assert": (
        {"type": "assert", "test_code": "def test_halve():\n    halve(4)"},
        [("human", HALVE)],
        "its tests check nothing",
    ),
    "tests of a method": (
        {
            "type": "assert",
            "test_code": "for n in (2, 4): assert Half().of(n) == n / 2",
        },
        [("human", "class Half:\n    def of(self, n): return n / 2")],
        None,
    ),
    "tests of an import": (
        {
            "type": "assert",
            "test_code": "from solution import halve\n"
            "def test_halve():\n    for n in (2, 4): assert halve(n) == n // 2",
        },
        [("human", HALVE)],
        None,
    ),
}


@pytest.fixture
def tested() -> pl.DataFrame:
    rows = list(TESTED.values())
    return problems(
        *TESTED,
        verifier=["code"] * len(rows),
        answer=[None] * len(rows),
        verify_info=[json.dumps(info) for info, _, _ in rows],
        solutions=[
            [
                {"text": text, "model": model, "correct": None}
                for model, text in programs
            ]
            for _, programs, _ in rows
        ],
    )


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is missing")
def test_tests_that_do_not_tell_right_from_wrong_leave(tested: pl.DataFrame):
    dropped = judged(tested).dropped
    whys = [json.loads(evidence)["detail"] for evidence in dropped["evidence"]]

    assert set(dropped["reason"]) == {"answer_unreadable"}
    assert dict(zip(dropped["problem"], whys, strict=True)) == {
        name: why for name, (_, _, why) in TESTED.items() if why
    }


def test_tests_are_not_run_where_a_recipe_does_not_want_it(tested: pl.DataFrame):
    assert judged(tested, probe_tests=False).dropped.is_empty()
