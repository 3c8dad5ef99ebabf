"""Write down what verl's `core_algos` computes, for the tests of our algorithms.

    .cache/frameworks/verl/bin/python -m tests.frameworks.freeze_verl

Twelve completions of up to nine tokens, in three groups of four: a mixed group, one
whose rewards are equal, and one with partial credit. The log-probabilities are off
policy, far enough for every clip, on both sides, and for dual clip's c. Positions
behind the end of a completion hold numbers too: nothing may depend on them. Losses
stand beside their gradients with respect to the log-probabilities, because a loss may
be right in value and wrong in what it holds constant (CISPO, GSPO).
"""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from verl.trainer.config import AlgoConfig
from verl.trainer.ppo import core_algos
from verl.workers.config import ActorConfig, PolicyLossConfig

FILE = Path(__file__).parents[1] / "cases" / "verl_core_algos.json"
LENGTHS = (9, 1, 4, 6, 3, 3, 7, 2, 8, 5, 9, 6)
GROUPS = (0,) * 4 + (1,) * 4 + (2,) * 4
REWARDS = (1, 0, 0, 1, 1, 1, 1, 1, 0.1, 1.1, 0, 0.6)
MODES = (
    "token-mean", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm"
)  # fmt: skip
GAE = ((1.0, 1.0), (1.0, 0.95), (0.9, 0.5), (1.0, 0.0))  # γ, λ
# The name in verl's registry, and what differs from its defaults.
LOSSES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("vanilla", {"clip_ratio_c": 1e9}),  # no dual clip
    ("vanilla", {"clip_ratio_high": 0.28, "clip_ratio_c": 1e9}),
    ("vanilla", {"clip_ratio_high": 0.28, "clip_ratio_c": 2.0}),
    ("gspo", {"clip_ratio_low": 3e-4, "clip_ratio_high": 4e-4}),
    ("gspo", {"clip_ratio_low": 0.1, "clip_ratio_high": 0.15}),
    ("cispo", {"clip_ratio_low": 1.0, "clip_ratio_high": 5.0}),
    ("cispo", {"clip_ratio_low": 1.0, "clip_ratio_high": 0.3}),
    ("sapo", {}),  # knows one mode, whatever it is given
    ("gpg", {}),
    # Chooses at random among the tokens in its bounds: a ratio of 1 takes them all.
    ("clip_cov", {"clip_cov_ratio": 1.0, "clip_cov_lb": 0.4, "clip_cov_ub": 5.0}),
    ("kl_cov", {"kl_cov_ratio": 0.1, "ppo_kl_coef": 1.0}),
)
KL = ("k1", "abs", "k2", "k3")  # low_var_kl is another name of k3


def main() -> None:
    inputs = draw_inputs()
    frozen = {
        "verl": version("verl"),
        "inputs": inputs,
        "advantages": advantages(inputs),
        "policy_losses": policy_losses(inputs),
        "value_losses": value_losses(inputs),
        "kl": kl_penalties(inputs),
    }
    FILE.write_text(as_lines(frozen))


def draw_inputs() -> dict[str, Any]:
    """All inputs, rounded to what the file holds."""
    random = np.random.default_rng(0)
    shape = len(LENGTHS), max(LENGTHS)
    old = -random.exponential(1.0, shape)
    values = random.normal(0.5, 0.3, shape)
    drawn = {
        "old_log_probs": old,
        "log_probs": -abs(old + random.normal(0, 0.9, shape)),
        "ref_log_probs": -abs(old + random.normal(0, 0.3, shape)),
        "advantages": random.normal(0, 1, shape),
        "values": values,
        "value_predictions": values + random.normal(0, 0.3, shape),
        "returns": random.normal(0.5, 0.5, shape),
    }
    return {
        "lengths": LENGTHS,
        "groups": GROUPS,
        "rewards": REWARDS,
        "reward_baselines": (0.5,) * 4 + (1.0,) * 4 + (0.2,) * 4,  # of ReMax
        # Two rewards that are not summed: GDPO.
        "reward_parts": ((1, 0, 0, 1) * 3, (0.5, 0.5, 0, 0) * 3),
        **{name: drawn[name].round(6).tolist() for name in drawn},
    }


def response_mask(inputs: dict[str, Any]) -> torch.Tensor:
    lengths = torch.tensor(inputs["lengths"])
    return (torch.arange(max(inputs["lengths"])) < lengths[:, None]).float()


def token_rewards(inputs: dict[str, Any], rewards: Any) -> torch.Tensor:
    """The reward of a completion at its last token."""
    placed = torch.zeros_like(response_mask(inputs))
    last = torch.tensor(inputs["lengths"]) - 1
    placed[torch.arange(len(last)), last] = torch.tensor(rewards).float()
    return placed


def advantages(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Advantages and returns (B, T); only gae's hold numbers behind the ends."""
    mask = response_mask(inputs)
    groups = np.array(inputs["groups"])
    first, second = (token_rewards(inputs, part) for part in inputs["reward_parts"])
    values = torch.tensor(inputs["values"])
    baselines = torch.tensor(inputs["reward_baselines"])

    def row(estimator: str, given: dict[str, Any], **options: Any) -> dict[str, Any]:
        estimate = core_algos.get_adv_estimator_fn(estimator)
        rewards = token_rewards(inputs, inputs["rewards"])  # some write into it
        result = estimate(
            **{"token_level_rewards": rewards, "response_mask": mask, **given},
            **options,
        )
        names = ("advantages", "returns")
        tables = dict(zip(names, map(rounded, result), strict=True))
        return {"estimator": estimator, "options": options, **tables}

    grouped = {"index": groups}
    rows = [row("gae", {"values": values}, gamma=g, lam=lam) for g, lam in GAE]
    for gamma in (1.0, 0.9):
        plus = row("reinforce_plus_plus", {"config": AlgoConfig(gamma=gamma)})
        rows.append(plus | {"options": {"gamma": gamma}})
    for by_std in (True, False):
        rows.append(row("grpo", grouped, norm_adv_by_std_in_grpo=by_std))
    for estimator in ("reinforce_plus_plus_baseline", "rloo", "gpg"):
        rows.append(row(estimator, grouped))
    rows.append(row("remax", {"reward_baselines": baselines}))
    rows.append(gdpo(first, second, mask, groups))
    return rows


def gdpo(
    first: torch.Tensor, second: torch.Tensor, mask: torch.Tensor, groups: np.ndarray
) -> dict[str, Any]:
    """GDPO of `reward_parts` with equal weights, as verl reads them from a batch."""
    n_rows = len(mask)
    attended = torch.cat([torch.ones(n_rows, 1), mask], dim=1).long()
    parts = {"first": first.sum(1).numpy(), "second": second.sum(1).numpy()}
    result, _ = core_algos.get_adv_estimator_fn("gdpo")(
        token_level_rewards=first + second,
        response_mask=mask,
        index=groups,
        config=AlgoConfig(gdpo_reward_keys=list(parts)),
        non_tensor_batch=parts,
        batch={"prompts": torch.ones(n_rows, 1), "attention_mask": attended},
    )
    return {"estimator": "gdpo", "options": {}, "advantages": rounded(result)}


def policy_losses(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """Each loss in each mode, and its gradient with respect to `log_probs`."""
    rows = []
    for name, options in LOSSES:
        for mode in MODES if name != "sapo" else ["seq-mean-token-mean"]:
            log_probs = torch.tensor(inputs["log_probs"], requires_grad=True)
            loss, _ = core_algos.get_policy_loss_fn(name)(
                old_log_prob=torch.tensor(inputs["old_log_probs"]),
                log_prob=log_probs,
                advantages=torch.tensor(inputs["advantages"]),
                response_mask=response_mask(inputs),
                loss_agg_mode=mode,
                config=actor(name, options),
            )
            loss.backward()
            value = {"value": rounded(loss), "gradient": rounded(log_probs.grad)}
            rows.append({"loss": name, "options": options, "mode": mode, **value})
    return rows


def actor(name: str, options: dict[str, Any]) -> ActorConfig:
    """verl's settings of an actor with this loss; the options of either class."""
    own = {o: v for o, v in options.items() if o in PolicyLossConfig.__annotations__}
    return ActorConfig(
        strategy="fsdp",
        rollout_n=4,
        ppo_micro_batch_size_per_gpu=1,
        policy_loss=PolicyLossConfig(loss_mode=name, **own),
        **{option: value for option, value in options.items() if option not in own},
    )


def value_losses(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    """The critic's loss: half the squared error, clipped around the old values."""
    rows = []
    for clip in (0.2, 0.5):
        for mode in MODES:
            predicted = torch.tensor(inputs["value_predictions"], requires_grad=True)
            loss, _ = core_algos.compute_value_loss(
                predicted,
                returns=torch.tensor(inputs["returns"]),
                values=torch.tensor(inputs["values"]),
                response_mask=response_mask(inputs),
                cliprange_value=clip,
                loss_agg_mode=mode,
            )
            loss.backward()
            value = {"value": rounded(loss), "gradient": rounded(predicted.grad)}
            rows.append({"options": {"cliprange_value": clip}, "mode": mode, **value})
    return rows


def kl_penalties(inputs: dict[str, Any]) -> dict[str, Any]:
    """Estimates per token (B, T), behind the ends too, and unmasked."""
    policy = torch.tensor(inputs["log_probs"])
    reference = torch.tensor(inputs["ref_log_probs"])
    return {
        name: rounded(core_algos.kl_penalty(policy, reference, name)) for name in KL
    }


def rounded(tensor: torch.Tensor) -> Any:
    """The numbers of `tensor` in seven digits, which is what float32 has."""
    as_float = np.vectorize(lambda number: float(f"{number + 0.0:.7g}"))  # no -0.0
    return as_float(tensor.detach().numpy().astype(float)).tolist()


def as_lines(frozen: dict[str, Any]) -> str:
    """JSON with a line for each part of a dict and each row of a list of dicts."""
    parts = []
    for name, value in frozen.items():
        if isinstance(value, dict):
            lines = [f"{json.dumps(key)}: {json.dumps(v)}" for key, v in value.items()]
            text = "{\n" + ",\n".join(lines) + "\n}"
        elif isinstance(value, list):
            text = "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
        else:
            text = json.dumps(value)
        parts.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
