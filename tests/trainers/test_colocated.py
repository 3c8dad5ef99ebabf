"""Refill with vLLM inside the trainer, for real, with its build for CPUs."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.colocated import COMPARED, TRL


@pytest.mark.slow
@pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed")
def test_refill_with_vllm_in_the_trainer_samples_from_the_trained_weights(
    tmp_path: Path,
):
    out = tmp_path / "steps.json"
    command = [sys.executable, "-m", "tests.support.colocated", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-5000:]

    steps = json.loads(out.read_text())
    assert [step["stage"] for step in steps] == [0] * TRL["max_steps"] + [1]
    # Groups of two are dead every other time: something is drawn anew in some step.
    assert max(step["refill_rounds"] for step in steps) > 1
    sampled = [step["refill_sampled"] for step in steps]
    assert all(count >= TRL["per_device_train_batch_size"] for count in sampled)
    # vLLM computes with 16 bits and the trainer with 32; of older weights, which were
    # trained at a high rate, their log-probabilities would be far apart.
    for step in steps:
        difference, ratio = (step[name] for name in COMPARED)
        assert difference < 0.05
        assert ratio == pytest.approx(1, 0.1)
