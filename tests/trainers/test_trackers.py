"""Trackers that work offline: what they are told can be read back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainers import grpo

TRL = {
    "max_steps": 3,
    "per_device_train_batch_size": 8,
    "num_generations": 4,
    "max_completion_length": 16,
}


def test_tensorboard_has_a_value_a_step(
    project: Callable, command: Callable, monkeypatch: pytest.MonkeyPatch
):
    accumulator: Any = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    )
    folder: Path = project({"grpo": {"trl": TRL | {"report_to": "tensorboard"}}})
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(folder / "runs"))
    command(grpo.main, "--out", "models/grpo", "data/export", "models/base")

    events = accumulator.EventAccumulator(str(folder / "runs")).Reload()
    for name in ("loss", "rewards/correct/mean", "refill/sampled", "undecided"):
        assert [event.step for event in events.Scalars(f"train/{name}")] == [1, 2, 3]
