"""Fine-tuning for real, on a model that is built in seconds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.models import describe, resolve
from tests.trainers.conftest import read
from trainers import sft

TRL = {
    "max_steps": 30,
    "per_device_train_batch_size": 16,
    "learning_rate": "3e-3",  # as YAML reads 3e-3
    "lr_scheduler_type": "constant",
}
WORDS = (
    "--out", "models/sft", "--metrics", "m.json", "--plots", "p.json",
    "data/export", "models/base",
)  # fmt: skip


def test_the_loss_falls_and_the_model_loads(project: Callable, command: Callable):
    folder = project({"sft": {"trl": TRL}})
    command(sft.main, *WORDS)

    from transformers import AutoModelForCausalLM, AutoTokenizer

    counted, losses = read(folder / "m.json"), read(folder / "p.json")
    base, model = resolve(Path("models/base")), resolve(Path("models/sft"))
    assert (counted["model"], counted["rows"], counted["steps"]) == (base.title, 64, 30)
    assert counted["last_loss"] < 0.9 * counted["first_loss"]
    assert [row["step"] for row in losses] == list(range(1, 31))
    assert (model.name, model.kind) == ("goldsieve-tiny-sft", "local")
    assert AutoTokenizer.from_pretrained(model.load).chat_template
    assert AutoModelForCausalLM.from_pretrained(model.load).config.use_cache
    assert not list(folder.glob("models/*.draft"))


def test_the_same_seed_gives_the_same_weights(project: Callable, command: Callable):
    folder = project({"sft": {"limit": 16, "trl": TRL | {"max_steps": 2}}})
    command(sft.main, *WORDS)
    first = resolve(folder / "models/sft").revision
    command(sft.main, *WORDS)

    assert resolve(folder / "models/sft").revision == first
    assert resolve(folder / "models/base").revision != first
    assert read(folder / "m.json")["rows"] == 16


def test_off_leaves_a_model_that_is_off(project: Callable, command: Callable):
    folder = project({"sft": False})
    command(sft.main, *WORDS)

    assert resolve(folder / "models/sft").is_off
    assert (read(folder / "m.json"), read(folder / "p.json")) == ({"kind": "off"}, [])


def test_no_rows_to_train_on_is_a_mistake(project: Callable, command: Callable):
    project({"sft": {}}, rows=0)

    with pytest.raises(UserError, match=r"sft\.parquet has no rows to train on"):
        command(sft.main, *WORDS)


def test_no_model_to_train_is_a_mistake(project: Callable, command: Callable):
    folder = project({"sft": {}})
    describe(folder / "models/base", kind="off")

    with pytest.raises(UserError, match="nothing to train: models/base is off"):
        command(sft.main, *WORDS)


@pytest.mark.parametrize("stage", ["verify", "export", "rollouts"])
def test_no_rows_because_a_stage_is_off_leaves_a_model_that_is_off(
    project: Callable, command: Callable, capsys, stage: str
):
    folder = project({"sft": {}, stage: False}, rows=0)
    command(sft.main, *WORDS)

    assert resolve(folder / "models/sft").is_off
    assert capsys.readouterr().out == (
        f"models/sft: nothing is trained, because this recipe turns off {stage}\n"
    )


def test_a_filter_that_is_off_does_not_explain_an_empty_table(
    project: Callable, command: Callable
):
    project({"sft": {}, "dedup_ngram": False}, rows=0)

    with pytest.raises(UserError, match="no rows to train on"):
        command(sft.main, *WORDS)


def test_an_option_that_trl_has_not_is_a_mistake(project: Callable, command: Callable):
    project({"sft": {"trl": {"lerning_rate": 1}}})

    with pytest.raises(UserError, match="no option 'lerning_rate'") as mistake:
        command(sft.main, *WORDS)
    assert "learning_rate" in mistake.value.hint
