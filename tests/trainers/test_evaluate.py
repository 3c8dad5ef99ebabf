"""Evaluation of real models: what is asked, counted and kept."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.models import describe, resolve
from tests.support.tiny import tiny_model
from tests.trainers.conftest import read
from trainers import evaluate, scores

PARAMS = {"samples": 3, "max_tokens": 24, "limit": 10}
WORDS = (
    "--out", "m.json", "--plots", "p.json", "--samples", "data/evaluate.parquet",
    "data/benchmarks.parquet", "models/base", "models/sft", "models/grpo",
)  # fmt: skip


@pytest.fixture
def evaluated(project: Callable, command: Callable) -> Path:
    """A project in which a base and a GRPO model were evaluated; SFT is off."""
    folder: Path = project({"evaluate": PARAMS})
    describe(folder / "models/sft", kind="off")
    (folder / "models/grpo").symlink_to(tiny_model(steps=61))
    command(evaluate.main, *WORDS)
    return folder


def test_every_sample_is_kept_and_the_scores_follow_from_them(evaluated: Path):
    kept = pl.read_parquet(evaluated / "data/evaluate.parquet")
    metrics = read(evaluated / "m.json")

    assert kept.schema == evaluate.SAMPLES
    assert kept.height == 2 * 10 * 3
    assert list(metrics["models"]) == ["base", "grpo"], "what is off is left out"
    for name, scored in metrics["models"].items():
        title = resolve(evaluated / "models" / name).title
        again = scores.summary(kept.filter(pl.col("model") == title))
        assert scored == {"model": title, **again, "benchmarks": {"chains": again}}
    assert metrics["gain"]["grpo"]["over"] == "base"
    assert metrics["gain"]["grpo"]["problems"] == 10
    assert [point["model"] for point in read(evaluated / "p.json")] == ["base", "grpo"]


def test_models_are_given_the_same_seeds(evaluated: Path):
    kept = pl.read_parquet(evaluated / "data/evaluate.parquet")
    first, second = kept.partition_by("model", maintain_order=True)

    assert first["seed"].equals(second["seed"])
    assert first["seed"].is_unique().all()


def test_twice_gives_the_same_bytes(evaluated: Path, command: Callable):
    files = [evaluated / name for name in ("m.json", "p.json", "data/evaluate.parquet")]
    before = [file.read_bytes() for file in files]
    command(evaluate.main, *WORDS)

    assert [file.read_bytes() for file in files] == before


def test_a_prompt_without_room_is_not_solved():
    samples = pl.DataFrame(
        {
            "id": ["a/0"],
            "verifier": ["math"],
            "answer": ["4"],
            "verify_info": ["{}"],
            "completion": [""],
            "problem": ["1+3"],
            "finish_reason": ["prompt_too_long"],
        }
    )
    graded = evaluate.grade_samples(samples, evaluate.Params())

    assert graded.select("correct", "why").row(0) == (False, "prompt_too_long")


@pytest.mark.parametrize(
    ("answers", "maj"),
    [
        (["1/2", "0.5", r"\frac{1}{2}", "2", "2"], 1.0),
        (["1/2", "0.5", "2", "2.0", "4/2"], 0.0),  # 2 has three votes, 1/2 two
        (["1/2", "0.5", "3", "4/3", "3"], 0.5),  # a tie
        (["1/2", "none", "none", "none", "none"], 1.0),  # no answer is no vote
    ],
)
def test_samples_vote_for_answers_and_not_for_spellings(answers: list[str], maj: float):
    texts = ["I do not know." if s == "none" else rf"\boxed{{{s}}}" for s in answers]
    samples = pl.DataFrame({"sample": range(5), "completion": texts}).with_columns(
        id=pl.lit("a/0"),
        verifier=pl.lit("math"),
        answer=pl.lit(r"\frac{1}{2}"),
        verify_info=pl.lit("{}"),
        problem=pl.lit("Half of 1?"),
        finish_reason=pl.lit("stop"),
        n_tokens=pl.lit(3),
    )
    graded = evaluate.grade_samples(samples, evaluate.Params())

    assert scores.summary(graded)["maj@5"] == maj


def test_a_limit_is_for_each_benchmark_and_keeps_its_first():
    table = pl.DataFrame({"benchmark": ["a", "a", "b", "a"], "id": [1, 2, 3, 4]})

    few = evaluate.Params(limit=2)
    assert evaluate.problems(table, few)["id"].to_list() == [1, 2, 3]
    chosen = evaluate.Params(benchmarks=("b",))
    assert evaluate.problems(table, chosen)["id"].to_list() == [3]
    with pytest.raises(UserError, match="no benchmark 'c'"):
        evaluate.problems(table, evaluate.Params(benchmarks=("c",)))


def test_without_benchmarks_nothing_is_evaluated(project: Callable, command: Callable):
    folder = project({"evaluate": {"benchmarks": ["chains"]}, "benchmarks": False})
    table = pl.read_parquet("data/benchmarks.parquet")
    table.clear().write_parquet("data/benchmarks.parquet")
    command(evaluate.main, "data/benchmarks.parquet", "models/base", "--out", "m.json")

    assert read(folder / "m.json") == {"models": {}, "gain": {}}


def test_off_leaves_empty_tables(project: Callable, command: Callable):
    folder = project({"evaluate": False})
    for name in ("sft", "grpo"):
        describe(folder / f"models/{name}", kind="off")
    command(evaluate.main, *WORDS)

    assert read(folder / "m.json") == {"models": {}, "gain": {}}
    assert read(folder / "p.json") == []
    kept = pl.read_parquet(folder / "data/evaluate.parquet")
    assert (kept.height, kept.schema) == (0, evaluate.SAMPLES)
