"""Adapters: merged at the end, over a base of four bits, and against a reference."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.trainers.conftest import read
from trainers import grpo, runs, sft

ADAPTER = {"r": 4, "target_modules": ["q_proj", "v_proj"]}
TRL = {"max_steps": 3, "per_device_train_batch_size": 8, "learning_rate": 1e-2}
SAMPLED = {"num_generations": 4, "max_completion_length": 16}
FOUR_BITS = {
    "load_in_4bit": True,
    "bnb_4bit_quant_type": "nf4",
    "bnb_4bit_compute_dtype": "float32",
}


def train(command: Callable, section: str, *words: str) -> None:
    main = {"sft": sft, "grpo": grpo}[section].main
    command(main, "--out", "models/new", *words, "data/export", "models/base")


def changed_weights(folder: Path) -> set[str]:
    """The last names of the layers whose weights are not those of the base."""
    from transformers import AutoModelForCausalLM

    base, model = (
        AutoModelForCausalLM.from_pretrained(folder / "models" / name).state_dict()
        for name in ("base", "new")
    )
    assert base.keys() == model.keys()
    assert not list((folder / "models/new").glob("adapter*"))
    return {name.split(".")[-2] for name in base if not base[name].equal(model[name])}


def test_an_adapter_is_merged_into_its_base(project: Callable, command: Callable):
    folder = project({"sft": {"peft": ADAPTER, "trl": TRL}})
    train(command, "sft")

    assert changed_weights(folder) == {"q_proj", "v_proj"}


@pytest.mark.skipif(not find_spec("bitsandbytes"), reason="bitsandbytes is missing")
@pytest.mark.parametrize("section", ["sft", "grpo"])
def test_an_adapter_over_four_bits_is_merged_into_the_base_as_it_was(
    section: str,
    project: Callable,
    command: Callable,
    monkeypatch: pytest.MonkeyPatch,
):
    trained: list[Any] = []
    fit = runs.fit

    def watched(trainer: Any, *args: Any) -> None:
        trained.append(trainer.model)
        fit(trainer, *args)

    monkeypatch.setattr(runs, "fit", watched)
    trl = TRL | {"model_init_kwargs": {"quantization_config": FOUR_BITS}}
    if section == "grpo":
        trl |= SAMPLED
    folder = project({section: {"peft": ADAPTER, "trl": trl}})
    train(command, section)

    matrices = [
        name
        for name, weight in trained[0].named_parameters()
        if type(weight).__name__ == "Params4bit"
    ]
    assert len(matrices) == 3 * 7  # layers, and matrices of each
    # What has no adapter is not the rounded one that was trained on.
    assert changed_weights(folder) == {"q_proj", "v_proj"}


@pytest.mark.parametrize("resets", [True, False])
def test_the_reference_of_a_stage_with_an_adapter(
    resets: bool, project: Callable, command: Callable
):
    stages = [{"steps": 2}, {"steps": 1, "reset_reference": resets}]
    trl = TRL | SAMPLED | {"beta": 0.01}
    weights = {"correct": 1.0, "format": 1.0}
    params = {"algorithm": "dr_grpo", "stages": stages, "rewards": weights, "trl": trl}
    project({"grpo": params | {"peft": {"r": 8, "target_modules": "all-linear"}}})
    train(command, "grpo", "--numbers", "p.json")

    # A stage begins with the model that it compares with, or it has moved away.
    first, _, last = (step["kl"] for step in read(Path("p.json")))
    assert first == pytest.approx(0.0, abs=1e-6)
    if resets:
        assert last == pytest.approx(0.0, abs=1e-6)
    else:
        assert last > 1e-4
