"""Train with vLLM inside the trainer: a program, because vLLM takes over its process.

    python -m tests.support.colocated OUT     (JSON of what TRL logged, a row a step)

TRL puts the trained weights into vLLM as they were in the model's file. The build for
CPUs packs them when it loads them, and then has no place for them to go: here it does
not pack. On a GPU vLLM packs nothing, and there is nothing to mend.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

TRL = {
    "use_vllm": True,
    "vllm_mode": "colocate",
    "vllm_max_model_length": 128,
    "max_steps": 3,
    "per_device_train_batch_size": 12,
    "num_generations": 2,
    "max_completion_length": 24,
    "learning_rate": 1e-2,
    "disable_tqdm": True,
}
# The tiny model is never right, but its form differs.
STRATEGY = {"refill_rounds": 4, "live_reward": "format"}


def keep_weights(layer: Any, remove_weight: bool) -> None:
    """In the place of vLLM's packing: multiply by the weights as they are."""
    from torch.nn.functional import linear

    layer.cpu_linear = linear


def main(out: Path) -> None:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    from vllm.model_executor.layers import utils

    from pipeline.models import resolve
    from tests.support.killed_runs import grader_of_this_process
    from tests.support.tiny import tiny_model
    from tests.trainers.conftest import problems
    from trainers import grpo, runs
    from trainers.algorithms import Stage

    utils.dispatch_cpu_unquantized_gemm = keep_weights
    params = grpo.Params(algorithm="dapo", strategy=STRATEGY, trl=TRL)
    rows = pl.DataFrame(problems(64)).select(grpo.COLUMNS)
    with TemporaryDirectory() as folder, grader_of_this_process() as grade:
        run = runs.Run(params, resolve(tiny_model()), rows, Path(folder))
        trainer = grpo._build(run, grpo.compose(params), Stage(), grade)
        trainer.train()
    steps = [row for row in trainer.state.log_history if "loss" in row]
    out.write_text(json.dumps(steps))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
