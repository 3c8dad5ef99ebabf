from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.filter import Outcome
from stages import pool
from stages.pool import Params
from tests.support.rows import problems


def make(params: Params, folder: Path) -> Outcome:
    return pool.make(params, folder).outcome()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten problems of `a` and four of `b`, as collect leaves them."""
    for name, count in {"a": 10, "b": 4}.items():
        rows = problems(
            *(f"{name} {i}" for i in range(count)),
            id=[f"{name}/{i:05d}" for i in range(count)],
            source=[name] * count,
        )
        rows.write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def test_sources_stand_in_the_order_of_trust(folder: Path):
    outcome = make(Params(order=["b", "a"]), folder)

    assert outcome.kept["source"].to_list() == ["b"] * 4 + ["a"] * 10
    assert outcome.metrics == {"rows_in": 14, "rows_out": 14, "dropped": {}}


def test_a_quota_and_a_weight_take_the_same_sample_every_time(folder: Path):
    params = Params(order=["a", "b"], quotas={"a": 3}, weights={"a": 0.5, "b": 0.5})
    outcome = make(params, folder)

    assert outcome.metrics == {
        "rows_in": 14,
        "rows_out": 5,
        "dropped": {"over_quota": 9},
    }
    assert outcome.kept["source"].to_list() == ["a"] * 3 + ["b"] * 2
    assert outcome.kept["id"].is_sorted()
    assert make(params, folder).kept.equals(outcome.kept)
    other = make(params.model_copy(update={"seed": 1}), folder)
    assert not other.kept.equals(outcome.kept)


def test_a_quota_of_one_source_leaves_the_sample_of_another_alone(folder: Path):
    alone = make(Params(order=["a"], quotas={"a": 3}), folder).kept
    beside = make(Params(order=["b", "a"], quotas={"a": 3, "b": 1}), folder).kept

    assert beside.filter(pl.col("source") == "a").equals(alone)


def test_a_mix_has_the_shares_that_it_states(tmp_path: Path):
    sizes = {"a": 144, "b": 777, "c": 70, "d": 61, "e": 313}
    for name, count in sizes.items():
        rows = problems(
            *map(str, range(count)),
            id=[f"{name}/{i:05d}" for i in range(count)],
            source=[name] * count,
        )
        rows.write_parquet(tmp_path / f"{name}.parquet")
    mix = {"a": 0.1, "b": 0.5, "c": 0.05, "d": 0.05, "e": 0.3}  # SYNTHETIC-1's
    outcome = make(Params(order=[*mix], mix=mix), tmp_path)

    # The scarcest for its share is e: 313 / 0.3 = 1043.33 rows in all.
    counts = {"a": 104, "b": 522, "c": 52, "d": 52, "e": 313}
    assert dict(outcome.kept["source"].value_counts().rows()) == counts
    assert outcome.metrics["rows_in"] == 1365
    assert outcome.metrics["dropped"] == {"over_quota": 1365 - 1043}


def test_a_mix_counts_what_quotas_leave_and_is_the_same_every_time(folder: Path):
    params = Params(
        order=["a", "b"], quotas={"a": 6}, mix={"a": 0.75, "b": 0.25}, seed=1
    )
    kept = make(params, folder).kept

    assert kept["source"].to_list() == ["a"] * 6 + ["b"] * 2
    assert make(params, folder).kept.equals(kept)
    without = Params(order=["a", "b"], mix={"a": 0, "b": 1})
    assert make(without, folder).kept["source"].to_list() == ["b"] * 4


def test_a_mix_with_a_source_that_has_no_rows_is_empty(folder: Path):
    problems().write_parquet(folder / "b.parquet")
    outcome = make(Params(order=["a", "b"], mix={"a": 0.5, "b": 0.5}), folder)

    assert outcome.metrics["dropped"] == {"over_quota": 10}


def test_of_two_rows_with_one_id_the_first_stays(folder: Path):
    rows = pl.read_parquet(folder / "b.parquet").with_columns(id=pl.lit("a/00001"))
    rows.write_parquet(folder / "b.parquet")
    outcome = make(Params(order=["a", "b"]), folder)

    assert outcome.metrics["dropped"] == {"duplicate_id": 4}
    assert outcome.dropped["twin"].to_list() == ["a/00001"] * 4


def test_a_source_that_was_not_collected_is_a_mistake(folder: Path):
    with pytest.raises(UserError, match="names 'c'") as error:
        make(Params(order=["a", "c"]), folder)
    assert error.value.hint == "collected: a, b"


def test_a_table_of_another_recipe_is_left_alone(folder: Path):
    assert make(Params(order=["b"]), folder).kept.height == 4


@pytest.mark.parametrize(
    "values",
    [
        {"order": ["a", "a"]},
        {"order": ["a"], "quotas": {"b": 1}},
        {"order": ["a"], "weights": {"a": 1.5}},
        {"order": ["a"], "quotas": {"a": -1}},
        {"order": ["a", "b"], "mix": {"a": 1}},
        {"order": ["a", "b"], "mix": {"a": 0.5, "b": 0.6}},
        {"order": ["a"], "mix": {"a": 1, "b": 0}},
    ],
)
def test_shares_that_make_no_sense_are_mistakes(values: dict):
    with pytest.raises(ValidationError):
        Params(**values)
