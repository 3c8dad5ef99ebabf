import polars as pl
import pytest

from pipeline.dedup import survivors
from pipeline.filter import Outcome, apply
from tests.support.near import pairs_of
from tests.support.rows import problems


def mark(rows, *pairs, **options) -> Outcome:
    return apply(
        lambda rows: survivors.mark_duplicates(
            rows, pairs_of(*pairs), "near_duplicate", **options
        ),
        rows,
    )


def test_the_later_copy_leaves_and_names_the_kept_one():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.")
    outcome = mark(rows, (0, 1, 0.9))

    assert outcome.dropped["reason"].to_list() == ["near_duplicate"]
    assert outcome.dropped["twin"].to_list() == ["test/00000"]
    evidence = '{"kept_problem":"Add 3 and 5.","kept_answer":"42"}'
    assert outcome.dropped["evidence"].to_list() == [evidence]
    assert outcome.dropped["score"].round(4).to_list() == [pytest.approx(0.9)]


def test_siblings_of_one_template_stay_and_share_a_family():
    rows = problems("Add 3 and 5.", "Add 4 and 7.", "Add 1 and 2.")
    outcome = mark(rows, (0, 1, 0.9), (0, 2, 0.9), (1, 2, 0.9))

    assert outcome.dropped.height == 0
    assert outcome.kept["family"].to_list() == ["test/00000"] * 3


def test_without_the_guard_siblings_are_copies():
    rows = problems("Add 3 and 5.", "Add 4 and 7.")

    assert mark(rows, (0, 1, 0.9), guard=False).dropped.height == 1


def test_a_copy_with_another_answer_has_a_reason_of_its_own():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.", answer=["8", "9"])
    outcome = mark(rows, (0, 1, 0.95))

    assert outcome.dropped["reason"].to_list() == ["near_duplicate_other_answer"]


def test_a_word_puzzle_with_other_words_and_another_answer_stays():
    rows = problems("Sort: bat, cat.", "Sort: ant, dog.", answer=["bat", "ant"])

    assert mark(rows, (0, 1, 0.8)).dropped.height == 0


def test_nobody_leaves_for_resembling_a_row_that_left():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.", "Please do add 3 and 5.")
    outcome = mark(rows, (0, 1, 0.9), (1, 2, 0.9))

    assert outcome.kept["id"].to_list() == ["test/00000", "test/00002"]


def test_reordered_numbers_are_a_copy_only_with_the_same_rare_answer():
    texts = ("Take 50 from 3.", "From 3 take 50.")
    same = mark(problems(*texts, answer=["-47", "-47"]), (0, 1, 0.9))
    other = mark(problems(*texts, answer=["-47", "47"]), (0, 1, 0.9))

    assert same.dropped.height == 1
    assert other.dropped.height == 0


def test_answers_of_copies_are_added_to_those_of_earlier_stages():
    texts = ("Add 3 and 5.", "Please add 3 and 5.", "Add 4 and 5.")
    rows = problems(*texts, answer=["8", "7", "9"]).with_columns(
        other_answers=pl.Series([["6"], None, ["1"]], dtype=pl.List(pl.String))
    )
    outcome = mark(rows, (0, 1, 0.95))

    assert outcome.kept["other_answers"].to_list() == [["6", "7"], ["1"]]
