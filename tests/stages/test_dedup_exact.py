import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.equal import _first_equal
from pipeline.filter import Outcome, apply
from stages.dedup_exact import Params, judge
from tests.support.rows import problems


def dedup(rows: pl.DataFrame, **params) -> Outcome:
    return apply(lambda rows: judge(rows, Params(**params)), rows)


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
    assert other["evidence"][0] == '{"kept_problem":"1+1?","kept_answer":"2"}'
    assert outcome.kept["other_answers"].to_list() == [["3"]]


def solution(text: str) -> dict:
    return {"text": text, "model": "R1", "correct": None}


def test_a_row_a_trace_becomes_a_problem_with_its_traces():
    traces = [["first"], ["second"], ["of another key"], ["first"], []]
    rows = problems(
        *["1+1?"] * 4,
        "2+2?",
        answer=["2", "2", "3", "2", "4"],
        solutions=[[solution(text) for text in texts] for texts in traces],
    )

    outcome = dedup(rows)

    assert outcome.kept["solutions"].to_list() == [
        [solution("first"), solution("second")],
        [],
    ]
    assert outcome.dropped["solutions"].to_list()[:2] == [
        [solution("second")],
        [solution("of another key")],
    ]


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
        pytest.param("Find f'(x).", "Find f(x).", id="derivative"),
        pytest.param("Find 5!.", "Find 5.", id="factorial"),
    ],
)
def test_what_carries_meaning_is_not(left: str, right: str):
    assert dedup(problems(left, right)).kept.height == 2


@pytest.mark.parametrize(
    ("key", "kept"), [("text", 4), ("layout", 3), ("alphanumeric", 2), ("latex", 2)]
)
def test_the_key_says_what_is_forgiven(key: str, kept: int):
    rows = problems("Find a - 1.", "FIND A - 1.", "find  a-1", "find $b-1$")

    assert dedup(rows, key=key).kept.height == kept


def test_brackets_make_another_problem_whatever_the_answers():
    texts = ("Find 2*(3+4).", "Find 2*3+4.")

    assert dedup(problems(*texts, answer=["14", "10"])).kept.height == 2
    assert dedup(problems(*texts, answer=["14", "14"])).kept.height == 2


@given(st.lists(st.text(alphabet="ab \n")))
def test_what_is_left_is_distinct_and_complete(texts: list[str]):
    rows = problems(*texts)
    kept = dedup(rows).kept

    assert kept["key"].is_unique().all()
    assert set(kept["key"]) == set(rows["key"])
    assert dedup(kept).kept.equals(kept)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=12))
def test_the_first_equal_row_is_the_first_with_the_same_hashes(pairs):
    left, right = (np.array([p[i] for p in pairs], np.uint64) for i in (0, 1))

    assert _first_equal(left, right).tolist() == [pairs.index(pair) for pair in pairs]
    assert _first_equal(left).tolist() == [list(left).index(each) for each in left]


def test_shards_do_not_show_in_what_is_dropped(monkeypatch: pytest.MonkeyPatch):
    texts = ["Find $x$.", "find $ x $", "What is 1+1?", "What is $1+1$?", "", "2+2?"]
    rows = problems(*texts, *texts)

    at_once = dedup(rows)
    monkeypatch.setattr("pipeline.kernels.shards.SHARD", 1)
    in_shards = dedup(rows)

    assert in_shards.dropped.equals(at_once.dropped)
    assert at_once.kept["problem"].to_list() == [
        "Find $x$.",
        "What is 1+1?",
        "",
        "2+2?",
    ]
