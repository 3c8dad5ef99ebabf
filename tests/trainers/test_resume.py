"""A run that is killed twice leaves the weights of one that was not.

The kills come in the second epoch and in the middle of a cycle of generation.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.models import Model, describe, digest, resolve
from trainers import runs
from trainers.runs import latest_checkpoint, run_folder
from trainers.sft import Params

REPOSITORY = Path(__file__).parents[2]
SFT = {"max_steps": 14, "per_device_train_batch_size": 8, "save_steps": 3}
# 24 problems, 8 a batch, 2 steps a batch: an epoch has 6 steps, and 3 cycles.
GRPO = {
    "max_steps": 14,
    "per_device_train_batch_size": 16,
    "steps_per_generation": 2,
    "num_generations": 4,
    "max_completion_length": 24,
    "learning_rate": 1e-3,
    "save_steps": 3,
}
RUNS = {
    "sft": ("sft", {"trl": SFT}),
    "refill": ("grpo", {"strategy": {"refill_rounds": 3}, "order": {"by": "unsolved"}}),
    "critic": ("grpo", {"algorithm": "vc_ppo", "critic": {"pretrain_steps": 1}}),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_was_killed_twice_ends_with_the_same_weights(
    name: str, project: Callable[..., Path]
):
    section, params = RUNS[name]
    params = {"trl": GRPO} | params
    folder = project({section: params}, rows=56 if section == "sft" else 24)
    whole, resumed, shown = run(section, "5", "11", cwd=folder)

    assert whole == resumed
    # A log has a line at the end, of what that start has done, and no bar.
    first, *_, last = re.findall(r"training steps: (\d+) of \1 \(100%\), ", shown)
    assert int(last) < int(first) == 14
    assert "14/14" not in shown
    assert json.loads((folder / "m.json").read_text()) == json.loads(
        (folder / "whole.json").read_text()
    )
    if section == "grpo":
        history = pl.read_parquet(folder / "h.parquet")
        assert history.equals(pl.read_parquet(folder / "whole.parquet"))
        assert set(history["epoch"]) == {0, 1, 2}


def run(*words: str, cwd: Path) -> list[str]:
    """Digests of the weights of both runs, and what they wrote on stderr."""
    command = [sys.executable, "-m", "tests.support.killed_runs", *words]
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [*done.stdout.split()[-2:], done.stderr]


def test_a_checkpoint_that_was_cut_off_is_passed_over(tmp_path: Path):
    for step, is_whole in ((2, True), (10, True), (12, False)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        if is_whole:
            (folder / "trainer_state.json").touch()

    assert latest_checkpoint(tmp_path) == str(tmp_path / "checkpoint-10")
    assert latest_checkpoint(tmp_path / "none") is None


def test_runs_that_differ_in_anything_that_decides_have_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    table, other = tmp_path / "a.parquet", tmp_path / "b.parquet"
    table.write_bytes(b"a")
    other.write_bytes(b"b")
    model = Model("m", "1", "m", "hub")

    def folder(section: str = "sft", seed: int = 0, **change: Any) -> Path:
        values = {"table": table, "model": model} | change
        return run_folder(section, Params(seed=seed), **values)

    first = folder()
    assert folder() == first
    monkeypatch.setenv("WORLD_SIZE", "2")
    others = [
        folder(),
        folder("dpo"),
        folder(seed=1),
        folder(table=other),
        folder(model=Model("m", "2", "m", "hub")),
    ]
    assert len({first, *others}) == 6


@pytest.mark.parametrize("is_same_disk", [True, False])
def test_a_published_model_is_named_by_the_digest_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_same_disk: bool
):
    def refuse(*_: object) -> None:
        raise OSError("Invalid cross-device link")

    if not is_same_disk:
        monkeypatch.setattr(os, "link", refuse)
    model, out = tmp_path / "run/model", tmp_path / "out"
    model.mkdir(parents=True)
    (model / "model.safetensors").write_bytes(b"weights")
    describe(model, kind="local", name="base")

    runs.publish(model, out, name="base-sft")
    (model / "model.safetensors").unlink()

    assert resolve(out).revision == digest(out)
    assert (resolve(out).name, resolve(model).name) == ("base-sft", "base")
    assert (out / "model.safetensors").read_bytes() == b"weights"
