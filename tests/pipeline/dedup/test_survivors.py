import doctest

import polars as pl
import pytest

from pipeline.dedup import same_problem, survivors
from pipeline.filter import Outcome, apply
from tests.support.rows import problems


def marked(rows, pairs, **options) -> Outcome:
    return apply(
        lambda rows: survivors.mark(rows, pairs, "near_duplicate", **options), rows
    )


def same_quantities(left: str, right: str) -> bool:
    one, other = same_problem.quantity_codes(pl.Series([left, right]))
    return bool(one == other)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(same_problem).failed == 0


def test_the_later_copy_leaves_and_names_the_kept_one():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.")
    outcome = marked(rows, [(0, 1, 0.9)])

    assert outcome.dropped["reason"].to_list() == ["near_duplicate"]
    assert outcome.dropped["twin"].to_list() == ["test/00000"]
    assert "Add 3 and 5." in outcome.dropped["evidence"][0]


def test_siblings_of_one_template_stay_and_share_a_family():
    rows = problems("Add 3 and 5.", "Add 4 and 7.", "Add 1 and 2.")
    outcome = marked(rows, [(0, 1, 0.9), (0, 2, 0.9), (1, 2, 0.9)])

    assert outcome.dropped.height == 0
    assert outcome.kept["family"].to_list() == ["test/00000"] * 3


def test_without_the_guard_siblings_are_copies():
    rows = problems("Add 3 and 5.", "Add 4 and 7.")

    assert marked(rows, [(0, 1, 0.9)], guard=False).dropped.height == 1


def test_a_copy_with_another_answer_has_a_reason_of_its_own():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.", answer=["8", "9"])
    outcome = marked(rows, [(0, 1, 0.95)])

    assert outcome.dropped["reason"].to_list() == ["near_duplicate_other_answer"]


def test_a_word_puzzle_with_other_words_and_another_answer_stays():
    rows = problems("Sort: bat, cat.", "Sort: ant, dog.", answer=["bat", "ant"])

    assert marked(rows, [(0, 1, 0.8)]).dropped.height == 0


def test_nobody_leaves_for_resembling_a_row_that_left():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.", "Please do add 3 and 5.")
    outcome = marked(rows, [(0, 1, 0.9), (1, 2, 0.9)])

    assert outcome.kept["id"].to_list() == ["test/00000", "test/00002"]


def test_reordered_numbers_are_a_copy_only_with_the_same_answer():
    texts = ("Take 5 from 3.", "From 3 take 5.")
    same = marked(problems(*texts, answer=["-2", "-2"]), [(0, 1, 0.9)])
    other = marked(problems(*texts, answer=["-2", "2"]), [(0, 1, 0.9)])

    assert same.dropped.height == 1
    assert other.dropped.height == 0


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


def test_answers_of_copies_are_added_to_those_of_earlier_stages():
    texts = ("Add 3 and 5.", "Please add 3 and 5.", "Add 4 and 5.")
    rows = problems(*texts, answer=["8", "7", "9"]).with_columns(
        other_answers=pl.Series([["6"], None, ["1"]], dtype=pl.List(pl.String))
    )
    outcome = marked(rows, [(0, 1, 0.95)])

    assert outcome.kept["other_answers"].to_list() == [["6", "7"], ["1"]]
