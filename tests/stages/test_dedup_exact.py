import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.verdict import Outcome, apply
from stages.dedup_exact import Params, judge
from tests.rows import problems


def dedup(rows: pl.DataFrame) -> Outcome:
    return apply(lambda rows: judge(rows, Params()), rows)


def test_the_first_copy_stays():
    outcome = dedup(problems("1+1?", "2+2?", "1+1?", "1+1?"))

    assert outcome.kept["id"].to_list() == ["test/00000", "test/00001"]
    assert outcome.dropped["twin"].to_list() == ["test/00000", "test/00000"]


def test_a_copy_with_another_answer_says_so():
    outcome = dedup(problems("1+1?", "1+1?", "1+1?", answer=["2", "3", " 2 "]))

    assert outcome.metrics == {
        "rows_in": 3,
        "rows_out": 1,
        "dropped": {"exact_duplicate": 1, "exact_duplicate_other_answer": 1},
    }
    other = outcome.dropped.filter(pl.col("reason").str.ends_with("answer"))
    assert other["evidence"][0] == '{"answer":"3","kept_answer":"2"}'


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("1 +\n 1?", "1 + 1?", id="whitespace"),
        pytest.param("caf\u00e9?", "cafe\u0301?", id="composition"),
    ],
)
def test_what_carries_no_meaning_is_forgiven(left: str, right: str):
    assert dedup(problems(left, right)).kept.height == 1


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("Find x - 1.", "Find x + 1.", id="operator"),
        pytest.param("Solve x² = 4.", "Solve x2 = 4.", id="superscript"),
        pytest.param("Find the area of A.", "Find the area of a.", id="case"),
    ],
)
def test_what_carries_meaning_is_not(left: str, right: str):
    assert dedup(problems(left, right)).kept.height == 2


@given(st.lists(st.text(alphabet="ab \n")))
def test_what_is_left_is_distinct_and_complete(texts: list[str]):
    rows = problems(*texts)
    kept = dedup(rows).kept

    assert kept["key"].is_unique().all()
    assert set(kept["key"]) == set(rows["key"])
    assert dedup(kept).kept.equals(kept)
