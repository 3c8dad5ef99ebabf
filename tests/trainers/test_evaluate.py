"""Evaluation of real models: what is asked, counted and kept."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from pipeline.errors import UserError
from pipeline.grading import scores
from pipeline.grading.voting import grade_samples
from pipeline.models import describe, resolve
from pipeline.sampling import draws
from pipeline.schema import PROBLEM, conform
from stages import rollouts
from stages.benchmarks import Set
from stages.sources._load import read_source
from tests.support.tiny import tiny_model
from tests.trainers.conftest import HERE, read
from trainers import evaluate

PARAMS = {"samples": 3, "max_tokens": 24, "limit": 10}
NOTHING = {"settings": {}, "models": {}, "gain": {}, "pairs": {}}
WORDS = (
    "--out", "m.json", "--numbers", "p.json", "--samples", "data/evaluate.parquet",
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
        assert scored == {
            "model": title,
            **again,
            "pass@1_mean_of_benchmarks": again["pass@1"],
            "benchmarks": {"chains": again},
        }
    assert metrics["settings"]["chains"] == {
        "preset": None,
        "unlike_preset": [],
        "samples": 3,
        "temperature": 1.0,
        "top_p": 1.0,
        "max_tokens": 24,
    }
    assert metrics["gain"]["grpo"]["over"] == "base"
    assert metrics["gain"]["grpo"]["problems"] == 10
    assert metrics["pairs"]["grpo"]["base"].items() <= metrics["gain"]["grpo"].items()
    assert [point["model"] for point in read(evaluated / "p.json")] == ["base", "grpo"]


def test_models_are_given_the_same_seeds(evaluated: Path):
    kept = pl.read_parquet(evaluated / "data/evaluate.parquet")
    first, second = kept.partition_by("model", maintain_order=True)

    assert first["seed"].equals(second["seed"])
    assert first["seed"].is_unique().all()


def read_outputs(folder: Path) -> list[bytes]:
    names = ("m.json", "p.json", "data/evaluate.parquet")
    return [(folder / name).read_bytes() for name in names]


def count_kept(cache: Path) -> int:
    """How many samples were ever written into the store."""
    shards = cache.rglob("rollouts/*/[0-9]*.parquet")
    return sum(pl.read_parquet(shard).height for shard in shards)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_twice_gives_the_same_bytes_from_the_store_and_without_it(
    cache: Path, evaluated: Path, command: Callable
):
    before = read_outputs(evaluated)
    command(evaluate.main, *WORDS)
    assert read_outputs(evaluated) == before
    assert count_kept(cache) == 2 * 10 * 3, "nothing is sampled twice"

    shutil.rmtree(cache)
    command(evaluate.main, *WORDS)
    assert read_outputs(evaluated) == before


KILLED = """
import os, signal, sys
from pipeline.sampling import store
from trainers import evaluate

save, shards = store.save, []

def save_and_die(folder, samples):
    save(folder, samples)
    shards.append(folder)
    if len(shards) == KILL_AT:
        os.kill(os.getpid(), signal.SIGKILL)

store.save = save_and_die
for KILL_AT in (2, 4):
    shards.clear()
    if not (child := os.fork()):
        evaluate.main()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
"""


def test_an_evaluation_that_was_killed_twice_goes_on_and_samples_nothing_twice(
    cache: Path, project: Callable, command: Callable, monkeypatch: pytest.MonkeyPatch
):
    folder = project({"evaluate": PARAMS | {"options": {"batch_size": 4}}})
    describe(folder / "models/sft", kind="off")
    (folder / "models/grpo").symlink_to(tiny_model(steps=61))
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *WORDS], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # 30 samples a model are 8 shards of 4 at most: 2 and 4 of them were finished.
    kept = {shard: shard.read_bytes() for shard in cache.rglob("[0-9]*.parquet")}
    assert (len(kept), count_kept(cache)) == (6, 24)
    assert not (folder / "data/evaluate.parquet").exists()

    command(evaluate.main, *WORDS)
    assert count_kept(cache) == 2 * 10 * 3, "no completion was sampled twice"
    assert {shard: shard.read_bytes() for shard in kept} == kept
    resumed = read_outputs(folder)
    monkeypatch.setenv("GOLDSIEVE_CACHE", str(folder / "undisturbed"))
    command(evaluate.main, *WORDS)
    assert read_outputs(folder) == resumed


def test_what_rollouts_sampled_is_not_sampled_again(
    cache: Path, project: Callable, command: Callable
):
    folder = project({"evaluate": PARAMS})
    rows = pl.read_parquet(folder / "data/benchmarks.parquet").head(10)
    rows = conform(rows, PROBLEM)
    params = rollouts.Params(samples=3, max_tokens=24)
    drawn = pl.concat(rollouts.make(params, rows, folder / "models/base"))
    assert count_kept(cache) == 30
    command(evaluate.main, "--samples", "s.parquet", "--out", "m.json", *WORDS[6:8])

    assert count_kept(cache) == 30
    kept = pl.read_parquet(folder / "s.parquet")
    assert kept["completion"].to_list() == drawn["completion"].to_list()


def test_a_benchmark_may_be_sampled_in_its_own_way(
    cache: Path, project: Callable, command: Callable
):
    folder = project(
        {"evaluate": PARAMS | {"by_benchmark": {"short": {"samples": 5, "top_p": 0.9}}}}
    )
    table = pl.read_parquet("data/benchmarks.parquet").head(4)
    other = pl.concat([table, table.head(1)]).with_columns(
        id=pl.Series([f"short/{number}" for number in range(5)]),
        benchmark=pl.lit("short"),
    )
    pl.concat([table, other]).write_parquet("data/benchmarks.parquet")
    command(evaluate.main, "--samples", "s.parquet", "--out", "m.json", *WORDS[6:8])

    kept = pl.read_parquet(folder / "s.parquet")
    counts = kept["benchmark"].value_counts(sort=True)
    assert counts.rows() == [("short", 25), ("chains", 12)]
    first = kept.filter(id="short/0")["completion"].to_list()
    again = kept.filter(id="short/4")["completion"].to_list()
    assert first == again, "one text is one problem"
    assert count_kept(cache) == 4 * 3 + 4 * 5
    metrics = read(folder / "m.json")
    assert metrics["settings"]["short"]["samples"] == 5
    assert metrics["settings"]["short"]["top_p"] == 0.9
    assert metrics["settings"]["chains"]["samples"] == 3
    scored = metrics["models"]["base"]
    assert "maj@5" in scored["benchmarks"]["short"]
    assert "maj@3" not in scored, "5 votes and 3 are not one number"


def test_a_preset_is_what_its_authors_published():
    params = evaluate.Params(preset="open_r1")

    assert draws.choose_draws("aime24", params) == {
        "samples": 64,
        "temperature": 0.6,
        "top_p": 0.95,
        "max_tokens": 32768,
    }
    assert draws.choose_draws("math500", params)["samples"] == 4
    for preset in draws.PRESETS.values():
        assert preset.source
        assert preset.model_dump(include=draws.FIELDS, exclude_none=True).keys() == (
            draws.FIELDS
        )


def document(preset: draws.Preset) -> list[str]:
    """k, temperature, top_p and max_tokens as the documentation has them."""
    own = (f"`{name}` {each.samples}" for name, each in preset.by_benchmark.items())
    k = f"{preset.samples} ({', '.join(own)})".removesuffix(" ()")
    return [k, f"{preset.temperature}", f"{preset.top_p}", f"{preset.max_tokens:,}"]


def test_the_presets_of_the_documentation_are_those_that_there_are():
    lines = (HERE / "docs/evaluate.md").read_text().splitlines()
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines]
    table = {row[0]: row[1:5] for row in cells if len(row) == 6 and row[1][0].isdigit()}

    assert table == {name: document(each) for name, each in draws.PRESETS.items()}


def test_what_the_recipe_says_goes_before_the_preset_and_is_named():
    own = {"math500": {"samples": 2, "temperature": 0.6}}
    params = evaluate.Params(preset="open_r1", max_tokens=4096, by_benchmark=own)

    assert draws.describe_draws("math500", params) == {
        "preset": "open_r1",
        "unlike_preset": ["samples", "max_tokens"],
        "samples": 2,
        "temperature": 0.6,
        "top_p": 0.95,
        "max_tokens": 4096,
    }
    assert draws.choose_draws("aime24", params)["samples"] == 64


def test_an_unknown_preset_is_told_with_those_that_there_are():
    with pytest.raises(ValidationError, match="expected one of deepseek_r1, open_r1"):
        evaluate.Params(preset="r1")


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
    graded = grade_samples(samples)

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
    graded = grade_samples(samples)

    assert scores.summary(graded)["maj@5"] == maj


SETS = {
    "aime24": "bench_math/aime24.jsonl",
    "aime25": "bench_math/aime25.jsonl",
    "amc23": "bench_math/amc23.jsonl",
    "math500": "bench_math/math500.jsonl",
    "gsm8k_test": "bench_math/gsm8k.jsonl",
    "minerva": "bench_math/minerva_math.jsonl",
    "olympiadbench": "bench_math/olympiadbench.jsonl",
    "humaneval": "code_humaneval/HumanEval.jsonl.gz",
    "mbpp": "code_mbpp/mbpp.jsonl",
    "livecodebench": "code_livecodebench/livecodebench_test.json",
}


@pytest.mark.realdata
def test_right_answers_to_published_problems_score_one_and_wrong_ones_nothing(
    data: Path,
):
    limit = {"rows": 4}
    sets = [Set(name=n, path=str(data / file), limit=limit) for n, file in SETS.items()]
    rows = pl.concat(read_source(each.name, each).kept for each in sets)
    program = pl.col("solutions").list.first().struct.field("text").fill_null("1")
    is_code = pl.col("verifier") == "code"
    fenced = pl.format("```python\n{}\n```", program)
    right = pl.when(is_code).then(fenced).otherwise(r"\boxed{" + pl.col("answer") + "}")
    wrong = pl.when(is_code).then(pl.lit("```python\n1\n```")).otherwise(pl.lit("-77"))
    samples = pl.concat(
        rows.with_columns(
            benchmark="source",
            completion=text,
            finish_reason=pl.lit("stop"),
            n_tokens=pl.lit(9),
        )
        for text in (right, wrong)
    )
    graded = grade_samples(samples)
    scored = scores.compare({"m": graded})["models"]["m"]["benchmarks"]

    # The file of LiveCodeBench has no solutions.
    rates = {name: 0.5 for name in SETS} | {"livecodebench": 0.0}
    assert {name: score["avg@2"] for name, score in scored.items()} == rates
    assert sum(score["undecided"] for score in scored.values()) == 0


def test_a_limit_is_for_each_benchmark_and_keeps_its_first():
    table = pl.DataFrame({"benchmark": ["a", "a", "b", "a"], "id": [1, 2, 3, 4]})

    few = evaluate.Params(limit=2)
    assert evaluate.problems(table, few)["id"].to_list() == [1, 2, 3]
    chosen = evaluate.Params(benchmarks=("b",))
    assert evaluate.problems(table, chosen)["id"].to_list() == [3]
    with pytest.raises(UserError, match=r"benchmarks: there is no benchmark 'c'"):
        evaluate.problems(table, evaluate.Params(benchmarks=("c",)))
    with pytest.raises(UserError, match=r"by_benchmark: there is no benchmark 'c'"):
        evaluate.problems(table, evaluate.Params(by_benchmark={"c": {"samples": 2}}))


def test_without_benchmarks_nothing_is_evaluated(project: Callable, command: Callable):
    folder = project({"evaluate": {"benchmarks": ["chains"]}, "benchmarks": False})
    table = pl.read_parquet("data/benchmarks.parquet")
    table.clear().write_parquet("data/benchmarks.parquet")
    command(evaluate.main, "data/benchmarks.parquet", "models/base", "--out", "m.json")

    assert read(folder / "m.json") == NOTHING


def test_two_models_of_one_name_are_a_mistake(project: Callable, command: Callable):
    project({"evaluate": PARAMS})
    shutil.copytree("models/base", "earlier/base")
    with pytest.raises(UserError, match="two folders of models have one name"):
        command(evaluate.main, "--out", "m.json", *WORDS[6:8], "earlier/base")


def test_off_leaves_empty_tables(project: Callable, command: Callable):
    folder = project({"evaluate": False})
    for name in ("sft", "grpo"):
        describe(folder / f"models/{name}", kind="off")
    command(evaluate.main, *WORDS)

    assert read(folder / "m.json") == NOTHING
    assert read(folder / "p.json") == []
    kept = pl.read_parquet(folder / "data/evaluate.parquet")
    assert (kept.height, kept.schema) == (0, evaluate.SAMPLES)
