"""GRPO for real: a few steps, with the verifier that grades the data."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import UserError
from pipeline.models import describe, resolve
from pipeline.schema import RL_HISTORY
from tests.trainers.conftest import read
from trainers import grpo, training
from trainers.algorithms import Stage

TRL = {
    "max_steps": 2,
    "per_device_train_batch_size": 16,
    "num_generations": 4,
    "max_completion_length": 24,
    "learning_rate": 1e-3,
}
WORDS = (
    "--out", "models/grpo", "--metrics", "m.json", "--numbers", "p.json",
    "data/export", "models/base", "models/sft",
)  # fmt: skip


@pytest.fixture
def after_sft(project: Callable) -> Callable[..., Path]:
    """A project whose stage `sft` is off."""

    def make(params: dict[str, Any], **more: Any) -> Path:
        folder: Path = project({"grpo": params}, **more)
        describe(folder / "models/sft", kind="off")
        return folder

    return make


# The second has a KL term, for which TRL loads the model again as the reference.
@pytest.mark.parametrize("algorithm", ["dapo", "grpo"])
def test_steps_are_rewarded_and_change_the_model(
    algorithm: str, after_sft: Callable, command: Callable
):
    weights = {"correct": 1.0, "format": 0.1, "overlong": 0.5, "repetition": 0.1}
    folder = after_sft({"algorithm": algorithm, "rewards": weights, "trl": TRL})
    command(grpo.main, *WORDS)

    base, model = resolve(Path("models/base")), resolve(Path("models/grpo"))
    counted, steps = read(folder / "m.json"), read(folder / "p.json")
    assert (counted["model"], counted["rows"], counted["steps"]) == (base.title, 64, 2)
    assert model.name == "goldsieve-tiny-grpo"
    assert model.revision != base.revision
    assert [row["step"] for row in steps] == [1, 2]
    for row in steps:
        total = sum(weight * row[name] for name, weight in weights.items())
        assert math.isclose(row["reward"], total, abs_tol=1e-5)
        assert 0 <= row["correct"] <= 1
        assert -1 <= row["overlong"] <= 0
    means = [round(sum(row["reward"] for row in steps) / 2, 4)] * 2
    assert [counted["first_reward"], counted["last_reward"]] == means


def test_off_leaves_a_model_that_is_off(project: Callable, command: Callable):
    folder = project({"grpo": False})
    command(grpo.main, *WORDS)

    assert resolve(folder / "models/grpo").is_off


def test_fewer_problems_than_a_step_takes_is_a_mistake(
    after_sft: Callable, command: Callable
):
    after_sft({"trl": TRL}, rows=3)

    with pytest.raises(UserError, match="takes 4 prompts, and there are 3"):
        command(grpo.main, *WORDS)


def test_a_batch_that_groups_do_not_fill_is_a_mistake(
    after_sft: Callable, command: Callable
):
    after_sft({"trl": TRL | {"num_generations": 5}})

    with pytest.raises(UserError, match="divisible"):
        command(grpo.main, *WORDS)


def test_a_hub_model_is_trained_at_its_revision(project: Callable):
    from trl import GRPOConfig

    describe(project({}) / "hub", kind="hub", name="a/b", revision="1f2e", load="a/b")
    config = training.configure(GRPOConfig, resolve(Path("hub")), output_dir="x")

    assert config.model_init_kwargs == {"revision": "1f2e"}


def test_an_unknown_algorithm_is_a_mistake_that_names_the_known(
    after_sft: Callable, command: Callable
):
    after_sft({"algorithm": "ppoo"})

    with pytest.raises(UserError, match=r"grpo\.algorithm.*'grpo', .*'dapo'"):
        command(grpo.main, *WORDS)


@pytest.mark.parametrize("resets", [True, False])
def test_stages_follow_each_other(resets: bool, after_sft: Callable, command: Callable):
    # A high rate, so that the model has moved away from what it began with.
    trl = TRL | {"learning_rate": 1e-2, "beta": 0.01, "temperature": 1.0}
    stages = [
        {"steps": 2, "where": "curriculum_rank < 32 and level = '1'"},
        {"steps": 1, "max_completion_length": 16, "reset_reference": resets},
    ]
    weights = {"correct": 1.0, "format": 1.0}
    params = {"algorithm": "dr_grpo", "stages": stages, "rewards": weights, "trl": trl}
    folder = after_sft({**params, "order": {"by": "shuffled"}})
    command(grpo.main, *WORDS, "--history", "h.parquet")

    steps, history = read(folder / "p.json"), pl.read_parquet(folder / "h.parquet")
    assert [(row["step"], row["stage"]) for row in steps] == [(1, 0), (2, 0), (3, 1)]
    first = history.filter(pl.col("stage") == 0)
    assert first.height == 8
    assert all(int(name[-5:]) < 32 for name in first["id"])
    assert steps[2]["tokens"] <= 16
    # The last stage's first step is on the reference where that was renewed.
    assert steps[0]["kl"] == pytest.approx(0.0, abs=1e-6)
    if resets:
        assert steps[2]["kl"] == pytest.approx(0.0, abs=1e-6)
    else:
        assert steps[2]["kl"] > 1e-4


def test_a_stage_sees_what_the_stages_before_it_measured():
    rows = pl.DataFrame({"id": ["a", "b", "c", "d"]})
    counts = [
        ("a", 0, 0, 4, 4), ("a", 0, 1, 4, 3), ("b", 0, 0, 4, 4), ("c", 0, 0, 0, 0),
        ("b", 1, 0, 2, 1), ("a", 1, 0, 0, 0),
    ]  # fmt: skip
    history = pl.DataFrame(counts, schema=RL_HISTORY, orient="row")

    all_rows = grpo.choose_problems(rows, Stage(), history)
    hard = Stage(where="coalesce(latest_pass_rate, 0) < 0.75")

    assert all_rows["latest_pass_rate"].to_list() == [0.75, 0.5, None, None]
    assert grpo.choose_problems(rows, hard, history)["id"].to_list() == ["b", "c", "d"]


def test_a_stage_has_options_weights_and_an_order_of_its_own(
    after_sft: Callable, command: Callable
):
    stages = [
        {"steps": 1, "order": {"by": "shuffled"}},
        {
            "where": "latest_pass_rate is not null",
            "rewards": {"format": 0.0},
            "trl": {"max_steps": 2, "per_device_train_batch_size": 8},
        },
    ]
    weights = {"correct": 1.0, "format": 1.0}
    params = {"algorithm": "dr_grpo", "stages": stages, "rewards": weights, "trl": TRL}
    after_sft(params)
    command(grpo.main, *WORDS, "--history", "h.parquet")

    steps, history = read(Path("p.json")), pl.read_parquet("h.parquet")
    assert [row["stage"] for row in steps] == [0, 1, 1]
    assert steps[0]["reward"] == steps[0]["correct"] + steps[0]["format"]
    assert steps[1]["reward"] == steps[1]["correct"]
    first = history.filter(stage=0)["id"].to_list()
    assert first != [f"chains/{number:05d}" for number in range(4)]
    # The four problems that the first stage asked, two a step, as they are sorted.
    assert sorted(first) == history.filter(stage=1)["id"].to_list()


def test_a_weight_of_a_reward_that_is_not_among_them_is_a_mistake(
    after_sft: Callable, command: Callable
):
    after_sft({"stages": [{"rewards": {"cosine": 1.0}}], "trl": TRL})

    with pytest.raises(UserError, match="needs the reward 'cosine'"):
        command(grpo.main, *WORDS)


def test_a_predicate_that_is_no_sql_is_a_mistake(
    after_sft: Callable, command: Callable
):
    after_sft({"stages": [{"where": "levle = 1"}], "trl": TRL})

    with pytest.raises(UserError, match=r"grpo\.stages\.where.*levle") as mistake:
        command(grpo.main, *WORDS)
    assert "level" in mistake.value.hint
