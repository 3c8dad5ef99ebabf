import doctest

import numpy as np
import polars as pl
import pytest

from pipeline.dedup import answers, same_problem
from pipeline.kernels.relations import COPY, OTHER_ANSWER, SIBLING
from tests.support.near import pairs_of
from tests.support.rows import problems


def same_quantities(left: str, right: str) -> bool:
    first, second = same_problem.hash_quantities(pl.Series([left, right]))
    return bool(first == second)


def relation(left: str, right: str, *answers: str | None, guard: bool = True) -> int:
    """What a pair of similarity 0.95 is."""
    rows = problems(left, right, answer=list(answers))
    pairs = pairs_of((0, 1, 0.95))
    return int(same_problem.classify_pairs(rows, pairs, guard=guard)[0])


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(same_problem).failed == 0


@pytest.mark.parametrize(
    ("left", "right", "answers", "expected"),
    [
        pytest.param("Add 3 and 5.", "Now add 3 and 5.", ("8", "8"), COPY, id="copy"),
        pytest.param("Add 3 and 5.", "Now add 3 and 5.", (None, "8"), COPY, id="null"),
        pytest.param("Add 3 and 5.", "Add 3 and 6.", ("8", "9"), SIBLING, id="numbers"),
        pytest.param("Add 3 and 5.", "Add 3 and 6.", (None, "9"), SIBLING, id="null 2"),
        pytest.param(
            "Add 3 and 5.", "Now add 3 and 5.", ("8", "9"), OTHER_ANSWER, id="disputed"
        ),
        pytest.param(
            "Halve 3.", "Now halve 3.", ("1.5", r"\frac{3}{2}"), COPY, id="equal values"
        ),
        pytest.param(
            "Halve 7.5.", "[4 points] Halve 7.5.", ("3.75", "3.75"), COPY, id="points"
        ),
        pytest.param(
            "Sort bat, cat.", "Sort ant, dog.", ("bat", "ant"), SIBLING, id="words"
        ),
    ],
)
def test_a_near_pair_is_one_problem_or_two_of_one_template(
    left, right, answers, expected
):
    assert relation(left, right, *answers) == expected


def test_without_the_guard_a_near_pair_is_one_problem():
    pair = ("Add 3 and 5.", "Add 3 and 6.")

    assert relation(*pair, "8", "8", guard=False) == COPY
    assert relation(*pair, "8", "9", guard=False) == OTHER_ANSWER
    assert relation(*pair, None, "9", guard=False) == COPY


def test_all_that_counts_agrees_in_some_pairs():
    rows = problems(
        "Add 3.", "add 3", "Add 4.", "Add 3!", answer=["1/2", r"\frac12", "1/2", "2"]
    )
    agree = same_problem.all_agree(rows, np.array([0, 0, 0]), np.array([1, 2, 3]))

    assert agree.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("3 × 4", r"3 \times 4", id="times"),
        pytest.param("1,200 men", "1200 men", id="thousands"),
        pytest.param("x ≤ 3", r"x \leq 3", id="at most"),
        pytest.param("a well-known 3", "a well known 3", id="hyphen"),
        pytest.param("It is 3.", "It is 3", id="full stop"),
        pytest.param("1{,}200 men", "1,200 men", id="LaTeX thousands"),
        pytest.param(r"\frac{1}{2}", r"\dfrac12", id="fraction"),
        pytest.param(r"\frac{x+1}{2}", "(x + 1)/2", id="slash"),
        pytest.param("x²", "x^{2}", id="superscript"),
        pytest.param("twenty-five men", "25 men", id="number words"),
        pytest.param(r"90^\circ", "90°", id="degrees"),
        pytest.param("１２", "12", id="full width"),
    ],
)
def test_spelling_does_not_change_quantities(left: str, right: str):
    assert same_quantities(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("3 - 4", "3 + 4", id="operator"),
        pytest.param("x < 3", "x > 3", id="relation"),
        pytest.param("0.5", "5", id="decimal"),
    ],
)
def test_what_carries_meaning_does(left: str, right: str):
    assert not same_quantities(left, right)


@pytest.mark.parametrize(
    ("answer", "is_rare"),
    [("[[0, 0], [0, 0]]", False), ("[[0, 1], [1, 0]]", True), ("7, 7, 7", False)],
)
def test_one_value_again_and_again_is_no_rare_answer(answer: str, is_rare: bool):
    assert answers.are_rare(pl.Series([answer])).tolist() == [is_rare]
