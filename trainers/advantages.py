"""Advantages and value losses as plain functions of tensors.

B completions of T tokens stand in groups of G, one group after the other, and are
padded on the right; `mask` (B, T) is 1 at their tokens. What a reward could not
decide is NaN. tests/trainers/test_advantages.py holds every function to numbers
worked out by hand and to verl's.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Reduce = Callable[[Tensor], Tensor]  # a sum over all processes


def find_live_groups(
    rewards: Tensor, size: int, bounds: tuple[float, float] | None = None
) -> Tensor:
    """Which groups have rewards that differ: (B,) -> bool (B / size,); NaN is none.

    With `bounds`, their mean has to lie there, ends included.
    """
    grouped = rewards.view(-1, size)
    low = grouped.nan_to_num(nan=math.inf).amin(1)
    high = grouped.nan_to_num(nan=-math.inf).amax(1)
    differ = high - low > 1e-6
    if bounds is None:
        return differ
    mean = grouped.nanmean(1)
    return differ & (mean >= bounds[0] - 1e-6) & (mean <= bounds[1] + 1e-6)


def leave_one_out(totals: Tensor, size: int) -> Tensor:
    """Reward minus the mean of the others in its group (RLOO, eq. 5): (B,) -> (B,).

    Undecided rewards are no part of a mean and get 0; so does one that stands alone.
    """
    grouped = totals.view(-1, size)
    count = (~grouped.isnan()).sum(1, keepdim=True)
    centred = grouped - grouped.nanmean(1, keepdim=True)
    scaled = centred * count / (count - 1).clamp(min=1)
    return scaled.nan_to_num(0.0).flatten()


def token_rewards(totals: Tensor, mask: Tensor, kl: Tensor, beta: float) -> Tensor:
    """The reward at the last token of each completion, -β·kl at every one: (B, T)."""
    rewards = torch.zeros_like(mask, dtype=torch.float32)
    last = (mask.sum(1) - 1).clamp(min=0)
    rewards[torch.arange(len(last)), last] = totals.nan_to_num(0.0).float()
    return (rewards - beta * kl) * mask


def estimate_advantages(
    rewards: Tensor, values: Tensor, mask: Tensor, gamma: float, lam: Tensor
) -> Tensor:
    """Generalised advantage estimation (1506.02438, eq. 16): all (B, T), `lam` (B, 1).

    With values of 0 and λ = 1 these are the discounted rewards still to come.
    """
    values = values * mask
    following = torch.cat([values[:, 1:], torch.zeros_like(values[:, :1])], 1)
    deltas = (rewards + gamma * following - values) * mask
    advantages = torch.zeros_like(deltas)
    running = torch.zeros_like(deltas[:, :1])
    for t in reversed(range(deltas.size(1))):
        running = deltas[:, t : t + 1] + gamma * lam * running
        advantages[:, t : t + 1] = running
    return advantages * mask


def policy_lambdas(mask: Tensor, lam: float, alpha: float | None) -> Tensor:
    """λ of each completion, (B, 1): `lam`, or 1 - 1/(α·length) ≥ 0 (VAPO, eq. 8)."""
    length = mask.sum(1, keepdim=True).clamp(min=1).float()
    if alpha is None:
        return torch.full_like(length, lam)
    return (1 - 1 / (alpha * length)).clamp(min=0.0)


def whiten(advantages: Tensor, mask: Tensor, reduce: Reduce) -> Tensor:
    """Mean 0 and deviation 1 over the tokens of all processes, (B, T)."""
    kept = advantages[mask.bool()]
    count, total = reduce(torch.stack([kept.new_tensor(len(kept)), kept.sum()]))
    if count < 2:
        return torch.zeros_like(advantages)
    mean = total / count
    variance = reduce(((kept - mean) ** 2).sum()) / (count - 1)
    return (advantages - mean) * torch.rsqrt(variance + 1e-8) * mask


def value_loss(
    values: Tensor, old: Tensor, returns: Tensor, mask: Tensor, clip: float | None
) -> Tensor:
    """Half the mean squared error of (B, T) values; with `clip` the larger of two.

    The second is of values held within ±clip of the old ones (PPO's usual form).
    """
    error = (values - returns) ** 2
    if clip is not None:
        clipped = old + (values - old).clamp(-clip, clip)
        error = torch.maximum(error, (clipped - returns) ** 2)
    return 0.5 * (error * mask).sum() / mask.sum().clamp(min=1)


def mirror_descent_loss(
    logps: Tensor, old: Tensor, mask: Tensor, advantages: Tensor, tau: float
) -> Tensor:
    """The loss whose gradient is eq. 3 of Kimi k1.5 (2501.12599), a mean over rows.

    Of each completion the log-probability is raised in proportion to its advantage
    (B,), less τ/2 times the square of how far it has moved from what sampled it.
    """
    logp = (logps * mask).sum(1)
    moved = logp - (old * mask).sum(1)
    return (tau / 2 * moved**2 - advantages * logp).mean()


def explained_variance(values: Tensor, returns: Tensor, mask: Tensor) -> float:
    """The share of the variance of `returns` that `values` explain; NaN for none."""
    target, value = returns[mask.bool()], values[mask.bool()]
    if len(target) < 2 or target.var() == 0:
        return math.nan
    return float(1 - (target - value).var() / target.var())
