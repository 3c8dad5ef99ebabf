"""What a recipe will cost, from its params and the tables that are there."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline import dag, models, tables
from pipeline.cli import estimate
from pipeline.errors import UserError
from pipeline.sampling import store
from stages import rollouts
from tests.support.rows import problems

HERE = Path(__file__).parents[3]
SAMPLED: dict[str, Any] = {"engine": "vllm", "samples": 8, "max_tokens": 1000}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(HERE / "dvc.yaml", tmp_path)


def cost(
    sampling: Any,
    grades: Any = False,
    tokens_per_s: float | None = 1.0,
    ask: Any = False,
    collect: Any = None,
    price: str = "",
) -> dict[str, str]:
    sections = {"rollouts": sampling, "grades": grades, "ask": ask}
    sections["collect"] = collect or {}
    if sampling and "adaptive" in sampling:
        sections["pass_rate_window"] = {"lo": 0.1, "hi": 0.9}
    Path("params.yaml").write_text(yaml.safe_dump(sections))
    return estimate.cost(sections, tokens_per_s, price)


def test_the_cost_follows_from_problems_samples_and_tokens():
    tables.write(problems("a", "b", "b"), Path("data/decontaminate.parquet"))
    figures = cost(SAMPLED, tokens_per_s=2.0)

    # 2 distinct problems, 8 samples, half of 1,000 tokens each: 8,000 tokens.
    assert figures["problems"] == "3 rows, 2 distinct (decontaminate)"
    assert figures["samples"] == "16 at most, 8 of each"
    assert figures["tokens"].startswith("8,000 (500 a sample")
    assert figures["time"] == "1:06:40 at 2 tokens/s, as given"


def test_the_latest_table_before_the_rollouts_counts():
    tables.write(problems("a", "b"), Path("data/quality.parquet"))
    tables.write(problems("a"), Path("data/select.parquet"))

    assert cost(SAMPLED)["problems"] == "2 rows, 2 distinct (quality)"


def test_the_recipe_has_the_hash_of_the_card():
    tables.write(problems("a"), Path("data/pool.parquet"))
    stages = dag.read()
    drawn = {"rollouts": SAMPLED, "grades": False, "ask": False, "collect": {}}

    assert cost(SAMPLED)["recipe"] == dag.recipe_hash(
        drawn | {"sft": {"seed": 1}}, stages
    )


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
    assert figures["samples weak"] == "40 at most, 4 of each"
    assert figures["samples strong"] == "320 at most, 32 of each"
    assert figures["tokens"].startswith("1,300,000 (3,611 a sample, 50% of max_tokens")


def test_past_rollouts_say_how_much_a_pass_left_open():
    tables.write(problems(*map(str, range(10))), Path("data/pool.parquet"))
    solved = [(str(key), "weak", 100) for key in range(10)]
    write_rollouts(*solved, ("3", "strong", 2000), ("4", "strong", 4000))
    figures = cost(SAMPLED | {"passes": PASSES}, tokens_per_s=100)

    # 2 of 10 problems were left to the strong model: 64 samples of 3,000 tokens, and
    # 40 of 100.
    assert figures["samples strong"].startswith(
        "64, 32 of each of 20% of the problems, as last time"
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


def test_before_the_first_run_the_rows_of_the_sources_count():
    Path("a.jsonl").write_text('{"problem": "1+1?"}\n' * 7)
    made = {"adapter": "arithmetic", "generator": {"count": 5, "seed": 1}}
    read = {"adapter": "generic", "path": "a.jsonl", "limit": {"rows": 3}}
    figures = cost(SAMPLED, collect={"a": read, "b": made, "c": False})

    # 3 of 7 rows and 5 that are made, 8 samples each.
    assert figures["problems"] == "8 rows, 8 distinct (as the sources hold them)"
    assert figures["samples"] == "64 at most, 8 of each"


def test_rows_of_the_hub_are_known_when_they_are_collected():
    hub = {"adapter": "math", "repo": "org/set", "revision": "1" * 40}
    with pytest.raises(UserError, match="the rows of far are known only then") as error:
        cost(SAMPLED, collect={"far": hub})
    assert error.value.hint == "dvc repro pool"


def sampled_before(keys: list[str], samples: int) -> None:
    """Samples in the store of the recipe's model, drawn at 50 tokens a second."""
    models.describe(Path("models/base"), kind="hub", name="m", revision="1" * 40)
    params = rollouts.Params.model_validate(SAMPLED)
    identity = params.in_turn[0].method.identity(models.resolve(Path("models/base")))
    folder = store.open_for(identity)
    rows = [(key, n, "x", 10, "stop", 0) for key in keys for n in range(samples)]
    store.save(folder, pl.DataFrame(rows, schema=store.SAMPLE, orient="row"))
    store.note_speed(folder, tokens=500, seconds=10.0)


def test_what_is_stored_is_not_drawn_again_and_says_how_fast_it_was():
    table = problems("a", "b", "c")
    tables.write(table, Path("data/pool.parquet"))
    sampled_before([*table["key"][:2], "of another recipe"], samples=6)
    figures = cost(SAMPLED, tokens_per_s=None, price="3.60/h")

    # 24 samples, 12 of them stored; 12 of 500 tokens at 50 tokens a second: 120 s.
    assert figures["samples"] == (
        "24 at most, 8 of each; 12 of them are in the store, 12 to draw"
    )
    assert figures["tokens"].startswith("6,000 (500 a sample")
    assert figures["time"] == "0:02:00 at 50 tokens/s, as the last run was"
    assert figures["price"] == "$0.12 at $3.6 per hour"


def test_a_price_is_of_hours_or_of_tokens():
    tables.write(problems("a"), Path("data/pool.parquet"))

    # 4,000 tokens in 4,000 s.
    assert cost(SAMPLED, price="$9/h")["price"] == "$10.00 at $9 per hour"
    assert cost(SAMPLED, price="500/M")["price"] == "$2.00 at $500 per million tokens"
    for price in ("9", "9/y", "-1/h", "x/h", "nan/h"):
        with pytest.raises(UserError, match="is no price"):
            cost(SAMPLED, price=price)


def test_nobody_having_measured_the_speed_is_a_guess():
    tables.write(problems("a"), Path("data/pool.parquet"))

    assert "4,000 tokens/s, a guess" in cost(SAMPLED, tokens_per_s=None)["time"]
    slow = cost(SAMPLED | {"engine": "transformers"}, tokens_per_s=None)["time"]
    assert slow.startswith("0:01:20 at 50 tokens/s, a guess for a small model on a CPU")
