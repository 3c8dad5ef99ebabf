"""Every advantage against numbers worked out by hand, and against verl's."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.trainers import verl
from tests.trainers.verl import MASK, SIZE, given
from trainers import advantages

NAN = math.nan
CLOSE: dict[str, Any] = {"atol": 1e-5, "rtol": 0.0}


def of_one_process(value: Tensor) -> Tensor:
    return value


def whitened(values: Tensor) -> Tensor:
    return advantages.whiten(values, MASK, of_one_process)


def rewards_at_the_end() -> Tensor:
    none = torch.zeros(MASK.shape)
    return advantages.token_rewards(given("rewards"), MASK, none, 0.0)


def test_gae_by_hand():
    # Values .1 .2 .3 and a reward of 1 at the end, γ = 1. The errors are
    # δ = (.2 - .1, .3 - .2, 1 - .3) = (.1, .1, .7).
    values = torch.tensor([[0.1, 0.2, 0.3]])
    rewards, mask = torch.tensor([[0.0, 0.0, 1.0]]), torch.ones(1, 3).long()

    def estimate(lam: float) -> list[float]:
        given_lam = torch.tensor([[lam]])
        gae = advantages.estimate_advantages(rewards, values, mask, 1.0, given_lam)
        return gae[0].tolist()

    # λ = .5: .7, then .1 + .5·.7 = .45, then .1 + .5·.45 = .325
    assert estimate(0.5) == pytest.approx([0.325, 0.45, 0.7])
    # λ = 1 is what came, less what was expected: 1 - .1, 1 - .2, 1 - .3
    assert estimate(1.0) == pytest.approx([0.9, 0.8, 0.7])
    assert estimate(0.0) == pytest.approx([0.1, 0.1, 0.7])


def test_nothing_behind_the_end_of_a_completion_counts():
    mask = torch.tensor([[1, 1, 0]])
    values = torch.tensor([[0.5, 0.5, 99.0]])
    rewards = advantages.token_rewards(
        torch.tensor([1.0]), mask, torch.full((1, 3), 7.0), 0.0
    )
    gae = advantages.estimate_advantages(
        rewards, values, mask, 1.0, torch.tensor([[1.0]])
    )

    assert rewards.tolist() == [[0.0, 1.0, 0.0]]
    assert gae.tolist() == [[0.5, 0.5, 0.0]]


@pytest.mark.parametrize(
    ("gamma", "lam"), [(1.0, 1.0), (1.0, 0.95), (0.9, 0.5), (1.0, 0.0)]
)
def test_gae_is_verls(gamma: float, lam: float):
    by_row = torch.full((12, 1), lam)
    gae = advantages.estimate_advantages(
        rewards_at_the_end(), given("values"), MASK, gamma, by_row
    )
    expected = verl.advantages("gae", gamma=gamma, lam=lam)

    torch.testing.assert_close(whitened(gae), expected, **CLOSE)


@pytest.mark.parametrize("gamma", [1.0, 0.9])
def test_returns_that_are_whitened_are_verls_reinforce_plus_plus(gamma: float):
    returns = advantages.estimate_advantages(
        rewards_at_the_end(), torch.zeros(12, 9), MASK, gamma, torch.ones(12, 1)
    )
    expected = verl.advantages("reinforce_plus_plus", gamma=gamma)

    torch.testing.assert_close(whitened(returns), expected, **CLOSE)


def test_centred_rewards_that_are_whitened_are_verls_reinforce_plus_plus_baseline():
    grouped = given("rewards").view(-1, SIZE)
    centred = (grouped - grouped.mean(1, keepdim=True)).flatten()
    expected = verl.advantages("reinforce_plus_plus_baseline")

    torch.testing.assert_close(whitened(centred[:, None] * MASK), expected, **CLOSE)


def test_leave_one_out_is_verls_rloo():
    computed = advantages.leave_one_out(given("rewards"), SIZE)[:, None] * MASK

    torch.testing.assert_close(computed, verl.advantages("rloo"), **CLOSE)


def test_leave_one_out_by_hand():
    # 1 against the mean of 0 and 0 of the others that were decided; 0 against ½.
    computed = advantages.leave_one_out(torch.tensor([1.0, 0.0, 0.0, NAN]), SIZE)
    alone = advantages.leave_one_out(torch.tensor([1.0, NAN, NAN, NAN]), SIZE)

    assert computed.tolist() == pytest.approx([1.0, -0.5, -0.5, 0.0])
    assert alone.tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_group_is_live_where_its_rewards_differ():
    rewards = torch.tensor(
        [[1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0], [NAN, 1, 1, 1],
         [NAN, 0, 1, 1], [NAN, NAN, NAN, NAN]]
    )  # fmt: skip
    live = advantages.find_live_groups(rewards.flatten(), SIZE)

    assert live.tolist() == [True, True, False, False, False, True, False]
    # Means of .25, .75, 1, 0, 1, ⅔ and none.
    bounds = advantages.find_live_groups(rewards.flatten(), SIZE, (0.5, 0.75))
    assert bounds.tolist() == [False, True, False, False, False, True, False]


def test_mirror_descent_by_hand():
    # Two completions of two tokens and one; log-probabilities of -1 - 2 = -3 and -4,
    # which were -3.5 and -4 as they were sampled; advantages of ½ and -½; τ = .2.
    logps = torch.tensor([[-1.0, -2.0], [-4.0, -9.0]])
    old = torch.tensor([[-1.5, -2.0], [-4.0, -7.0]])
    mask = torch.tensor([[1, 1], [1, 0]])
    loss = advantages.mirror_descent_loss(
        logps, old, mask, torch.tensor([0.5, -0.5]), tau=0.2
    )

    # ((.1 · .5² + .5 · 3) + (0 - .5 · 4)) / 2 = (.025 + 1.5 - 2) / 2
    assert loss.item() == pytest.approx(-0.2375)


def test_the_kl_penalty_is_taken_off_every_token():
    # k1 is log π - log π_ref; β = .1 and a reward of 1 at the last of two tokens.
    kl = torch.tensor([[0.5, -0.5, 9.0]])
    mask = torch.tensor([[1, 1, 0]])
    rewards = advantages.token_rewards(torch.tensor([1.0]), mask, kl, 0.1)

    assert rewards.tolist()[0] == pytest.approx([-0.05, 1.05, 0.0])
    expected = torch.tensor(verl.FROZEN["kl"]["k1"])
    computed = given("log_probs") - given("ref_log_probs")
    torch.testing.assert_close(computed * MASK, expected * MASK, **CLOSE)


def test_lambda_grows_with_the_length_of_a_completion():
    # 1 - 1/(.05·10) < 0; 1 - 1/(.05·40) = .5; 1 - 1/(.05·400) = .95
    mask = (torch.arange(400) < torch.tensor([[10], [40], [400]])).long()
    by_length = advantages.policy_lambdas(mask, 0.3, alpha=0.05)
    fixed = advantages.policy_lambdas(mask, 0.3, alpha=None)

    assert by_length.flatten().tolist() == pytest.approx([0.0, 0.5, 0.95])
    assert fixed.flatten().tolist() == pytest.approx([0.3] * 3)


def test_whitening_is_over_the_tokens_of_all_processes():
    # One process holds 1 and 2, another 3 and 6: mean 3, variance 14/3.
    sums = iter([torch.tensor([4.0, 12.0]), torch.tensor(14.0)])
    values, mask = torch.tensor([[1.0, 2.0, 50.0]]), torch.tensor([[1, 1, 0]])
    computed = advantages.whiten(values, mask, lambda local: next(sums))

    scale = math.sqrt(14 / 3)
    assert computed.tolist()[0] == pytest.approx([-2 / scale, -1 / scale, 0.0])


@pytest.mark.parametrize("clip", [0.2, 0.5])
def test_the_value_loss_is_verls(clip: float):
    values = given("value_predictions").requires_grad_()
    loss = advantages.value_loss(values, given("values"), given("returns"), MASK, clip)
    loss.backward()
    value, gradient = verl.value_loss(clip)

    assert loss.item() == pytest.approx(value, abs=1e-5)
    torch.testing.assert_close(values.grad, gradient, **CLOSE)


def test_a_critic_that_knows_the_returns_explains_their_variance():
    returns, mask = torch.tensor([[0.0, 1.0, 5.0]]), torch.tensor([[1, 1, 0]])

    assert advantages.explained_variance(returns, returns, mask) == 1.0
    assert advantages.explained_variance(returns * 0, returns, mask) == 0.0
    assert math.isnan(advantages.explained_variance(returns, returns * 0, mask))
