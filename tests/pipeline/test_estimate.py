from pathlib import Path

import polars as pl
import pytest

from pipeline import estimate, tables
from pipeline.errors import UserError
from tests.rows import problems

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


def test_recorded_completions_cost_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert "none" in estimate.cost({"rollouts": {"engine": "replay"}}, 1)["sampling"]
    assert "none" in estimate.cost({"rollouts": False}, 1)["sampling"]


def test_without_problems_it_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UserError) as told:
        estimate.cost(SECTIONS, tokens_per_s=1)
    assert told.value.hint == "dvc repro pool"
