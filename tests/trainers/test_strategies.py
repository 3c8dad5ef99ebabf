"""What becomes of a generated batch, with rewards that the test decides."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from trainers import grpo
from trainers.batches import join, keep_strongest, take_groups

SIZE, GROUPS = 4, 3
REFILL = {"strategy": {"refill_rounds": 4}}


@pytest.fixture
def sampled(
    policy_trainer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """The batch of an algorithm's trainer, and the trainer.

    The verifier's verdicts are taken from `verdicts`, group by group.
    """

    def sample(name: str, *verdicts: list[float], **params: Any) -> Any:
        groups = iter(verdicts)
        seen: list[list[str]] = []

        def correct(completions: Any, id: list[str], **columns: Any) -> Any:
            seen.append(id[::SIZE])
            return [
                None if value != value else value
                for _ in range(len(completions) // SIZE)
                for value in next(groups)
            ]

        def fixed(names: Any, *args: Any, **kwargs: Any) -> Any:
            return [correct]

        monkeypatch.setattr(grpo, "rewards", fixed)
        trainer = policy_trainer(name, rewards={"correct": 1.0}, **params)
        trainer.model.train()
        trainer._get_train_sampler()
        inputs = [row for row in list(trainer.train_dataset)[:GROUPS] for _ in range(4)]
        trainer.seen = seen
        return trainer, trainer._generate_and_score_completions(inputs)

    return sample


LIVE, ALL, NONE = [1.0, 0.0, 0.0, 0.0], [1.0] * 4, [0.0] * 4


def test_dead_groups_are_replaced_by_live_ones_of_other_problems(sampled: Any):
    # Of 3 groups one is live; 2 are short, so all that a third of gives 2: 3 more,
    # of which one is live; then 1 is short at 2 live of 6: 3 more.
    verdicts = [LIVE, ALL, NONE, NONE, LIVE, ALL, LIVE, LIVE, NONE]
    trainer, batch = sampled("dr_grpo", *verdicts, **REFILL)

    assert batch["scores"][:, 0].view(-1, SIZE).tolist() == [LIVE] * 3
    assert batch["advantages"].view(-1, SIZE).abs().sum(1).gt(0).all()
    assert len(batch["completion_ids"]) == GROUPS * SIZE
    assert batch["num_items_in_batch"] == batch["completion_mask"].sum()
    first, *others = trainer.seen
    assert not set(first) & {name for names in others for name in names}
    metrics = trainer._metrics["train"]
    assert metrics["refill/rounds"] == [3]
    assert metrics["refill/sampled"] == [36]
    assert metrics["refill/short"] == [0]


def test_what_is_short_after_the_last_round_stays_dead(sampled: Any):
    trainer, batch = sampled("dr_grpo", *[NONE] * 12, **REFILL)

    assert len(batch["completion_ids"]) == GROUPS * SIZE
    assert trainer._metrics["train"]["refill/short"] == [3]
    assert trainer._metrics["train"]["refill/rounds"] == [4]
    assert not batch["advantages"].any()


def test_the_problems_of_a_refill_depend_on_the_step_alone(sampled: Any):
    draws = []
    for step in (5, 5, 6):
        trainer, _ = sampled("dr_grpo", LIVE, LIVE, LIVE)
        trainer.state.global_step = step
        others: Iterator[Any] = trainer._draw_others([{"id": "chains/00000"}])
        draws.append([next(others)["id"] for _ in range(24)])
        torch.rand(7)  # whatever else was drawn

    assert draws[0] == draws[1] != draws[2]
    assert draws[0][:4] == draws[0][:1] * 4
    assert "chains/00000" not in draws[0]


def test_dead_groups_may_leave_without_refill(sampled: Any):
    _, batch = sampled("skywork", LIVE, ALL, NONE)
    tokens = batch["completion_mask"].view(GROUPS, -1).sum(1)

    assert tokens[0] > 0
    assert tokens[1:].tolist() == [0, 0]
    assert batch["num_items_in_batch"] == tokens[0]


def test_a_batch_in_which_all_groups_are_dead_has_a_loss_of_nothing(sampled: Any):
    trainer, batch = sampled("skywork", NONE, NONE, NONE)
    trainer.current_gradient_accumulation_steps = 1
    loss = trainer._compute_loss(trainer.model, batch)

    assert batch["num_items_in_batch"] == 1
    assert loss.item() == 0.0


def test_undecided_completions_are_not_learnt_from(sampled: Any):
    nan = float("nan")
    _, batch = sampled("reinforce_pp_baseline", [1.0, 0.0, nan, nan], LIVE, NONE)
    advantages = batch["advantages"]

    assert advantages.shape == batch["completion_mask"].shape
    assert not advantages[2:4].any()
    assert advantages[:2].abs().sum(1).gt(0).all()


def test_advantages_count_more_where_few_groups_teach(sampled: Any):
    # GPG: the share of groups that teach is a third.
    _, plain = sampled("gpg", LIVE, ALL, NONE, strategy={"scale_by_live_share": False})
    _, scaled = sampled("gpg", LIVE, ALL, NONE)

    # 1 and 0, 0, 0 less their mean of ¼
    assert plain["advantages"][:4].tolist() == [0.75, -0.25, -0.25, -0.25]
    assert scaled["advantages"].tolist() == pytest.approx(
        [3 * value for value in plain["advantages"].tolist()]
    )


def test_half_of_a_group_is_enough_for_cppo(sampled: Any):
    _, batch = sampled("cppo", LIVE, [1.0, 1.0, 1.0, 0.0], LIVE)
    scores = batch["scores"][:, 0].view(GROUPS, -1)

    assert scores.shape == (GROUPS, 2)
    assert scores.sum(1).tolist() == [1.0, 1.0, 1.0]  # the odd one and another
    assert batch["num_items_in_batch"] == batch["completion_mask"].sum()


def test_the_strongest_are_kept_in_their_order():
    batch = {
        "advantages": torch.tensor([0.9, -0.1, 0.2, -1.0, 0.0, 0.0, 0.0, 0.5]),
        "row": torch.arange(8),
        "num_items_in_batch": torch.tensor(9),
    }
    kept = keep_strongest(batch, SIZE, 0.5)

    assert kept["row"][:2].tolist() == [0, 3]
    assert 7 in kept["row"][2:].tolist()
    assert kept["num_items_in_batch"] == 9


def test_batches_are_joined_as_trl_pads_them():
    short = {
        "prompt_ids": torch.tensor([[5]]),
        "completion_ids": torch.tensor([[6]]),
        "completion_mask": torch.tensor([[1]]),
        "advantages": torch.tensor([1.0]),
    }
    long = {"prompt_ids": torch.tensor([[7, 8]]),
            "completion_ids": torch.tensor([[9, 9]]),
            "completion_mask": torch.tensor([[1, 1]]),
            "advantages": torch.tensor([2.0])}  # fmt: skip
    whole = join([short, long], padding=0)

    assert whole["prompt_ids"].tolist() == [[0, 5], [7, 8]]
    assert whole["completion_ids"].tolist() == [[6, 0], [9, 9]]
    assert whole["completion_mask"].tolist() == [[1, 0], [1, 1]]
    assert take_groups(whole, torch.tensor([False, True]), 1)["advantages"] == 2.0


def test_joining_changes_no_log_probability(sampled: Any):
    trainer, batch = sampled("dr_grpo", LIVE, LIVE, LIVE)
    wider = {
        "prompt_ids": torch.zeros(1, batch["prompt_ids"].size(1) + 3).long(),
        "prompt_mask": torch.ones(1, batch["prompt_ids"].size(1) + 3).long(),
        "completion_ids": torch.zeros(1, batch["completion_ids"].size(1) + 5).long(),
        "completion_mask": torch.ones(1, batch["completion_ids"].size(1) + 5).long(),
    }
    narrow = {name: batch[name] for name in wider}
    joined = join([narrow, wider], trainer._tokenizer.pad_token_id)
    length = batch["completion_ids"].size(1)
    logps = log_probabilities(trainer, joined)[:-1, :length]

    mask = batch["completion_mask"].bool()
    torch.testing.assert_close(
        logps[mask], log_probabilities(trainer, narrow)[mask], atol=1e-5, rtol=0.0
    )


def log_probabilities(trainer: Any, batch: Any) -> torch.Tensor:
    with torch.no_grad():
        logps, *_ = trainer._get_per_token_logps_and_entropies(
            trainer.model,
            torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1),
            torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1),
            batch["completion_ids"].size(1),
        )
    return logps


def test_a_group_advantage_is_trls_own(sampled: Any):
    _, batch = sampled("grpo", LIVE, ALL, NONE)

    # (1 - ¼) / (std + 1e-4), where the sample's deviation is √(¾ / 3) = ½
    assert batch["advantages"][0].item() == pytest.approx(0.75 / 0.5001, abs=1e-5)
    assert not batch["advantages"][4:].any()


def test_a_value_does_not_see_the_token_that_it_precedes(sampled: Any):
    trainer, batch = sampled("ppo", LIVE, ALL, NONE)
    changed = {name: value.clone() for name, value in batch.items()}
    row = int(batch["completion_mask"].sum(1).argmax())
    changed["completion_ids"][row, 3] = (changed["completion_ids"][row, 3] + 1) % 50
    with torch.no_grad():
        values, other = trainer._values(batch), trainer._values(changed)

    difference = (values - other)[row].abs()
    assert difference[:4].max() < 1e-6
    assert difference[4] > 1e-6


@pytest.mark.parametrize(("name", "steps"), [("kimi", 2), ("dr_grpo", 4)])
def test_mirror_descent_has_a_new_optimizer_for_each_batch(
    name: str, steps: int, policy_trainer: Callable[..., Any]
):
    trainer = policy_trainer(name, {"max_steps": 4, "num_iterations": 2})
    trainer.train()

    # Two steps on each of two batches.
    counted = {int(state["step"]) for state in trainer.optimizer.state.values()}
    assert counted == {steps}


CRITIC = {"learning_rate": 1e-2, "clip": None, "minibatches": 1}


def test_a_critic_learns_the_returns(sampled: Any):
    trainer, batch = sampled("ppo", LIVE, ALL, NONE, critic=CRITIC)
    mask = batch["completion_mask"]
    rewards_by_token = trainer._rewards(batch)
    old, returns = trainer._targets(batch, rewards_by_token, mask)
    before = ((old - returns) ** 2 * mask).sum()
    for _ in range(20):
        trainer._fit(batch, mask, *trainer._targets(batch, rewards_by_token, mask))
    values, returns = trainer._targets(batch, rewards_by_token, mask)

    assert ((values - returns) ** 2 * mask).sum() < 0.5 * before
    # λ = 1 and γ = 1: every token's return is the reward of its completion.
    expected = batch["scores"][:, :1] * mask
    torch.testing.assert_close(returns * mask, expected, atol=1e-4, rtol=0.0)
