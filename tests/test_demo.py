"""The demo end to end: real DVC, real training, and what the planted rows became."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline import dag

HERE = Path(__file__).parent.parent
DATA_STAGES = "decontaminate"


def checkout(folder: Path) -> Path:
    """The files of the working tree that git tracks, as a fresh clone has them."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=HERE,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (HERE / name).is_file() and name != "dvc.lock":
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(HERE / name, folder / name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def repro(
    folder: Path, *targets: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`dvc repro` in `folder`, with this Python, on its code and its own caches."""
    bin = Path(sys.executable).parent
    env = os.environ | {
        "PATH": f"{bin}:{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "GOLDSIEVE_CACHE": str(folder / ".cache"),
        "HF_HUB_OFFLINE": "1",
        "DVC_NO_ANALYTICS": "1",
        **environment,
    }
    return subprocess.run(
        [sys.executable, "-m", "dvc", "repro", *targets],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh checkout in which the whole demo has run."""
    folder = checkout(tmp_path_factory.mktemp("demo"))
    shutil.copy(folder / "recipes/demo.yaml", folder / "params.yaml")
    done = repro(folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
    return folder


pytestmark = pytest.mark.slow


def test_a_second_repro_has_nothing_to_do(demo: Path):
    done = repro(demo)

    assert done.returncode == 0, done.stderr
    assert "Data and pipelines are up to date." in done.stdout


def test_every_stage_accounts_for_its_rows(demo: Path):
    metrics = demo / "data_cards/metrics"
    stages = dag.parse(yaml.safe_load((demo / "dvc.yaml").read_text()))
    names = [stage.name for stage in stages if stage.kind == "filter"]
    before = json.loads((metrics / "pool.json").read_text())["rows_out"]
    for name in names:
        counted = json.loads((metrics / f"{name}.json").read_text())
        lost = sum(counted["dropped"].values())
        assert counted["rows_in"] == before, name
        assert counted["rows_in"] == counted["rows_out"] + lost, name
        kept = pl.read_parquet(demo / f"data/{name}.parquet")
        dropped = pl.read_parquet(demo / f"data/dropped/{name}.parquet")
        assert (kept.height, dropped.height) == (counted["rows_out"], lost), name
        before = counted["rows_out"]
    assert before > 100, "the demo leaves something to train on"


def test_two_runs_of_the_data_stages_give_the_same_bytes(
    demo: Path, tmp_path_factory: pytest.TempPathFactory
):
    again = checkout(tmp_path_factory.mktemp("again"))
    shutil.copy(again / "recipes/demo.yaml", again / "params.yaml")
    done = repro(again, DATA_STAGES)
    assert done.returncode == 0, done.stderr[-3000:]

    files = sorted(p.relative_to(again) for p in (again / "data").rglob("*.parquet"))
    assert len(files) > 15
    for file in files:
        assert (again / file).read_bytes() == (demo / file).read_bytes(), file


def test_evaluation_shows_three_models_with_intervals(demo: Path):
    evaluated = json.loads((demo / "data_cards/metrics/evaluate.json").read_text())

    assert set(evaluated["models"]) == {"base", "sft", "grpo"}
    for model in evaluated["models"].values():
        low, high = model["pass@1_interval"]
        assert 0 <= low < model["pass@1"] < high <= 1


def test_the_planted_rows_are_found_where_they_should_be(demo: Path):
    label = pl.col("meta").str.json_path_match("$.planted")
    dropped = pl.concat(
        pl.read_parquet(file)
        .select("id", "reason", "meta")
        .with_columns(stage=pl.lit(file.stem))
        for file in sorted((demo / "data/dropped").glob("*.parquet"))
        if file.stem != "benchmarks"
    ).with_columns(label=label)
    stages = {
        name: set(rows["stage"])
        for (name,), rows in dropped.drop_nulls("label").group_by("label")
    }
    counts = dict(dropped.drop_nulls("label")["label"].value_counts().iter_rows())

    assert stages["exact_copy"] == {"dedup_exact"}
    assert stages["exact_copy_other_answer"] == {"dedup_exact"}
    assert stages["near_copy"] == {"dedup_ngram"}
    assert stages["paraphrase"] <= {"dedup_ngram", "dedup_embedding"}
    assert "dedup_embedding" in stages["paraphrase"]
    assert stages["leak"] == {"decontaminate"}
    assert "verify" in stages["wrong_answer"]
    suspects = dropped.filter(pl.col("reason") == "key_suspect")["label"]
    n_planted = (suspects == "wrong_answer").sum()
    assert n_planted >= 4, "suspect keys are found on any machine"
    assert n_planted >= 0.8 * len(suspects), "most suspect keys were planted"
    assert stages["sibling"].isdisjoint({"dedup_ngram", "dedup_embedding"})
    pure = {"sibling", "right_answer"}
    impure = {name: count for name, count in counts.items() if name not in pure}
    assert impure == dict.fromkeys(impure, 8), "every planted row is found"
    unreadable = pl.read_parquet(demo / "data/dropped/collect/planted.parquet")
    assert unreadable["reason"].to_list() == ["source_unreadable"] * 8


def test_no_held_out_problem_is_trained_on(demo: Path):
    rows = pl.read_parquet(demo / "data/select.parquet")
    items = pl.read_parquet(demo / "data/benchmarks.parquet")

    assert rows.filter(pl.col("key").is_in(items["key"].to_list())).height == 0


def test_training_helps(demo: Path):
    gain = json.loads((demo / "data_cards/metrics/evaluate.json").read_text())["gain"]

    assert gain["sft"]["interval"][0] > 0
    assert gain["grpo"]["interval"][0] > 0


def test_the_funnel_and_every_config_of_the_card_are_there(demo: Path):
    from datasets import load_dataset

    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "funnel"],
        cwd=demo, env=os.environ | {"PYTHONPATH": str(demo)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "grpo" in done.stdout
    subprocess.run(
        [sys.executable, "-m", "pipeline", "publish", "me/set", "--dry-run", "out"],
        cwd=demo, env=os.environ | {"PYTHONPATH": str(demo)}, check=True,
    )  # fmt: skip
    for name in ("rl", "sft", "dropped", "grades"):
        loaded = load_dataset(str(demo / "out"), name, cache_dir=str(demo / "hf"))
        assert loaded["train"].num_rows > 100


def test_the_recipe_knows_every_stage(demo: Path):
    stages = yaml.safe_load((demo / "dvc.yaml").read_text())["stages"]

    assert set(yaml.safe_load((demo / "params.yaml").read_text())) >= set(stages)
