from pathlib import Path

import polars as pl
import pytest

from pipeline import tables
from pipeline.cli import estimate
from pipeline.errors import UserError
from stages.rollouts.rounds import Adaptive
from tests.support.rows import problems

SECTIONS = {"rollouts": {"engine": "vllm", "samples": 8, "max_tokens": 1000}}


def test_the_cost_follows_from_problems_samples_and_tokens(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables.write(problems("a", "b", "b"), Path("data/decontaminate.parquet"))
    told = estimate.cost(SECTIONS, tokens_per_s=2.0)

    # 2 distinct problems, 8 samples, half of 1,000 tokens each: 8,000 tokens.
    assert told["problems"] == "3 rows, 2 distinct (decontaminate)"
    assert told["samples"].startswith("16 at most")
    assert told["tokens"].startswith("8,000 (500 a sample")
    assert told["time"] == "1.11 h at 2 tokens/s"


def test_past_rollouts_tell_the_length_better(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables.write(problems("a"), Path("data/pool.parquet"))
    tables.write(
        pl.DataFrame({"n_tokens": [10, 30]}), Path("data/rollouts/00000.parquet")
    )

    assert estimate.cost(SECTIONS, tokens_per_s=1)["tokens"].startswith("160 (20 a")


def test_adaptive_sampling_costs_its_budget(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables.write(problems(*map(str, range(30))), Path("data/pool.parquet"))

    def samples(**adaptive: float) -> str:
        rollouts = SECTIONS["rollouts"] | {"adaptive": adaptive}
        return estimate.cost({"rollouts": rollouts}, tokens_per_s=1)["samples"]

    assert samples(budget=9.6).startswith("288 at most, 9.6 of each on average")
    assert samples(budget=9.6, most=4).startswith("120 at most")
    assert samples(lo=0.2).startswith("300 at most")
    assert samples(certainty=0.95, most=32).startswith("960 at most")
    assert (Adaptive().mean, Adaptive().most) == estimate.ADAPTIVE


def test_a_limit_bounds_the_problems(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables.write(problems("a", "b", "c"), Path("data/pool.parquet"))
    limited = {"rollouts": SECTIONS["rollouts"] | {"limit": 2}}

    assert estimate.cost(limited, tokens_per_s=1)["samples"].startswith("16 at most")


def test_a_judge_is_counted_where_it_is_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tables.write(problems("a", "b"), Path("data/pool.parquet"))
    judge = {"votes": 3, "both_ways": True, "endpoint": {"max_requests": 50}}
    asked = SECTIONS | {"grades": {"judge": judge, "judge_when": "rejected"}}

    told = estimate.cost(asked, tokens_per_s=1)["judge"]
    assert told == "96 questions at most (6 a sample, 50 by its budget)"
    never = SECTIONS | {"grades": {"judge": judge}}
    assert "judge" not in estimate.cost(never, tokens_per_s=1)


def test_recorded_completions_cost_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert "none" in estimate.cost({"rollouts": {"engine": "replay"}}, 1)["sampling"]
    assert "none" in estimate.cost({"rollouts": False}, 1)["sampling"]


def test_without_problems_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UserError) as told:
        estimate.cost(SECTIONS, tokens_per_s=1)
    assert told.value.hint == "dvc repro pool"
