"""Reinforce what the verifiers find right (TRL's GRPOTrainer, and what it lacks).

    python -m trainers.grpo --out models/grpo data/export models/base models/sft
    torchrun --nproc-per-node 2 -m trainers.grpo …

The verifier that filtered a problem rewards its completions. The section `grpo` of
the recipe names the algorithm, weighs the rewards, orders the problems and divides
the run into stages; everything else is TRL's, under `trl`.
"""

import gc
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pydantic import Field

from pipeline import console, recipe, sql
from pipeline.errors import UserError
from pipeline.grading.remote import reward_grader
from pipeline.grading.rewards import Values
from pipeline.grading.workers import Grader
from pipeline.models import Model, resolve
from pipeline.schema import RL_HISTORY
from pipeline.verifiers.judge import Judge
from trainers import runs, training
from trainers.algorithms import ALGORITHMS, Algorithm, Order, Stage, stage_options
from trainers.rewards import rewards

REWARDS = {"correct": 1.0, "format": 0.1, "overlong": 0.5}
COLUMNS = [
    "id", "source", "domain", "prompt", "answer", "verifier", "verify_info",
    "pass_rate", "curriculum_rank", "level",
]  # fmt: skip


class Params(training.TrainerParams):
    """`strategy`, `critic` and `trl` change single fields of the `algorithm`.

    `order` and `stages` replace the algorithm's. `rewards` are weights by name, and
    `reward_values` what single ones give. `judge` is the model that judges rows whose
    verifier is `judge`.
    """

    algorithm: Literal[*ALGORITHMS] = "dapo"  # type: ignore[valid-type]
    strategy: dict[str, Any] = Field(default={})
    critic: dict[str, Any] = Field(default={})
    order: Order | None = None
    stages: tuple[Stage, ...] | None = Field(default=None, min_length=1)
    rewards: dict[str, float] = Field(default=REWARDS, min_length=1)
    reward_values: Values = Values()
    timeout_s: float = Field(default=20.0, gt=0)
    judge: Judge | None = None


def main() -> None:
    training.main("grpo", Params, _train, table="rl.parquet", columns=COLUMNS)


def _train(run: runs.Run) -> runs.Trained:
    """Train stage after stage, each from the model that the one before left."""
    algorithm = compose(run.params)
    steps: list[runs.Step] = []
    history = RL_HISTORY.to_frame()
    model = reference = run.model
    with reward_grader(run.params.timeout_s, run.params.judge) as grade:
        for number, stage in enumerate(algorithm.stages or (Stage(),)):
            folder = run.folder / f"stage-{number}"
            if stage.reset_reference:
                reference = model
            if not runs.is_done(folder):
                rows = choose_problems(run.rows, stage, history)
                part = replace(run, model=model, rows=rows, folder=folder)
                _fit(part, algorithm, stage, grade, reference)
            for step in runs.read_trained(folder, "reward").steps:
                steps.append(step | {"step": len(steps) + 1, "stage": number})
            table = pl.read_parquet(folder / "history.parquet")
            table = table.with_columns(stage=pl.lit(number, pl.Int32))
            history = pl.concat([history, table])
            model = resolve(folder / "model")
    return runs.Trained(Path(model.load), steps, "reward", {}, history)


def _fit(
    run: runs.Run, algorithm: Algorithm, stage: Stage, grade: Grader, reference: Model
) -> None:
    """Train one stage, and give back what its trainer held: the next one needs it."""
    import torch

    # For vLLM inside it, TRL says in the environment that this is one of several
    # processes, which the trainer of the next stage would believe.
    before = dict(os.environ)
    trainer = _build(run, algorithm, stage, grade)
    if reference != run.model and trainer.beta:
        _set_reference(trainer, reference)
    runs.fit(trainer, run.folder, run.model, _names(run.params))
    if trainer.use_vllm and trainer.args.vllm_mode == "colocate":
        trainer.vllm_generation.llm.llm_engine.engine_core.shutdown()
    del trainer
    gc.collect()
    torch.cuda.empty_cache()
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ |= before


def choose_problems(
    rows: pl.DataFrame, stage: Stage, history: pl.DataFrame
) -> pl.DataFrame:
    """The problems of a stage, with `latest_pass_rate` of the stages before it."""
    latest = (
        history.filter(pl.col("n_decided") > 0)
        .sort("stage", "epoch", maintain_order=True)
        .unique("id", keep="last", maintain_order=True)
        .select("id", latest_pass_rate=pl.col("n_correct") / pl.col("n_decided"))
    )
    rows = rows.join(latest, on="id", how="left", maintain_order="left")
    if stage.where is None:
        return rows
    return sql.select(rows, stage.where, setting="grpo.stages.where")


def compose(params: Params) -> Algorithm:
    """The algorithm with what the recipe changes; UserError where that cannot be."""
    algorithm = ALGORITHMS[params.algorithm]
    values = algorithm.model_dump() | {
        "trl": {**algorithm.trl, "seed": params.seed, **params.trl},
        "strategy": {**algorithm.strategy.model_dump(), **params.strategy},
        "order": params.order or algorithm.order,
        "stages": algorithm.stages if params.stages is None else params.stages,
    }
    if params.critic:
        values["critic"] = {**(values["critic"] or {}), **params.critic}
    composed = recipe.check(Algorithm, values, "grpo", recipe.RECIPE)
    strategy = composed.strategy
    needed = {"correct"} if strategy.positive_nll else set()
    if (
        strategy.refill_rounds
        or strategy.drop_dead_groups
        or strategy.scale_by_live_share
    ):
        needed.add(strategy.live_reward)
    for stage in composed.stages:
        needed |= stage.rewards.keys()
    for name in sorted(needed - params.rewards.keys()):
        raise UserError(
            f"grpo.rewards: {params.algorithm} needs the reward {name!r}",
            hint="give it the weight 0 where it should only be looked at",
        )
    is_by_token = composed.critic or strategy.whiten or strategy.advantage == "returns"
    if strategy.keep_share < 1 and is_by_token:
        raise UserError("grpo.strategy.keep_share is for advantages of a whole group")
    lost = {"beta", "entropy_coef", "use_adaptive_entropy"} & composed.trl.keys()
    if strategy.mirror_descent and (is_by_token or lost):
        raise UserError(
            "grpo.strategy.mirror_descent is the whole loss, by one advantage for each "
            f"completion{': it leaves out trl.' + min(lost) if lost else ''}"
        )
    is_of_a_group = strategy.advantage == "group" and not composed.critic
    if strategy.kl_in_reward and is_of_a_group:
        raise UserError(
            "grpo.strategy.kl_in_reward: an advantage of a group pays for no token",
            hint="set grpo.trl.beta, or strategy.advantage to returns or leave_one_out",
        )
    if strategy.kl_in_reward and composed.trl.get("beta"):
        raise UserError("grpo: a KL term is in the reward or in the loss, not in both")
    return composed


def _build(run: runs.Run, algorithm: Algorithm, stage: Stage, grade: Grader) -> Any:
    """The trainer of one stage."""
    from trl import GRPOConfig

    from trainers.critic import CriticTrainer
    from trainers.strategies import StrategyTrainer

    params, options = run.params, algorithm.trl | stage_options(stage)
    if algorithm.strategy.kl_in_reward:
        options["beta"] = algorithm.strategy.kl_in_reward  # so that TRL has a reference
    weights = params.rewards | stage.rewards
    options["reward_weights"] = [weights[name] for name in params.rewards]
    given = training.arguments(run, GRPOConfig, **options)
    _check(run.rows.height, given["args"], algorithm)
    kind: Any = StrategyTrainer
    if algorithm.critic:
        kind = partial(CriticTrainer, critic=algorithm.critic)
    length = given["args"].max_completion_length
    values = params.reward_values
    return kind(
        **given,
        reward_funcs=rewards(
            list(params.rewards), grade, max_tokens=length, values=values
        ),
        strategy=algorithm.strategy,
        order=stage.order or algorithm.order,
    )


def _check(rows: int, config: Any, algorithm: Algorithm) -> None:
    """Say so where one step wants more prompts than there are: TRL would not."""
    size = config.num_generations
    wanted = config.generation_batch_size // size
    if rows < wanted:
        raise UserError(
            f"one step of GRPO takes {wanted} prompts, and there are {rows}",
            hint="lower grpo.trl.per_device_train_batch_size",
        )
    kept = wanted * max(1, round(size * algorithm.strategy.keep_share))
    if kept % config.steps_per_generation:
        raise UserError(
            f"grpo.strategy.keep_share keeps {kept} completions, which do not divide "
            f"into {config.steps_per_generation} steps",
        )
    # A checkpoint amid a cycle of generation would be resumed with other samples.
    steps = config.steps_per_generation * config.num_iterations
    cycle = -(-steps // config.gradient_accumulation_steps)
    config.save_steps = -(-int(config.save_steps) // cycle) * cycle


def _set_reference(trainer: Any, source: Model) -> None:
    """Let the KL term compare with `source`, as TRL prepares a reference.

    TRL's own is what the stage begins with: another model, or no adapter.
    """
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    revision = source.revision if source.kind == "hub" else None
    model = AutoModelForCausalLM.from_pretrained(
        source.load, revision=revision, dtype=trainer.model.dtype
    )
    in_fp32 = trainer.args.cast_lm_head_to_fp32
    add_fused_lm_head(
        model, temperature=trainer.temperature, cast_lm_head_to_fp32=in_fp32
    )
    prepare = trainer.accelerator.prepare_model
    trainer.ref_model = prepare(model, evaluation_mode=True)


def _names(params: Params) -> runs.Names:
    """What is kept of a step: TRL's names, and ours."""
    rewards = {f"rewards/{name}/mean": name for name in params.rewards}
    return {"reward": "reward", **rewards, **LOGGED}


LOGGED = {
    "undecided": "undecided",
    "verifier_failed": "verifier_failed",
    "completions/mean_length": "tokens",
    "completions/clipped_ratio": "truncated",
    "entropy": "entropy",
    "kl": "kl",
    "frac_reward_zero_std": "dead_groups",
    "refill/rounds": "refill_rounds",
    "refill/sampled": "refill_sampled",
    "refill/short": "refill_short",
    "critic/explained_variance": "critic_explained_variance",
}


if __name__ == "__main__":
    sys.exit(console.run(main))
