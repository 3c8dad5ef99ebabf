"""The loss of every algorithm off policy, against verl's and against hand's.

A trainer is built from the algorithm's options; what its model would say of twelve
completions is given. Off policy, because losses that differ there alone have equal
gradients on policy. Known differences to verl: its CISPO clips at 1 + ε, TRL's at ε;
its GSPO is GSPO-token, whose gradient is that of GSPO summed over each sequence.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.trainers import verl
from tests.trainers.verl import LENGTHS, MASK, given

WIDE_GSPO = {"epsilon": 0.1, "epsilon_high": 0.15}
HIGHER = {"clip_ratio_high": 0.28, "clip_ratio_c": 1e9}
# Algorithm, TRL options, verl's loss, its mode and its options.
CASES: list[tuple[str, dict[str, Any], str, str, dict[str, Any]]] = [
    ("grpo", {"beta": 0.0}, "vanilla", "seq-mean-token-mean", {"clip_ratio_c": 1e9}),
    ("cppo", {}, "vanilla", "seq-mean-token-mean", {"clip_ratio_c": 1e9}),
    ("bnpo", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("dr_grpo", {}, "vanilla", "seq-mean-token-sum-norm", {"clip_ratio_c": 1e9}),
    ("dapo", {}, "vanilla", "token-mean", HIGHER),
    ("rloo", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("reinforce_pp", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("reinforce_pp_baseline", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("ppo", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("vc_ppo", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("srpo", {}, "vanilla", "token-mean", {"clip_ratio_c": 1e9}),
    ("polaris", {}, "vanilla", "token-mean", HIGHER),
    # Two-sided clipping is verl's dual clip with c = δ.
    ("dapo", {"delta": 2.0}, "vanilla", "token-mean", HIGHER | {"clip_ratio_c": 2.0}),
    ("gspo", {}, "gspo", "seq-mean-token-mean",
     {"clip_ratio_low": 3e-4, "clip_ratio_high": 4e-4}),
    ("gspo", WIDE_GSPO, "gspo", "seq-mean-token-mean",
     {"clip_ratio_low": 0.1, "clip_ratio_high": 0.15}),
    ("cispo", {"epsilon_high": 6.0}, "cispo", "token-mean",
     {"clip_ratio_low": 1.0, "clip_ratio_high": 5.0}),
    ("cispo", {"epsilon_high": 1.3}, "cispo", "token-mean",
     {"clip_ratio_low": 1.0, "clip_ratio_high": 0.3}),
    ("sapo", {}, "sapo", "seq-mean-token-mean", {}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "trl", "loss", "mode", "options"), CASES)
def test_the_loss_and_its_gradient_are_verls(
    name: str,
    trl: dict[str, Any],
    loss: str,
    mode: str,
    options: dict[str, Any],
    policy_trainer: Callable[..., Any],
):
    value, gradient = verl.policy_loss(loss, mode, **options)
    loss_value, by_token = compute(
        policy_trainer(name, {"max_completion_length": 9} | trl)
    )

    assert loss_value == pytest.approx(value, abs=1e-5)
    gradient = gradient * MASK
    if name == "gspo":
        by_token, gradient = by_token.sum(1), gradient.sum(1)
    torch.testing.assert_close(by_token, gradient, atol=1e-5, rtol=0.0)


def test_gpg_has_verls_gradient_on_policy(policy_trainer: Callable[..., Any]):
    # GPG has no ratio; TRL's is 1 there, and its gradient that of log π.
    _, gradient = verl.policy_loss("gpg", "token-mean")
    _, by_token = compute(policy_trainer("gpg"), old=given("log_probs"))

    torch.testing.assert_close(by_token, gradient * MASK, atol=1e-5, rtol=0.0)


def test_luspo_weighs_a_sequence_by_its_length(policy_trainer: Callable[..., Any]):
    trainer = policy_trainer("luspo", {"epsilon": 0.1, "epsilon_high": 0.15})
    loss_value, _ = compute(trainer, advantages=torch.ones(12))

    # Of each sequence the mean log-ratio, to the power of e, clipped from above at
    # 1.15 as all advantages are 1; times its length; the mean over sequences.
    log_ratio = (given("log_probs") - given("old_log_probs")) * MASK
    ratio = (log_ratio.sum(1) / LENGTHS).exp().clamp(max=1.15)
    assert loss_value == pytest.approx(-(ratio * LENGTHS).mean().item(), abs=1e-5)


def test_vespo_weighs_log_probabilities_by_a_gamma_density_of_the_ratio(
    policy_trainer: Callable[..., Any],
):
    loss_value, _ = compute(policy_trainer("vespo"), advantages=torch.ones(12))

    # φ(w) = e^λ · w^k · e^(-λw), with k = 2 and λ = 3 where the advantage is not
    # negative, of the ratio w of the whole sequence; the token mean of -φ · log π.
    w = ((given("log_probs") - given("old_log_probs")) * MASK).sum(1).exp()
    phi = torch.e**3 * w**2 * (-3 * w).exp()
    expected = -(phi[:, None] * given("log_probs") * MASK).sum() / MASK.sum()
    assert loss_value == pytest.approx(expected.item(), abs=1e-4)


def test_kimi_pays_for_the_square_of_what_it_moved(policy_trainer: Callable[..., Any]):
    trainer = policy_trainer("kimi", strategy={"mirror_descent": 0.5})
    advantages = given("rewards") - given("rewards").mean()
    loss_value, by_token = compute(trainer, advantages=advantages)

    # Eq. 3: the gradient by each token's log π is that of its completion, over twelve:
    # minus the advantage, plus τ times the sum of log π - log π_old.
    moved = ((given("log_probs") - given("old_log_probs")) * MASK).sum(1)
    gradient = (0.5 * moved - advantages)[:, None] * MASK / 12
    torch.testing.assert_close(by_token, gradient, atol=1e-6, rtol=0.0)
    logp = (given("log_probs") * MASK).sum(1)
    expected = (0.25 * moved**2 - advantages * logp).mean()
    assert loss_value == pytest.approx(expected.item(), abs=1e-5)


def test_vapo_adds_the_likelihood_of_right_completions(
    policy_trainer: Callable[..., Any],
):
    plain, _ = compute(policy_trainer("vapo", strategy={"positive_nll": 0.0}))
    loss_value, _ = compute(policy_trainer("vapo"))

    # .1 times the mean of -log π over the tokens of the right completions.
    right = MASK * (given("rewards") > 0)[:, None]
    nll = -(given("log_probs") * right).sum() / right.sum()
    assert loss_value - plain == pytest.approx(0.1 * nll.item(), abs=1e-5)


def test_a_kl_term_is_in_the_loss_or_in_the_reward(policy_trainer: Callable[..., Any]):
    none, _ = compute(policy_trainer("grpo", {"beta": 0.0}))
    in_loss, _ = compute(policy_trainer("grpo"))
    trainer = policy_trainer("reinforce_pp")
    in_reward, _ = compute(trainer)
    paid, _ = compute(policy_trainer("reinforce_pp", strategy={"kl_in_reward": 0.0}))

    # k3: π_ref/π - log(π_ref/π) - 1, the mean of each sequence, times β = .04
    log = given("ref_log_probs") - given("log_probs")
    k3 = ((log.exp() - log - 1) * MASK).sum(1) / LENGTHS
    assert in_loss - none == pytest.approx(0.04 * k3.mean().item(), abs=1e-5)
    assert in_reward == pytest.approx(paid)
    assert trainer.beta == 0.01  # so that TRL gives the reference's log-probabilities


def compute(trainer: Any, **change: torch.Tensor) -> tuple[float, torch.Tensor]:
    """The loss of `trainer` on verl's inputs, and its gradient by log-probability."""
    logps = given("log_probs").requires_grad_()

    def of_the_policy(*args: Any, **kwargs: Any) -> Any:
        trainer._logps = logps
        return logps, torch.zeros(MASK.shape), None

    trainer._get_per_token_logps_and_entropies = of_the_policy
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    scores = given("rewards")[:, None].repeat(1, len(trainer.reward_funcs))
    inputs = {
        "prompt_ids": torch.ones(12, 2).long(),
        "prompt_mask": torch.ones(12, 2).long(),
        "completion_ids": torch.ones(12, 9).long(),
        "completion_mask": MASK,
        "advantages": change.get("advantages", given("advantages")),
        "old_per_token_logps": change.get("old", given("old_log_probs")),
        "ref_per_token_logps": given("ref_log_probs"),
        "num_items_in_batch": MASK.sum(),
        "scores": scores,
    }
    loss = trainer._compute_loss(trainer.model, inputs)
    loss.backward()
    assert logps.grad is not None
    return loss.item(), logps.grad
