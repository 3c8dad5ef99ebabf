"""Every filter, one property: it judges, it never loses or changes a row."""

import json
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.cli.stages import stage_kind
from pipeline.filter import ContractError, apply, drop, run_stage
from pipeline.grading.guarded import GoldCheck, read_gold
from pipeline.grading.workers import Gold
from pipeline.schema import GRADE, ROLLOUT
from stages import hygiene, quality
from tests.support.rows import benchmark, problems

STAGES = [
    *(path.stem for path in Path("stages").glob("[a-z]*.py")),
    *(path.parent.name for path in Path("stages").glob("[a-z]*/__init__.py")),
]
FILTERS = sorted(
    name
    for name in STAGES
    if name != "sources" and stage_kind(import_module(f"stages.{name}")) == "judge"
)
PARAMS: dict[str, dict[str, Any]] = {"dedup_embedding": {"encoder": "static"}}
TEXTS = st.lists(
    st.sampled_from(
        [
            "Compute 3+5.",
            "compute 3+5.",
            "Compute 3+5-2.",
            "Prove that x > 2.",
            "Tom has 3 apples and buys 5 more apples at the market. How many now?",
            "Tom has 4 apples and buys 7 more apples at the market. How many now?",
            "Tom has 3 apples and then buys 5 more apples at the market. How many?",
            "See the figure: what is x²?",
            "é\n\té",
            "",
        ]
    ),
    max_size=8,
)


@pytest.fixture(autouse=True)
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.grading.workers.read_golds", _check_here)


def _check_here(
    golds: Iterable[Gold], count: int, timeout_s: float
) -> Iterator[GoldCheck]:
    """The same answers from this process: a worker per example would be slow."""
    return (read_gold(*gold) for gold in golds)


def others(name: str, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """What the filter gets beside its rows in dvc.yaml."""
    grades = pl.DataFrame(
        [
            {
                "id": id,
                "sample": sample,
                "model": "m",
                "verifier": "math",
                "correct": [True, False, None][(number + sample) % 3],
                "extracted": str(sample),
                "why": "",
                "n_tokens": 5,
            }
            for number, id in enumerate(rows["id"])
            for sample in range(2)
        ],
        schema=GRADE,
    )
    rollouts = grades.select("id", "sample", "model", "pass", "n_tokens").with_columns(
        key=pl.lit("k"),
        completion=pl.lit("<think></think>\\boxed{1}"),
        finish_reason=pl.lit("stop"),
        seed=pl.lit(0, pl.Int64),
    )
    rollouts = rollouts.select(ROLLOUT.names())
    return {
        "decontaminate": [benchmark("Compute 3+5.", "What is the sum of 1 and 2?")],
        "decontaminate_traces": [benchmark("Compute 3+5."), rollouts],
        "difficulty": [grades],
        "verify": [grades],
        "select": [_measure(rows, rollouts), rollouts],
    }.get(name, [])


def _measure(rows: pl.DataFrame, rollouts: pl.DataFrame) -> pl.DataFrame:
    return hygiene.make(hygiene.Params(), rows, rollouts).collect()


def prepared(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as the filters before `name` hand them on."""
    before = {
        "verify": ["difficulty"],
        "decontaminate_traces": ["difficulty", "verify"],
        "select": ["difficulty", "verify", "decontaminate_traces"],
    }
    for earlier in before.get(name, []):
        rows = outcome_of(earlier, rows).kept
    return rows


def outcome_of(name: str, rows: pl.DataFrame):
    module = import_module(f"stages.{name}")
    params = module.Params(**PARAMS.get(name, {}))
    return run_stage(module, rows, params, *others(name, rows))


@pytest.mark.parametrize("name", FILTERS)
@given(texts=TEXTS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_filter_accounts_for_every_row(name: str, texts: list[str]):
    rows = prepared(name, problems(*texts))
    outcome = outcome_of(name, rows)

    judged = [*outcome.kept["id"], *outcome.dropped["id"]]
    assert sorted(judged) == sorted(rows["id"]), "kept + dropped = in"
    assert outcome.dropped["reason"].null_count() == 0
    before = rows.filter(pl.col("id").is_in(outcome.kept["id"].to_list()))
    assert outcome.kept.select(rows.columns).equals(before), "kept rows are unchanged"
    for evidence in outcome.dropped["evidence"].drop_nulls():
        json.loads(evidence)


@pytest.mark.parametrize("name", FILTERS)
@given(texts=TEXTS)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_judging_twice_gives_the_same(name: str, texts: list[str]):
    rows = prepared(name, problems(*texts))
    first, second = outcome_of(name, rows), outcome_of(name, rows)

    assert first.kept.equals(second.kept)
    assert first.dropped.equals(second.dropped)


@pytest.mark.parametrize("name", FILTERS)
def test_an_empty_table_is_fine(name: str):
    outcome = outcome_of(name, prepared(name, problems()))

    assert outcome.metrics == {"rows_in": 0, "rows_out": 0, "dropped": {}}


def test_a_filter_that_loses_a_row_is_a_bug():
    with pytest.raises(ContractError, match="in order"):
        apply(lambda rows: rows.head(1), problems("a", "b"))


def test_a_filter_that_retypes_a_column_is_a_bug():
    with pytest.raises(ContractError, match="answer"):
        apply(lambda rows: rows.with_columns(answer=pl.lit(1)), problems("a"))


def test_a_row_keeps_the_first_reason_it_got():
    def judge(rows: pl.DataFrame) -> pl.DataFrame:
        rows = drop(rows, pl.col("problem") == "a", "first", score=pl.lit(0.5))
        return drop(rows, pl.lit(value=True), "second", score=pl.lit(0.9))

    dropped = apply(judge, problems("a", "b")).dropped
    assert dropped["reason"].to_list() == ["first", "second"]
    assert dropped["score"].round(1).to_list() == pytest.approx([0.5, 0.9])


@pytest.mark.parametrize("name", FILTERS)
def test_a_stage_may_be_run_on_its_own_output(name: str):
    rows = prepared(name, problems("Compute 3+5.", "compute 3+5.", "Is 3 a prime?"))
    once = outcome_of(name, rows).kept
    twice = outcome_of(name, once)

    assert twice.kept["id"].equals(once["id"])
    assert twice.kept.schema == once.schema
    assert twice.dropped.is_empty()


@pytest.mark.parametrize("name", FILTERS)
def test_a_stage_that_is_off_keeps_every_row_and_adds_its_columns(name: str):
    rows = prepared(name, problems("1+1?", "1+1?"))
    module = import_module(f"stages.{name}")
    kept = run_stage(module, rows, None).kept

    assert kept.select(rows.columns).equals(rows)
    assert set(kept.columns) == {*rows.columns, *module.COLUMNS}
    on = outcome_of(name, rows).kept.schema
    assert {name: kept.schema[name] for name in on} == dict(on)


def test_a_column_that_a_stage_does_not_declare_is_a_bug():
    stage = SimpleNamespace(
        __name__="stages.x",
        COLUMNS=pl.Schema({"x": pl.String}),
        judge=lambda rows, params: rows.with_columns(x=pl.lit(1)),
    )
    with pytest.raises(ContractError, match="does not name x: Int32"):
        run_stage(stage, problems("a"), object())


def test_a_column_of_the_same_name_that_a_file_brings_is_replaced():
    rows = problems("See the figure.").with_columns(flags=pl.lit(7))
    kept = run_stage(quality, rows, quality.Params(drop=())).kept

    assert kept["flags"].to_list() == [["figure"]]
