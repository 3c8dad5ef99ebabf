"""What a recipe will cost, from its params and the tables that are there."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline import dag, tables
from pipeline.cli import estimate
from pipeline.errors import UserError
from tests.support.rows import problems

HERE = Path(__file__).parents[3]
SAMPLED: dict[str, Any] = {"engine": "vllm", "samples": 8, "max_tokens": 1000}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "dvc.yaml", tmp_path)


def cost(
    rollouts: Any,
    grades: Any = False,
    tokens_per_s: float = 1.0,
    ask: Any = False,
) -> dict[str, str]:
    sections = {"rollouts": rollouts, "grades": grades, "ask": ask}
    if rollouts and "adaptive" in rollouts:
        sections["pass_rate_window"] = {"lo": 0.1, "hi": 0.9}
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    return estimate.cost(sections, tokens_per_s)


def test_the_cost_follows_from_problems_samples_and_tokens():
    tables.write(problems("a", "b", "b"), Path("data/decontaminate.parquet"))
    figures = cost(SAMPLED, tokens_per_s=2.0)

    # 2 distinct problems, 8 samples, half of 1,000 tokens each: 8,000 tokens.
    assert figures["problems"] == "3 rows, 2 distinct (decontaminate)"
    assert figures["samples"].startswith("16 at most, 8 of each;")
    assert figures["tokens"].startswith("8,000 (500 a sample")
    assert figures["time"] == "1.11 h at 2 tokens/s"


def test_the_latest_table_before_the_rollouts_counts():
    tables.write(problems("a", "b"), Path("data/quality.parquet"))
    tables.write(problems("a"), Path("data/select.parquet"))

    assert cost(SAMPLED)["problems"] == "2 rows, 2 distinct (quality)"


def test_the_recipe_has_the_hash_of_the_card():
    tables.write(problems("a"), Path("data/pool.parquet"))
    stages = dag.read()
    trained = {"rollouts": SAMPLED, "grades": False, "ask": False, "sft": {"seed": 1}}

    assert cost(SAMPLED)["recipe"] == dag.recipe_hash(trained, stages)


def write_rollouts(*samples: tuple[str, str | None, int]) -> None:
    """(key, pass, tokens) of past samples."""
    table = pl.DataFrame(samples, ["key", "pass", "n_tokens"], orient="row")
    tables.write(table, Path("data/rollouts/00000.parquet"))


PASSES = [
    {"name": "weak", "samples": 4},
    {"name": "strong", "samples": 32, "max_tokens": 8000, "where": "weak.n_correct=0"},
]


def test_passes_are_counted_each_at_most_for_all_problems():
    tables.write(problems(*map(str, range(10))), Path("data/pool.parquet"))
    figures = cost(SAMPLED | {"passes": PASSES}, tokens_per_s=100)

    # 10 problems: 40 samples of 500 tokens, 320 of 4,000.
    assert figures["samples weak"].startswith("40 at most, 4 of each;")
    assert figures["samples strong"].startswith("320 at most, 32 of each;")
    assert figures["tokens"].startswith("1,300,000 (3,611 a sample, 50% of max_tokens")


def test_past_rollouts_say_how_much_a_pass_left_open():
    tables.write(problems(*map(str, range(10))), Path("data/pool.parquet"))
    solved = [(str(key), "weak", 100) for key in range(10)]
    write_rollouts(*solved, ("3", "strong", 2000), ("4", "strong", 4000))
    figures = cost(SAMPLED | {"passes": PASSES}, tokens_per_s=100)

    # 2 of 10 problems were left to the strong model: 64 samples of 3,000 tokens, and
    # 40 of 100.
    assert figures["samples strong"].startswith(
        "64, 32 of each of 20% of the problems, as last time;"
    )
    assert figures["tokens"].startswith("196,000 (1,885 a sample, mean of the last")


def test_past_rollouts_show_the_length_better():
    tables.write(problems("a"), Path("data/pool.parquet"))
    write_rollouts(("k", None, 10), ("k", None, 30))

    assert cost(SAMPLED)["tokens"].startswith("160 (20 a")


def test_adaptive_sampling_costs_its_budget():
    tables.write(problems(*map(str, range(30))), Path("data/pool.parquet"))

    def samples(**adaptive: float) -> str:
        return cost(SAMPLED | {"adaptive": adaptive})["samples"]

    assert samples(budget=9.6).startswith("288 at most, 9.6 of each on average")
    assert samples(budget=9.6, most=4).startswith("120 at most")
    assert samples().startswith("300 at most")
    assert samples(certainty=0.95, most=32).startswith("960 at most")


def test_a_limit_bounds_the_problems():
    tables.write(problems("a", "b", "c"), Path("data/pool.parquet"))

    assert cost(SAMPLED | {"limit": 2})["samples"].startswith("16 at most")


def test_a_judge_is_counted_where_it_is_asked():
    tables.write(problems("a", "b"), Path("data/pool.parquet"))
    judge = {"votes": 3, "both_ways": True, "endpoint": {"max_requests": 50}}

    questions = cost(SAMPLED, {"judge": judge, "judge_when": "rejected"})["judge"]
    assert questions == "96 questions at most (6 a sample, 50 by its budget)"
    assert "judge" not in cost(SAMPLED, {"judge": judge})


def test_questions_to_models_are_counted_before_they_are_put():
    tables.write(problems("a", "b", "b"), Path("data/quality.parquet"))
    tables.write(problems("a"), Path("data/decontaminate.parquet"))
    two = {"models": ["x", {"model": "y", "max_tokens": 100}]}
    valid = two | {"prompt": "valid.md", "votes": 16, "temperature": 1}
    questions = {"valid": valid, "topic": {"prompt": "topic.md", "max_tokens": 20}}
    endpoint = {"max_tokens": 256, "max_requests": 50}
    figures = cost(SAMPLED, ask={"questions": questions, "endpoint": endpoint})

    # 2 distinct problems × 16 votes × (256 + 100 tokens).
    assert figures["ask valid"] == (
        "64 questions at most (2 distinct problems of quality × 2 models × 16 votes), "
        "11,392 tokens at most"
    )
    assert figures["ask topic"].startswith("2 questions at most")
    assert figures["ask topic"].endswith("40 tokens at most")
    assert figures["ask budget"].startswith("50 requests")
    assert cost(False, ask={"questions": questions})["ask topic"]


def test_recorded_completions_cost_nothing():
    recorded = {"engine": "replay", "replay": [{"path": "a.jsonl"}]}

    assert "none" in cost(recorded)["sampling"]
    assert "none" in cost(False)["sampling"]


def test_without_problems_it_says_what_to_run():
    with pytest.raises(UserError) as error:
        cost(SAMPLED)
    assert error.value.hint == "dvc repro pool"
