import numpy as np
import polars as pl
import pytest

from pipeline.dedup import survivors
from pipeline.filter import Outcome, apply, unjudged
from tests.support.near import pairs_of
from tests.support.rows import problems


def mark(rows, *pairs, **rules) -> Outcome:
    return apply(
        lambda rows: survivors.mark_duplicates(
            rows,
            pairs_of(*pairs),
            "near_duplicate",
            order=np.arange(rows.height),
            rules=survivors.MergeRules(**rules),
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


def test_reordered_numbers_are_a_copy_only_with_the_same_answer():
    texts = ("Take 5 from 3.", "From 3 take 5.")
    same = mark(problems(*texts, answer=["-2", "-2"]), (0, 1, 0.9))
    other = mark(problems(*texts, answer=["-2", "2"]), (0, 1, 0.9))

    assert same.dropped.height == 1
    assert other.dropped.height == 0


def test_answers_of_copies_are_added_to_those_of_earlier_stages():
    texts = ("Add 3 and 5.", "Please add 3 and 5.", "Add 4 and 5.")
    rows = problems(*texts, answer=["8", "7", "9"]).with_columns(
        other_answers=pl.Series([["6"], None, ["1"]], dtype=pl.List(pl.String))
    )
    outcome = mark(rows, (0, 1, 0.95))

    assert outcome.kept["other_answers"].to_list() == [["6", "7"], ["1"]]


@pytest.mark.parametrize(
    ("survivor", "order"),
    [
        ("first", [0, 1, 2, 3]),
        ("longest_solution", [1, 2, 0, 3]),
        ("best_verified", [2, 0, 1, 3]),
        ("most_complete", [2, 0, 1, 3]),
    ],
)
def test_rows_are_ordered_by_who_should_survive(survivor, order):
    def solutions(*texts: str, correct: bool | None) -> list[dict]:
        return [{"text": text, "model": "m", "correct": correct} for text in texts]

    rows = problems("a", "b", "c", "d", answer=["1", None, "1", None]).with_columns(
        solutions=pl.Series(
            [
                [],
                solutions("A longer solution.", correct=None),
                solutions("Short.", "Short!", correct=True),
                [],
            ],
            dtype=problems().schema["solutions"],
        )
    )

    assert survivors.order_rows(rows, survivor).tolist() == order


def test_the_row_that_comes_first_in_the_order_survives():
    rows = problems("Add 3 and 5.", "Please add 3 and 5.", "Now add 3 and 5.")
    outcome = apply(
        lambda rows: survivors.mark_duplicates(
            rows,
            pairs_of((0, 1, 0.9), (1, 2, 0.8)),
            "near_duplicate",
            order=np.array([1, 0, 2]),
            rules=survivors.MergeRules(),
        ),
        rows,
    )

    assert outcome.kept["id"].to_list() == ["test/00001"]
    assert outcome.dropped["twin"].to_list() == ["test/00001"] * 2
    assert outcome.dropped["score"].to_list() == pytest.approx([0.9, 0.8])


def test_the_table_shows_what_thresholds_in_the_margin_would_drop():
    judged = survivors.mark_duplicates(
        unjudged(problems("Add 3 and 5.", "Please add 3 and 5.", "Now add 3 and 5.")),
        pairs_of((0, 1, 0.84), (0, 2, 0.78)),
        "near_duplicate",
        order=np.arange(3),
        rules=survivors.MergeRules(),
        threshold=0.8,
        margin=0.05,
    )

    assert judged.tables["sensitivity"].rows() == [
        # threshold, dropped, enter, leave
        (0.75, 2, 0, 1),
        (0.76, 2, 0, 1),
        (0.77, 2, 0, 1),
        (0.78, 2, 0, 1),
        (0.79, 1, 0, 0),
        (0.8, 1, 0, 0),
        (0.81, 1, 0, 0),
        (0.82, 1, 0, 0),
        (0.83, 1, 0, 0),
        (0.84, 1, 0, 0),
        (0.85, 0, 1, 0),
    ]
