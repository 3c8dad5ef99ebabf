"""Train with vLLM inside the trainer: a program, because vLLM takes over its process.

    python -m tests.support.colocated OUT     (JSON of the curve, a row a step)

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
REWARDS = {"correct": 1.0, "format": 0.1}
# The second has an engine and a trainer of its own, in the same process.
STAGES = [{}, {"max_completion_length": 20, "steps": 1}]
# What vLLM and the trainer say of the same tokens.
COMPARED = (
    "sampling/sampling_logp_difference/mean",
    "sampling/importance_sampling_ratio/mean",
)


def keep_weights(layer: Any, remove_weight: bool) -> None:
    """In the place of vLLM's packing: multiply by the weights as they are."""
    from torch.nn.functional import linear

    layer.cpu_linear = linear


def main(out: Path) -> None:
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    from vllm.model_executor.layers import utils

    from pipeline.models import resolve
    from tests.support.tiny import tiny_model
    from tests.trainers.conftest import problems
    from trainers import grpo, runs

    utils.dispatch_cpu_unquantized_gemm = keep_weights
    grpo.LOGGED.update({name: name for name in COMPARED})
    params = grpo.Params(
        algorithm="dapo", strategy=STRATEGY, rewards=REWARDS, trl=TRL, stages=STAGES
    )
    rows = pl.DataFrame(problems(64)).select(grpo.COLUMNS)
    with TemporaryDirectory() as folder:
        run = runs.Run(params, resolve(tiny_model()), rows, Path(folder))
        trained = grpo._train(run)
    out.write_text(json.dumps(trained.steps))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
