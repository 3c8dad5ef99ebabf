"""Scores, topics, quotas, lessons, pairs: the rules that published sets were cut by."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.filter import Outcome, run_stage
from stages import hygiene, select
from stages.select.topics import _rank
from tests.support.rows import problems
from tests.support.traces import texts_of, trace, with_traces


class Sampled(NamedTuple):
    """Rows whose traces have their texts in the rollouts."""

    rows: pl.DataFrame
    rollouts: pl.DataFrame

    def with_columns(self, **columns: pl.Series) -> "Sampled":
        return self._replace(rows=self.rows.with_columns(**columns))


def rows_of(
    *traces_of: list[dict], leaking: list[list[int] | None] | None = None, **columns
) -> Sampled:
    texts = [f"Problem {number}" for number in range(len(traces_of))]
    table = problems(*texts, **columns).with_columns(pass_rate=pl.lit(0.5))
    if leaking:
        leaks = pl.Series(leaking, dtype=pl.List(pl.UInt32))
        table = table.with_columns(leaking_traces=leaks)
    return Sampled(*with_traces(table, [*traces_of]))


def selected(sampled: Sampled, *, words: dict | None = None, **params) -> Outcome:
    table = hygiene.make(hygiene.Params(words=words or {}, ngram=2), *sampled).collect()
    return run_select(sampled, select.Params(**params), table)


def run_select(
    sampled: Sampled, params: select.Params, measures: pl.DataFrame
) -> Outcome:
    outcome = run_stage(select, sampled.rows, params, measures, sampled.rollouts)
    return replace(outcome, tables=outcome.tables | {"rollouts": sampled.rollouts})


def texts(outcome: Outcome) -> list[list[str]]:
    return texts_of(outcome.kept, outcome.tables["rollouts"])


def fates(outcome: Outcome) -> list[str | None]:
    return outcome.tables["traces"]["reason"].to_list()


def kept(outcome: Outcome) -> list[int]:
    return [int(id.rpartition("/")[2]) for id in outcome.kept["id"]]


def test_every_trace_has_a_reason_or_is_learnt_from():
    solved = [{"text": "by hand", "model": "human", "correct": None}]
    traces = [
        trace("a b"),
        trace("a"),
        trace("no", correct=False),
        trace("?", correct=None),
        trace(""),
        trace("so so so so"),
        trace("b", model="n"),
        trace("leaks"),
    ]
    rows = rows_of(traces, [], solutions=[solved, solved], leaking=[[7], None])
    outcome = selected(
        rows, models=["m"], trace_where={"loops": "loop_times < 3"}, limit=1
    )

    assert texts(outcome) == [["a"]]
    assert fates(outcome) == [
        "not_best", None, "wrong", "undecided", "empty", "loops", "other_model",
        "leaks", "spare", "problem_left",
    ]  # fmt: skip
    assert outcome.tables["traces"].schema == select.TRACES


def test_wrong_samples_may_be_learnt_from_where_a_recipe_says_so():
    rows = rows_of([trace("no", correct=False), trace("b b", correct=None)])

    assert texts(selected(rows)) == [[]]
    assert texts(selected(rows, require_correct=False, strategy="all")) == [
        ["no", "b b"]
    ]


def test_a_condition_on_measures_needs_hygiene():
    rows = rows_of([trace("a")])
    params = select.Params(trace_where="loop_times < 3")

    with pytest.raises(UserError, match=r"select\.trace_where.*loop_times") as mistake:
        run_select(rows, params, hygiene.SCHEMA.to_frame())

    assert mistake.value.hint.endswith(
        "the stage hygiene measures traces, and it has not"
    )


def test_a_condition_may_read_the_text_of_a_trace():
    rows = rows_of([trace("so 1"), trace("wait")], [trace("wait, so 2")])
    outcome = selected(rows, trace_where={"waits": "not contains(text, 'wait')"})

    assert fates(outcome) == [None, "waits", "waits"]
    assert "text" not in outcome.tables["traces"].columns


def test_a_condition_on_traces_sees_their_problem():
    meta = ['{"easy": true}', '{"easy": false}']
    rows = rows_of([trace("a a")], [trace("a a")], meta=meta)
    outcome = selected(rows, trace_where={"long": "n_tokens < 2 or not meta.easy"})

    assert fates(outcome) == ["long", None]


def test_tokens_of_a_named_tokenizer_decide_what_is_short():
    rows = rows_of([trace("a"), trace("b b")])
    table = hygiene.make(hygiene.Params(), *rows).collect()
    table = table.with_columns(n_tokens=pl.Series([9, 5], dtype=pl.Int32))
    outcome = run_select(rows, select.Params(), table)

    assert texts(outcome) == [["b b"]]
    assert outcome.kept["chosen"][0][0]["n_tokens"] == 5


def test_the_score_of_limo_by_hand():
    # Lengths 2, 4, 4, 6: mean 4, deviation √2. Checks of a thousand words: 500, 0,
    # 250, 0: mean 187.5, deviation √(171875/4) ≈ 207.29.
    rows = rows_of(
        [trace("check it"), trace("so it is four")],
        [trace("we check the sum"), trace("a long way to the end")],
    )
    outcome = selected(
        rows,
        words={"verification": ["check", "verify"]},
        strategy="score",
        score={"n_tokens": 0.5, "words_verification": 1.0},
        order_by="trace_score desc",
        limit=1,
    )
    scores = outcome.tables["traces"]["trace_score"].to_list()

    assert scores == pytest.approx(
        [-0.5 * 2**0.5 + 1.50756, -0.90453, 0.30151, 0.5 * 2**0.5 - 0.90453], abs=1e-5
    )
    assert texts(outcome) == [["check it"]]
    assert outcome.kept["trace_score"].to_list() == pytest.approx([0.80045], abs=1e-5)
    assert fates(outcome) == [None, "not_best", "problem_left", "not_best"]


def test_a_strategy_of_scores_needs_one():
    with pytest.raises(ValueError, match="needs `score`"):
        select.Params(strategy="score")


def test_columns_called_trace_and_luck_stay_what_they_were():
    rows = rows_of([trace("a")], [trace("b")])
    rows = rows.with_columns(trace=pl.Series(["x", "y"]), luck=pl.Series([7, 7]))
    outcome = selected(rows, where="trace.n_tokens = 1 and luck < 1")

    assert outcome.kept.select("trace", "luck").rows() == [("x", 7), ("y", 7)]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"score": "problem"}, r"select\.score: 'problem' is no number"),
        ({"score": {"model": 1.0}}, r"select\.score: 'model' is no number"),
        ({"curriculum": ["problem"]}, r"curriculum: 'problem' is neither true nor"),
        (
            {"topics": {"by": "id", "within": "id", "draws": [{"until": 1}]}},
            r"select\.topics\.within: 'id' is no number",
        ),
        (
            {"topics": {"by": "id", "must_keep": "1", "draws": [{"until": 1}]}},
            r"select\.topics\.must_keep: '1' is neither",
        ),
        ({"quotas": [{"by": "sorce", "rows": 1}]}, r"select\.quotas.*sorce"),
        ({"order_by": "nosuch desc"}, r"select\.order_by.*nosuch"),
        ({"pairs": {"chosen": {"where": "n_tokens"}}}, r"pairs\.chosen\.where"),
    ],
)
def test_a_mistake_names_its_setting(params: dict, message: str):
    with pytest.raises(UserError, match=message):
        selected(rows_of([trace("a")], [trace("b")]), **params)


def test_a_score_may_be_an_expression():
    rows = rows_of([trace("a a a"), trace("b b"), trace("c")])
    chosen = selected(rows, strategy="score", score="-abs(n_tokens - 2)", traces=2)

    assert texts(chosen) == [["b b", "a a a"]]


def test_a_measure_that_is_the_same_for_all_decides_nothing():
    rows = rows_of([trace("a"), trace("b")])
    outcome = selected(rows, strategy="score", score={"n_tokens": 1.0})

    assert outcome.tables["traces"]["trace_score"].to_list() == [0.0, 0.0]
    assert texts(outcome) == [["a"]]


@pytest.mark.parametrize(
    ("quota", "left"),
    [
        ({"by": "source", "rows": {"a": 1}}, [0, 1, 3]),
        ({"by": "source", "rows": 1}, [0, 1]),
        ({"by": "source", "rows": {"a": 0.5, "b": 1.0}}, [0, 1, 3]),
        ({"by": "meta.tag", "rows": 1}, [0, 3]),
        ({"by": "domain = 'math'", "rows": 0}, []),
    ],
)
def test_a_quota_is_of_each_value(quota: dict, left: list[int]):
    meta = ['{"tag": "x"}', '{"tag": "x"}', '{"tag": "x"}', '{"tag": "y"}']
    rows = rows_of([], [], [], [], source=["a", "b", "a", "b"], meta=meta)

    assert kept(selected(rows, quotas=[quota])) == left


def test_an_order_says_which_rows_a_quota_takes():
    rows = rows_of([trace("a")], [trace("a a a")], [trace("a a")], source=["s"] * 3)
    quotas = [{"by": "source", "rows": 2}]

    assert kept(selected(rows, quotas=quotas, order_by="trace.n_tokens desc")) == [1, 2]
    assert kept(selected(rows, limit=2)) == [0, 1]


def test_luck_is_the_same_twice_and_another_with_another_seed():
    rows = rows_of(*[[]] * 40)
    draws = [kept(selected(rows, order_by="luck", limit=20, seed=s)) for s in (1, 1, 2)]

    assert draws[0] == draws[1] != draws[2]
    assert len(draws[0]) == 20


def test_a_rank_has_half_the_chance_of_the_one_before():
    ranks = Counter(_rank((number + 0.5) / 7000, 3) for number in range(7000))

    assert ranks == {0: 4000, 1: 2000, 2: 1000}


def topical(*names: str) -> pl.DataFrame:
    """Rows of the topics, each with a longer trace than the one before."""
    traces = [[trace("a " * (number + 1))] for number in range(len(names))]
    meta = [f'{{"topic": "{name}"}}' if name else "{}" for name in names]
    return rows_of(*traces, meta=meta)


def test_topics_are_drawn_until_they_run_out():
    rows = topical("x", "x", "x", "y", "z", "")
    topics = {
        "by": "meta.topic",
        "must_keep": "id like '%0'",
        "draws": [{"until": 2, "weights": {"y": 1}}, {"until": 9, "weights": {"x": 2}}],
    }
    outcome = selected(rows, topics=topics)

    # The first stays, y is drawn, then both that are left of x; z has no weight.
    assert kept(outcome) == [0, 1, 2, 3]
    assert outcome.dropped["reason"].to_list() == ["topic_not_drawn"] * 2


def test_topics_without_weights_are_drawn_alike():
    names = ["x"] * 300 + ["y"] * 20
    rows = topical(*names)
    topics = {"by": "meta.topic", "draws": [{"until": 30}]}
    outcomes = [selected(rows, topics=topics, seed=seed) for seed in (0, 0, 1)]
    drawn = [kept(outcome) for outcome in outcomes]

    assert drawn[0] == drawn[1] != drawn[2]
    assert [len(rows) for rows in drawn] == [30] * 3
    # Half of 30 are of the small topic, give or take three deviations (8.2).
    assert all(6 < sum(row >= 300 for row in rows) <= 20 for rows in drawn)
    # The longest have half of the chances, so what is drawn of x is near its end.
    assert min(row for row in drawn[0]) > 270


def test_lessons_come_in_stages_and_the_easiest_first():
    meta = [f'{{"people": {n}}}' for n in (4, 3, 3, 5)]
    rows = rows_of([], [], [], [], meta=meta)
    rows = rows.with_columns(pass_rate=pl.Series([0.9, 0.1, 0.5, 1.0]))
    outcome = selected(rows, curriculum=["meta.people = 3", "meta.people = 4"])

    assert outcome.kept["curriculum_rank"].to_list() == [2, 1, 0, 3]
    assert outcome.kept["curriculum_stage"].to_list() == [1, 0, 0, None]


def pairs(outcome: Outcome) -> list[list[tuple[str, str]]]:
    return [
        [(pair["chosen"], pair["rejected"]) for pair in row]
        for row in texts_of(outcome.kept, outcome.tables["rollouts"], "pairs")
    ]


def test_a_pair_is_right_against_wrong():
    traces = [
        trace("leaks"),
        trace("no", correct=False),
        trace("yes"),
        trace("?", correct=None),
        trace("nope", correct=False),
        trace("yes indeed"),
        trace("never", correct=False),
    ]
    rows = rows_of(traces, [trace("alone")], leaking=[[0], None])

    assert pairs(selected(rows, pairs={"each": 9})) == [
        [("yes", "no"), ("yes indeed", "nope")],
        [],
    ]
    assert pairs(selected(rows, pairs={})) == [[("yes", "no")], []]


def test_the_shortest_right_trace_is_preferred_to_the_longest():
    rows = rows_of([trace("a a"), trace("a"), trace("a a a")], [trace("alone")])
    shorter = {
        "chosen": {"where": "correct", "order_by": "n_tokens"},
        "rejected": {"where": "correct", "order_by": "n_tokens desc"},
    }

    assert pairs(selected(rows, pairs=shorter)) == [[("a", "a a a")], []]


def test_a_teacher_is_preferred_to_a_student():
    traces = [
        trace("student", correct=False, model="s"),
        trace("also student", model="s"),
        trace("teacher", model="t"),
        trace("teacher errs", correct=False, model="t"),
    ]
    teacher = {
        "chosen": {"where": "correct and model = 't'"},
        "rejected": {"where": "not correct and model = 's'"},
    }

    assert pairs(selected(rows_of(traces), models=["t"], pairs=teacher)) == [
        [("teacher", "student")]
    ]


def test_twice_gives_equal_bytes(tmp_path: Path):
    rows = topical(*"xyzxyzxyz")
    topics = {"by": "meta.topic", "draws": [{"until": 5}]}
    for name in "ab":
        outcome = selected(rows, strategy="random", topics=topics, order_by="luck")
        outcome.kept.write_parquet(tmp_path / name)
        outcome.tables["traces"].write_parquet(tmp_path / f"{name}.traces")

    for suffix in ("", ".traces"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (
            tmp_path / f"b{suffix}"
        ).read_bytes()
