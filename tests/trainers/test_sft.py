"""Fine-tuning for real, on a model that is built in seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.models import describe, resolve
from tests.trainers.conftest import read
from trainers import runs, sft

TRL = {
    "max_steps": 30,
    "per_device_train_batch_size": 16,
    "learning_rate": "3e-3",  # as YAML reads 3e-3
    "lr_scheduler_type": "constant",
}
WORDS = (
    "--out", "models/sft", "--metrics", "m.json", "--numbers", "p.json",
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


LONG = {"max_steps": 1, "per_device_train_batch_size": 4}


def test_traces_that_would_be_cut_are_refused(project: Callable, command: Callable):
    project({"sft": {"trl": LONG | {"max_length": 20}}}, rows=12)

    with pytest.raises(UserError, match=r"max_length of 20 cuts \d+ of 12 traces") as e:
        command(sft.main, *WORDS)
    assert "sft.max_cut_share" in e.value.hint


def test_traces_that_are_cut_are_counted_where_that_is_allowed(
    project: Callable, command: Callable
):
    # Of some rows the prompt alone is as long: nothing of them is learnt.
    trl = LONG | {"max_length": 16}
    folder = project({"sft": {"max_cut_share": 1.0, "trl": trl}}, rows=12)
    command(sft.main, *WORDS)
    counted = read(folder / "m.json")

    lengths = token_lengths(folder)
    assert counted["cut"] == sum(whole > 16 for _, whole in lengths)
    assert counted["left_out"] == sum(prompt >= 16 for prompt, _ in lengths)
    assert 0 < counted["left_out"] < counted["cut"]


def test_no_trace_that_is_left_is_a_mistake(project: Callable, command: Callable):
    project({"sft": {"max_cut_share": 1.0, "trl": LONG | {"max_length": 5}}}, rows=12)

    with pytest.raises(UserError, match="12 of them before the completion begins"):
        command(sft.main, *WORDS)


def token_lengths(folder: Path) -> list[tuple[int, int]]:
    """Tokens of the prompt, and of the whole, of every row, by the chat template."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "models/base")
    rows = pl.read_parquet(folder / "data/export/sft.parquet")
    return [
        (
            len(
                tokenizer.apply_chat_template(
                    prompt, add_generation_prompt=True, return_dict=False
                )
            ),
            len(
                tokenizer.apply_chat_template([*prompt, *completion], return_dict=False)
            ),
        )
        for prompt, completion in rows.select("prompt", "completion").iter_rows()
    ]


@pytest.mark.parametrize(
    ("trl", "message"),
    [
        ({"packing": True, "packing_strategy": "wrapped"}, "wrapped"),
        ({"padding_free": True}, "padding_free ignores max_length"),
    ],
)
def test_what_trains_wrongly_is_refused(
    project: Callable, command: Callable, trl: dict, message: str
):
    project({"sft": {"trl": trl}})

    with pytest.raises(UserError, match=message):
        command(sft.main, *WORDS)


@pytest.mark.parametrize(
    "trl", [{}, {"packing": True}, {"padding_free": True, "max_length": None}]
)
def test_only_the_completion_is_learnt_and_traces_do_not_see_each_other(
    project: Callable, trl: dict, tmp_path: Path
):
    folder = project({"sft": {}}, rows=8)
    model = resolve(folder / "models/base")
    table = pl.read_parquet(folder / "data/export/sft.parquet")
    params = sft.Params(trl=LONG | {"per_device_train_batch_size": 8} | trl)
    trainer = sft._build(runs.Run(params, model, table, tmp_path))
    (batch,) = trainer.get_train_dataloader()
    labels = batch["labels"][batch["labels"] != -100]

    learnt = trainer.processing_class.decode(labels)
    for prompt, completion in table.select("prompt", "completion").iter_rows():
        assert completion[0]["content"] in learnt
        assert prompt[0]["content"] not in learnt
    # However the rows lie in the batch, the loss is that of one row at a time.
    import torch

    trainer.model.eval()
    with torch.no_grad():
        together = trainer.model(**batch).loss.item()
    assert together == pytest.approx(mean_loss(trainer, table), abs=1e-4)


def mean_loss(trainer: Any, table: pl.DataFrame) -> float:
    """The mean loss of the completions' tokens, each row on its own."""
    import torch

    tokenizer, total, count = trainer.processing_class, 0.0, 0
    for prompt, completion in table.select("prompt", "completion").iter_rows():
        start = len(
            tokenizer.apply_chat_template(
                prompt, add_generation_prompt=True, return_dict=False
            )
        )
        ids = tokenizer.apply_chat_template([*prompt, *completion], return_dict=False)
        with torch.no_grad():
            logits = trainer.model(input_ids=torch.tensor([ids])).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(
            logits, torch.tensor(ids[1:]), reduction="none"
        )[start - 1 :]
        total, count = total + losses.sum().item(), count + len(losses)
    return total / count


def test_a_run_may_end_early_in_a_longer_schedule(project: Callable):
    trl = TRL | {"lr_scheduler_type": "linear", "num_train_epochs": 2, "max_steps": -1}
    folder = project({})
    rows = pl.read_parquet(folder / "data/export/sft.parquet").drop("source")
    params = sft.Params(schedule_epochs=8, trl=trl | {"disable_tqdm": True})
    run = runs.Run(params, resolve(folder / "models/base"), rows, folder / "run")
    trainer = sft._build(run)
    trainer.train()

    # 64 rows by 16 are 4 steps an epoch, 8 in all; the rate falls as if there were 32:
    # the eighth step is taken at 1 - 7/32 of it.
    rates = [row["learning_rate"] for row in trainer.state.log_history if "loss" in row]
    assert len(rates) == 8
    assert rates[-1] == pytest.approx(3e-3 * (1 - 7 / 32))


def test_heldout_problems_tell_what_was_learnt(project: Callable, command: Callable):
    trl = TRL | {"max_steps": 12}
    folder = project({"sft": {"heldout_share": 0.25, "trl": trl}})
    command(sft.main, *WORDS)
    counted = read(folder / "m.json")

    assert 8 <= counted["heldout_rows"] <= 24
    assert counted["heldout_nll_after"] < counted["heldout_nll_before"]


YARN = {
    "rope_type": "yarn",
    "rope_theta": 1000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 256,
}


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "default", "rope_theta": 5e5},
        {"rope_type": "linear", "rope_theta": 1000.0, "factor": 2.0},
        YARN,
    ],
)
def test_a_longer_context_stays_with_the_saved_model(
    project: Callable, command: Callable, rope: dict
):
    init = {"rope_parameters": rope, "max_position_embeddings": 1024}
    trl = LONG | {"model_init_kwargs": init}
    folder = project({"sft": {"trl": trl}}, rows=8)
    command(sft.main, *WORDS)
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.from_pretrained(folder / "models/sft")
    assert config.max_position_embeddings == 1024
    assert config.rope_parameters.items() >= rope.items()
    rotary = AutoModelForCausalLM.from_pretrained(
        folder / "models/sft"
    ).model.rotary_emb
    if rope is YARN:
        # 0.1 · ln(4) + 1 (YaRN, 2309.00071, eq. 22)
        assert rotary.attention_scaling == pytest.approx(1.1386, abs=1e-4)
    # θ^(-2·15/32), the last of 16 frequencies; linear divides it by the factor.
    last = rope["rope_theta"] ** (-30 / 32) / rope.get("factor", 1.0)
    assert rotary.inv_freq[-1].item() == pytest.approx(last, rel=1e-3)


def test_thoughts_survive_the_chat_template(project: Callable):
    folder = project({"sft": {}}, rows=8)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "models/base")
    rows = pl.read_parquet(folder / "data/export/sft.parquet")
    for prompt, completion in rows.select("prompt", "completion").iter_rows():
        ids = tokenizer.apply_chat_template([*prompt, *completion], return_dict=False)
        text = tokenizer.decode(ids, skip_special_tokens=True)
        assert "<think>" in completion[0]["content"]
        assert completion[0]["content"] in text
