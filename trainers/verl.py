"""The launch configuration of verl for an algorithm of ours: a recipe on a cluster.

    python -m trainers.verl data/export models/sft --out verl/dapo.yaml
    python -m verl.trainer.main_ppo --config-dir verl --config-name dapo

`verl.toml` beside this file is the table. What verl cannot say is refused or printed,
never dropped in silence; docs/frameworks.md has the differences that remain.
"""

import argparse
import sys
import tomllib
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from pipeline import console, recipe
from pipeline.errors import UserError
from pipeline.files import write_text
from pipeline.grading.reward_file import FROM_TEXT
from pipeline.models import resolve
from trainers import grpo
from trainers.algorithms import Stage, stage_options

Options = dict[str, Any]

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
NAMES = TABLE["names"]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m trainers.verl",
        description="Write verl's configuration for the section `grpo` of params.yaml, "
        "to train on a cluster. What verl has no counterpart for is printed.",
    )
    parser.add_argument("export", type=Path, help="folder that the stage export wrote")
    parser.add_argument("model", type=Path, help="model folder to start from")
    parser.add_argument("--out", type=Path, required=True, help="YAML to write")
    parser.add_argument(
        "--stage",
        type=int,
        default=0,
        help="which of `grpo.stages`, counted from 0 (default: 0)",
    )
    arguments = parser.parse_args()
    rows, model = arguments.export / "verl.parquet", resolve(arguments.model)
    params = recipe.load(grpo.Params, "grpo")
    if params is None or model.is_off or not rows.exists():
        raise UserError(
            f"there is no {rows}, or grpo or the model is off in this recipe",
            hint="`export: {formats: [trl, verl]}` writes the table",
        )
    load = model.load if model.kind == "hub" else str(Path(model.load).resolve())
    options, left_out = compose(params, arguments.stage, rows=rows, model=load)
    write_text(arguments.out, as_yaml(options))
    for name in left_out:
        print(f"verl is not told grpo.{name}: it has no counterpart here")


def compose(
    params: grpo.Params, number: int = 0, *, rows: Path, model: str
) -> tuple[Options, list[str]]:
    """The options for one stage by verl's dotted names, and what is not among them.

    UserError where verl has no such algorithm. Batches are those of one process of TRL.
    """
    name = params.algorithm
    if absent := TABLE["absent"].get(name):
        raise UserError(
            f"verl has no counterpart of {name}: it lacks {absent['lacks']}",
            hint=f"the nearest that it has is `algorithm: {absent['nearest']}`",
        )
    algorithm, row = grpo.compose(params), TABLE["default"] | TABLE["algorithms"][name]
    stages = algorithm.stages or (Stage(),)
    if number not in range(len(stages)):
        raise UserError(f"--stage {number}: {name} has {len(stages)} of them")
    stage = stages[number]
    trl = TABLE["trl"] | algorithm.trl | stage_options(stage)
    trl.setdefault("epsilon_high", trl["epsilon"])
    if row["loss"] == "cispo":
        # TRL clips the weight at ε and not from below, verl at 1 + ε and 1 - ε.
        trl |= {"epsilon_high": trl["epsilon_high"] - 1, "epsilon": 1.0}
    rest = algorithm.model_dump(include={"strategy", "critic"}, exclude_none=True)
    options = dict(TABLE["always"])
    for section, values in {"row": row, "trl": trl, **rest}.items():
        names = NAMES[section]
        options |= {names[name]: values[name] for name in values if name in names}
    options |= _batches(trl) | _rewards(params, trl["max_completion_length"])
    options["data.train_files"] = str(rows.resolve())
    options["actor_rollout_ref.model.path"] = model
    options["actor_rollout_ref.actor.use_kl_loss"] = trl["beta"] > 0
    options["algorithm.use_kl_in_reward"] = algorithm.strategy.kl_in_reward > 0
    options["algorithm.filter_groups.enable"] = algorithm.strategy.refill_rounds > 0
    return options, _left_out(params, stage)


def _batches(trl: Options) -> Options:
    """A step and a mini-batch in prompts: verl counts no other."""
    one_pass, n = trl["per_device_train_batch_size"], trl["num_generations"]
    passes = trl["gradient_accumulation_steps"]
    generated = trl.get("steps_per_generation", passes)
    counts = {"steps_per_generation": generated, "gradient_accumulation_steps": passes}
    return {NAMES["trl"][c]: max(1, one_pass * counts[c] // n) for c in counts}


def _rewards(params: grpo.Params, length: int) -> Options:
    """Weights for our reward file; for length, where gdpo leaves it, verl's manager."""
    weights = {name: w for name, w in params.rewards.items() if name in FROM_TEXT}
    options: Options = {"reward.custom_reward_function.reward_kwargs.weights": weights}
    if params.algorithm == "gdpo":
        options["algorithm.gdpo_reward_keys"] = list(weights)
        options["algorithm.gdpo_reward_weights"] = list(weights.values())
    elif "overlong" in params.rewards:
        tokens = params.reward_values.overlong_tokens or -(-length // 5)
        buffer = "reward.reward_kwargs.overlong_buffer_cfg."
        options |= TABLE["overlong"] | {buffer + "len": tokens}
        options[buffer + "penalty_factor"] = params.rewards["overlong"]
    return options


def _left_out(params: grpo.Params, stage: Stage) -> list[str]:
    """What the recipe sets and verl is not told, as names in its section `grpo`."""
    ours = stage.model_dump(
        include={"where", "order", "rewards"}, exclude_defaults=True
    )
    scored = FROM_TEXT if params.algorithm == "gdpo" else FROM_TEXT | {"overlong"}
    known = NAMES | {"rewards": scored, "reward_values": {"overlong_tokens"}}
    known["stages"] = {*NAMES["trl"]}
    values = params.reward_values.model_dump(exclude_unset=True)
    given = dict(params) | {
        "stages": stage_options(stage) | ours,
        "reward_values": values,
    }
    left_out = params.model_fields_set - {*TABLE["carried"]} - known.keys()
    for part in given.keys() & known.keys():
        left_out |= {f"{part}.{name}" for name in given[part].keys() - {*known[part]}}
    return sorted(left_out)


def as_yaml(options: Options) -> str:
    """A primary configuration for hydra, over verl's `ppo_trainer`."""
    tree: Options = {"defaults": ["ppo_trainer", "_self_"]}
    for name, value in options.items():
        *path, leaf = name.split(".")
        reduce(lambda node, part: node.setdefault(part, {}), path, tree)[leaf] = value
    return yaml.safe_dump(tree, sort_keys=False)


if __name__ == "__main__":
    sys.exit(console.run(main))
