"""The trainer sections of the recipes: TRL knows what they set, and batches add up."""

import dataclasses
from typing import Any

import pytest
import trl

from pipeline import recipe, recipes
from trainers import dpo, grpo, sft
from trainers.algorithms import Algorithm, Stage, stage_options

# Problems of a batch, samples of each and the longest completion, stage by stage, as
# RL systems publish them.
BATCHES = {
    "dapo_math_17k": [(512, 16, 20480)],
    "deepcoder": [(32, 8, 16384), (128, 8, 32768)],
    "deepmath_103k": [(512, 16, 10240)],
    "deepscaler": [(128, 8, 8192), (128, 16, 16384), (128, 16, 24576)],
    "eurus_2_rl": [(256, 4, 3072)],
    "guru": [(512, 16, 8192)],
    "light_r1_rl": [(128, 8, 24000)],
    "limr": [(1024, 8, 3072)],
    "oat_zero": [(128, 8, 3000)],
    "orz_57k": [(128, 64, 8000)],
    "polaris": [(128, 8, 39936), (128, 8, 48128), (128, 8, 52224)],
    "simplerl_zoo": [(1024, 8, 8192)],
    "skywork_or1_code": [(256, 16, 16384), (160, 32, 32768)],
    "skywork_or1_math_7b": [(256, 16, 8192), (256, 16, 16384), (64, 64, 32768)],
    "still_3": [(128, 8, 29000)],
    "miromind_m1_rl": [(32, 16, 16384), (32, 16, 32768)],
    "vapo": [(512, 16, 20480)],
}


def compose(name: str) -> Algorithm | None:
    section = recipes.resolve(name).get("grpo")
    if not isinstance(section, dict):
        return None
    return grpo.compose(recipe.check(grpo.Params, section, "grpo"))


ALGORITHMS = {name: found for name in recipes.names() if (found := compose(name))}


def options(algorithm: Algorithm, stage: Stage) -> dict[str, Any]:
    return algorithm.trl | stage_options(stage)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_trl_knows_every_option_of_a_recipe(name: str):
    from trl import GRPOConfig

    known = {field.name for field in dataclasses.fields(GRPOConfig)}
    algorithm = ALGORITHMS[name]
    for stage in algorithm.stages or (Stage(),):
        assert options(algorithm, stage).keys() <= known


def batch(algorithm: Algorithm, stage: Stage) -> tuple[float, int, int]:
    """Problems of a batch, samples of each, and the limit of a completion."""
    values = options(algorithm, stage)
    group = values.get("num_generations", 8)
    update = values.get("per_device_train_batch_size", 8)
    completions = update * values.get("steps_per_generation", 1)
    return completions / group, group, values["max_completion_length"]


@pytest.mark.parametrize("name", ALGORITHMS)
def test_batches_are_whole_groups(name: str):
    for stage in ALGORITHMS[name].stages or (Stage(),):
        problems, _, _ = batch(ALGORITHMS[name], stage)
        assert problems == int(problems) >= 1


@pytest.mark.parametrize("name", BATCHES)
def test_batches_are_as_published(name: str):
    algorithm = ALGORITHMS[name]
    stages = algorithm.stages or (Stage(),)
    assert [batch(algorithm, stage) for stage in stages] == BATCHES[name]


# Traces of a batch, the learning rate and epochs, as SFT systems publish them.
SFT = {
    "am_thinking_v1": (64, 8e-5, 2),
    "light_r1_sft_stage1": (96, 5e-5, 4),
    "light_r1_sft_stage2": (32, 1e-5, 8),
    "limo_v2": (64, 5e-6, 15),
    "miromind_m1_sft": (128, 5e-5, 3),
    "mixture_of_thoughts": (128, 4e-5, 5),
    "numinamath_cot": (32, 2e-5, 3),
    "open_code_reasoning": (256, 5e-5, 3),
    "openmathreasoning": (1024, 2e-4, 6),
    "openthoughts_114k": (96, 1e-5, 3),
    "s1k": (16, 1e-5, 5),
    "sky_t1": (96, 1e-5, 3),
}


def sections(trainer: Any) -> dict[str, dict[str, Any]]:
    """What each recipe gives TRL, where it has a section of this trainer."""
    name = trainer.__name__.rpartition(".")[2]
    found = {each: recipes.resolve(each).get(name) for each in recipes.names()}
    return {
        each: recipe.check(trainer.Params, section, name).trl
        for each, section in found.items()
        if isinstance(section, dict)
    }


@pytest.mark.parametrize(
    ("trainer", "config"), [(sft, "SFTConfig"), (dpo, "DPOConfig")]
)
def test_trl_knows_every_option_of_sft_and_preferences(trainer: Any, config: str):
    known = {field.name for field in dataclasses.fields(getattr(trl, config))}
    for name, options in sections(trainer).items():
        assert options.keys() <= known, name


def test_sft_has_the_published_batch_rate_and_epochs():
    found = {
        name: (
            options["per_device_train_batch_size"]
            * options["gradient_accumulation_steps"],
            options["learning_rate"],
            options["num_train_epochs"],
        )
        for name, options in sections(sft).items()
        if name in SFT
    }
    assert found == SFT
