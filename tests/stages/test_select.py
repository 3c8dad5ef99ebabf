from dataclasses import replace

import polars as pl
import pytest

from pipeline.filter import Outcome, apply
from stages.select import Params, judge
from tests.support import traces
from tests.support.rows import problems
from tests.support.traces import texts_of, with_traces


def trace(text: str, *, correct: bool = True) -> dict:
    return traces.trace(text, correct=correct, n_tokens=len(text))


def selected(
    traces_of: list[list[dict]],
    rates: list[float | None] | None = None,
    leaking: list[list[int]] | None = None,
    **params,
) -> Outcome:
    columns = {
        name: params.pop(name) for name in ("source", "solutions") if name in params
    }
    rows = problems(*[f"Problem {i}" for i in range(len(traces_of))], **columns)
    rows = rows.with_columns(
        pass_rate=pl.Series(rates or [0.5] * len(traces_of), dtype=pl.Float64),
        leaking_traces=pl.Series(
            leaking or [None] * rows.height, dtype=pl.List(pl.UInt32)
        ),
    )
    rows, rollouts = with_traces(rows, traces_of)
    params = Params(**params)
    outcome = apply(lambda rows: judge(rows, params, None, rollouts), rows)
    return replace(outcome, tables=outcome.tables | {"rollouts": rollouts})


def chosen(outcome: Outcome) -> list[list[str]]:
    return texts_of(outcome.kept, outcome.tables["rollouts"])


@pytest.mark.parametrize(
    ("strategy", "text"), [("shortest", "a"), ("longest", "aaa"), ("first", "aa")]
)
def test_the_strategy_chooses_the_trace(strategy: str, text: str):
    traces = [[trace("aa"), trace("a"), trace("aaa")]]

    assert chosen(selected(traces, strategy=strategy)) == [[text]]


def test_a_random_choice_is_the_same_twice():
    traces = [[trace(letter) for letter in "abcdefgh"]]
    drawn = chosen(selected(traces, strategy="random", traces=3, seed=1))

    assert drawn == chosen(selected(traces, strategy="random", traces=3, seed=1))
    assert len(drawn[0]) == 3


@pytest.mark.parametrize(
    ("models", "texts"),
    [
        ([], ["a", "aa", "aaa"]),
        (["teacher"], ["aa"]),
        (["org/weak"], ["a"]),
        (["org/weak@01234567", "teacher"], ["a", "aa"]),
        (["other"], []),
    ],
)
def test_traces_are_taken_of_the_models_or_passes_that_are_named(models, texts):
    traces = [
        trace("a") | {"model": "org/weak@01234567", "pass": "weak"},
        trace("aa") | {"model": "org/strong@01234567", "pass": "teacher"},
        trace("aaa") | {"model": None},
    ]
    outcome = selected([traces], models=models, traces=3, use_reference=False)

    assert chosen(outcome) == [texts]


def test_a_wrong_trace_is_never_chosen():
    assert chosen(selected([[trace("no", correct=False)]])) == [[]]


def test_a_reference_solution_stands_in_unless_it_is_wrong():
    solutions = [
        [{"text": "wrong", "model": "h", "correct": False}],
        [{"text": "right", "model": "h", "correct": None}],
    ]
    outcome = selected([[], []], solutions=solutions)

    assert chosen(outcome) == [[], ["right"]]


def test_rows_that_fulfil_no_condition_do_not_use_up_a_quota():
    outcome = selected(
        [[], [], [], []],
        rates=[0.1, 0.5, 0.6, 0.7],
        source=["a", "a", "a", "b"],
        where={"rare": "pass_rate > 0.2"},
        quotas=[{"by": "source", "rows": {"a": 1}}],
        limit=2,
    )

    assert outcome.kept["id"].to_list() == ["test/00001", "test/00003"]
    assert outcome.dropped["reason"].to_list() == ["rare", "over_quota"]


def test_a_quota_of_zero_excludes_a_source():
    outcome = selected(
        [[], [], []],
        source=["a", "b", "a"],
        quotas=[{"by": "source", "rows": {"a": 0}}],
    )

    assert outcome.kept["source"].to_list() == ["b"]
    assert outcome.dropped["reason"].to_list() == ["over_quota"] * 2


def test_the_limit_counts_what_stays():
    outcome = selected(
        [[], [], []],
        source=["a", "b", "b"],
        quotas=[{"by": "source", "rows": {"a": 0}}],
        limit=1,
    )

    assert outcome.kept["id"].to_list() == ["test/00001"]
    assert outcome.dropped["reason"].to_list() == ["over_quota", "over_limit"]


def test_the_curriculum_goes_from_easy_to_hard_and_unknown_comes_last():
    outcome = selected([[]] * 4, [0.2, None, 0.9, 0.9])

    assert outcome.kept["curriculum_rank"].to_list() == [2, 3, 0, 1]


def test_a_trace_that_recites_a_benchmark_is_passed_over():
    assert chosen(selected([[trace("a"), trace("aa")]], leaking=[[0]])) == [["aa"]]


def test_rows_that_no_other_stage_has_seen_are_chosen_from_too():
    solved = [{"text": "1+1=2", "model": "human", "correct": None}]
    rows = problems("1+1?", "2+2?", solutions=[solved, []])
    kept = apply(lambda rows: judge(rows, Params()), rows).kept

    assert kept["chosen"].to_list() == [
        [
            {"kind": "solution", "number": 0, "model": "human"}
            | {"sample": None, "n_tokens": None}
        ],
        [],
    ]
    assert kept["curriculum_rank"].to_list() == [0, 1]
