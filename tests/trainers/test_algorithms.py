"""Every algorithm for three real steps, and what a recipe may change of one."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.models import resolve
from tests.support.tiny import tiny_model
from trainers import grpo, runs
from trainers.algorithms import ALGORITHMS, Order, Stage


@pytest.mark.parametrize("name", ALGORITHMS)
def test_three_steps_off_policy(
    name: str, policy_trainer: Callable[..., Any], tmp_path: Path
):
    critic = {"pretrain_steps": 1} if ALGORITHMS[name].critic else {}
    # The tiny model is never right; its form differs.
    strategy = {"live_reward": "format"}
    trainer = policy_trainer(
        name, {"num_iterations": 2}, critic=critic, strategy=strategy
    )
    runs.fit(trainer, tmp_path, resolve(tiny_model()), {"loss": "loss"})

    steps = runs.read_trained(tmp_path, "loss").steps
    assert [step["step"] for step in steps] == [1, 2, 3]
    assert all(math.isfinite(step["loss"]) for step in steps)  # type: ignore[arg-type]
    trained = resolve(tmp_path / "model")
    assert trained.revision != resolve(tiny_model()).revision
    for option, value in ALGORITHMS[name].trl.items():
        assert getattr(trainer.args, option) == value


def test_a_recipe_changes_single_fields():
    composed = grpo.compose(
        grpo.Params(
            algorithm="vapo",
            strategy={"gamma": 0.9},
            critic={"epochs": 2},
            order=Order(by="shuffled"),
            stages=(Stage(steps=3),),
            trl={"epsilon_high": 0.3},
        )
    )

    vapo = ALGORITHMS["vapo"]
    assert composed.strategy == vapo.strategy.model_copy(update={"gamma": 0.9})
    assert composed.critic == vapo.critic.model_copy(update={"epochs": 2})  # type: ignore[union-attr]
    assert composed.trl == {"loss_type": "dapo", "epsilon_high": 0.3, "seed": 0}
    assert (composed.order.by, composed.stages[0].steps) == ("shuffled", 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"strategy": {"keep": 0.5}}, r"grpo\.strategy.*keep"),
        ({"rewards": {"format": 1}}, "dapo needs the reward 'correct'"),
        ({"algorithm": "vapo", "strategy": {"keep_share": 0.5}}, "whole group"),
        ({"algorithm": "reinforce_pp", "trl": {"beta": 0.1}}, "not in both"),
        ({"strategy": {"kl_in_reward": 0.1}}, "pays for no token"),
        ({"algorithm": "kimi", "trl": {"beta": 0.1}}, r"leaves out trl\.beta"),
        ({"algorithm": "kimi", "strategy": {"whiten": True}}, "one advantage for each"),
        ({"algorithm": "gpg", "rewards": {"format": 1}}, "gpg needs the reward"),
    ],
)
def test_what_does_not_go_together_is_a_mistake(params: Any, message: str):
    with pytest.raises(UserError, match=message):
        grpo.compose(grpo.Params(**params))


def test_an_algorithm_that_looks_for_no_live_group_needs_no_correct_reward(
    policy_trainer: Callable[..., Any],
):
    trainer = policy_trainer("grpo", {"max_steps": 1}, rewards={"format": 1.0})
    trainer.train()

    assert trainer.state.global_step == 1


def test_completions_that_are_kept_have_to_divide_into_the_steps(
    policy_trainer: Callable[..., Any],
):
    with pytest.raises(UserError, match="keeps 9 completions"):
        policy_trainer(
            "cppo",
            {"per_device_train_batch_size": 6, "steps_per_generation": 2},
            strategy={"keep_share": 0.75},
        )


def test_checkpoints_come_between_cycles_of_generation(
    policy_trainer: Callable[..., Any],
):
    trl = {"num_iterations": 3, "steps_per_generation": 2, "save_steps": 7}

    assert policy_trainer("dr_grpo", trl).args.save_steps == 12


def test_a_model_that_cannot_be_a_critic_is_a_mistake(
    policy_trainer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    import transformers

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise ValueError("Unrecognized configuration class")

    kind = transformers.AutoModelForTokenClassification
    monkeypatch.setattr(kind, "from_pretrained", refuse)

    with pytest.raises(UserError, match="cannot be a critic"):
        policy_trainer("ppo")
