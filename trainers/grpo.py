"""Reinforce what the verifiers find right (TRL's GRPOTrainer).

    python -m trainers.grpo --out models/grpo data/export models/base models/sft

The verifier that filtered a problem rewards its completions. The section `grpo` of
the recipe names the algorithm and weighs the rewards; everything else is TRL's,
under `trl`. Not done here: dynamic sampling with refill, curricula.
"""

import sys
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from pipeline import console
from pipeline.errors import UserError
from pipeline.grading.workers import grader
from pipeline.models import Model
from pipeline.settings import Settings
from pipeline.verifiers.judge import Judge
from trainers import training
from trainers.algorithms import PRESETS
from trainers.rewards import rewards

REWARDS = {"correct": 1.0, "format": 0.1, "overlong": 0.5}


class Params(Settings):
    """`trl` goes to GRPOConfig, over the options of the `algorithm`.

    `overlong_tokens` is the part of the length limit that `overlong` punishes; it
    is a fifth where none is given, as in DAPO. `judge` is the model that judges rows
    whose verifier is `judge`.
    """

    algorithm: Literal[*PRESETS] = "dapo"
    rewards: dict[str, float] = Field(default=REWARDS, min_length=1)
    overlong_tokens: int | None = Field(default=None, ge=1)
    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None
    limit: int | None = Field(default=None, ge=1)
    seed: int = 0
    threads: int = Field(default=1, ge=1)
    trl: Annotated[dict[str, Any], AfterValidator(training.numbers)] = Field(default={})


def main() -> None:
    columns = ["prompt", "answer", "verifier", "verify_info"]
    training.main("grpo", Params, _train, table="rl.parquet", columns=columns)


def _train(params: Params, model: Model, dataset: Any) -> training.Trained:
    from trl import GRPOConfig, GRPOTrainer

    options = {**PRESETS[params.algorithm], "seed": params.seed, **params.trl}
    options["reward_weights"] = list(params.rewards.values())
    config = training.configure(GRPOConfig, model, **options)
    _check_enough(len(dataset), config)
    length = config.max_completion_length
    with grader(params.timeout_s, params.judge) as grade:
        trainer = GRPOTrainer(
            model=model.load,
            args=config,
            reward_funcs=rewards(
                params.rewards,
                grade,
                max_tokens=length,
                overlong_tokens=params.overlong_tokens or -(-length // 5),
            ),
            train_dataset=dataset,
        )
        training.run(trainer)
    means = {f"rewards/{name}/mean": name for name in params.rewards}
    names = {"reward": "reward", **means, "completions/mean_length": "tokens"}
    return trainer, names


def _check_enough(rows: int, config: Any) -> None:
    """Say so where one step wants more prompts than there are: TRL would not."""
    wanted = config.generation_batch_size // config.num_generations
    if rows < wanted:
        raise UserError(
            f"one step of GRPO takes {wanted} prompts, and there are {rows}",
            hint="lower grpo.trl.per_device_train_batch_size",
        )


if __name__ == "__main__":
    sys.exit(console.run(main))
