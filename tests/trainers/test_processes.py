"""Two processes under torchrun: they train one model, and the first one writes it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pipeline.models import resolve
from tests.trainers.conftest import read

TRL = {
    "max_steps": 3,
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "max_completion_length": 16,
    "learning_rate": 1e-3,
    "save_steps": 2,
}
WORDS = "-m trainers.grpo --out models/grpo --metrics m.json --numbers p.json"


def test_refill_and_a_history_with_two_processes(project: Callable[..., Path]):
    # The tiny model is never right: every group is dead, so every round is sampled.
    params = {"strategy": {"refill_rounds": 3}, "order": {"by": "unsolved"}, "trl": TRL}
    folder = project({"grpo": params}, rows=16)
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
        "--master-port", str(20000 + os.getpid() % 20000), *WORDS.split(),
        "--history", "h.parquet", "data/export", "models/base",
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]

    assert read(folder / "m.json")["steps"] == 3
    rounds = [step["refill_rounds"] for step in read(folder / "p.json")]
    assert rounds == [3, 3, 3]
    base, model = (resolve(folder / "models" / name) for name in ("base", "grpo"))
    assert model.revision != base.revision
    history = pl.read_parquet(folder / "h.parquet")
    # 3 steps of 3 rounds of 4 groups of 4, of both processes.
    assert history["n_decided"].sum() == 3 * 3 * 4 * 4
    assert not list(folder.glob("models/*.draft"))
