"""Who votes for what, and how votes are counted."""

import polars as pl
import pytest

from pipeline.grading.voting import cast_votes, count_votes, merge_equal_votes
from pipeline.grading.workers import grader


def samples(*answers: str | None, gold: str = "5", verifier: str = "math"):
    """Samples of one problem; an answer equal to `gold` is right, `?…` undecided."""
    return pl.DataFrame(
        {
            "id": ["p"] * len(answers),
            "verifier": [verifier] * len(answers),
            "correct": [
                None if a and a.startswith("?") else a == gold for a in answers
            ],
            "extracted": [a.lstrip("?") if a else a for a in answers],
        },
        schema={
            "id": pl.String,
            "verifier": pl.String,
            "correct": pl.Boolean,
            "extracted": pl.String,
        },
    )


@pytest.mark.parametrize(
    ("answers", "votes"),
    [
        (["5", "7", "$7$"], ["right", "other:7", "other:7"]),
        (["7", "?7", "8"], ["other:7", "other:7", "other:8"]),
        (["", "  ", None], [None, None, None]),
        ([r"\boxed{", r"\boxed{}", "}"], [None, None, None]),  # no closed box
        ([r"\,", "?", r"\quad", r"\text{ }", "..."], [None] * 5),  # nothing in it
        ([r"\{\}", "x", "?7"], [r"other:\{\}", "other:x", "other:7"]),
        (["?5"], ["other:5"]),  # undecided is never right
        (["7", "-7", "1/2", "2/1"], ["other:7", "other:-7", "other:1/2", "other:2/1"]),
    ],
)
def test_a_vote_is_for_an_answer(answers: list[str | None], votes: list[str | None]):
    assert cast_votes(samples(*answers))["vote"].to_list() == votes


def test_where_no_values_are_compared_an_answer_is_its_text():
    voted = cast_votes(samples("7", "$7$", verifier="exact"))

    assert voted["vote"].to_list() == ["other:7", "other:$7$"]


def test_a_right_and_a_wrong_sample_with_one_text_are_two_answers():
    table = samples("7", "7").with_columns(correct=pl.Series([True, False]))

    assert cast_votes(table)["vote"].to_list() == ["right", "other:7"]


def test_votes_are_counted_and_a_tie_stands_in_the_order_of_the_samples():
    counts = count_votes(cast_votes(samples("8", "7", "$7$", "5", None, "9", "9")))

    assert counts.select("vote", "votes", "answer", "correct").rows() == [
        ("other:7", 2, "7", False),
        ("other:9", 2, "9", False),
        ("other:8", 1, "8", False),
        ("right", 1, "5", True),
    ]


def merged(table: pl.DataFrame, least: int, most: int) -> list[str]:
    bounds = pl.DataFrame({"id": ["p"], "least": [least], "most": [most]})
    rows = table.with_columns(verify_info=pl.lit("{}"))
    with grader(timeout_s=120) as grade:
        voted = merge_equal_votes(cast_votes(table), rows, bounds, grade)
    return voted["vote"].to_list()


def test_the_verifier_merges_equal_answers_where_that_may_decide():
    table = samples("5", "1/2", "1/2", "0.5", r"\frac{2}{4}", "7")

    half = ["other:1/2"] * 4
    assert merged(table, least=2, most=3) == ["right", *half, "other:7"]
    apart = cast_votes(table)["vote"].to_list()
    assert merged(table, least=6, most=7) == apart, "there are too few votes"
    assert merged(table, least=1, most=2) == apart, "1/2 wins as it is"


def test_an_empty_table_has_no_votes():
    assert cast_votes(samples())["vote"].to_list() == []
    assert merged(samples(), least=1, most=2) == []
