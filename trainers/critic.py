"""Actor and critic on GRPOTrainer: PPO, VC-PPO and VAPO.

TRL takes advantages by token, clips the ratio and averages as `loss_type` says. What
is added is a critic, a copy of the model with one number a token, its own optimizer,
GAE, and value pre-training (VC-PPO). Not tried: a critic under FSDP or DeepSpeed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import UserError
from trainers import advantages
from trainers.algorithms import Critic
from trainers.batches import Batch, take_rows
from trainers.strategies import StrategyTrainer


class CriticTrainer(StrategyTrainer):
    """A policy whose advantages come from a critic that starts as its copy."""

    def __init__(self, model: str, *args: Any, critic: Critic, **kwargs: Any) -> None:
        super().__init__(model, *args, **kwargs)
        self.critic = critic
        self.values = self.accelerator.prepare_model(
            _load_critic(model, self.args.model_init_kwargs or {})
        )
        # Not prepared: accelerate would skip its steps while gradients accumulate.
        self.values_optimizer = torch.optim.AdamW(
            self.values.parameters(), lr=critic.learning_rate, weight_decay=0.0
        )
        self.is_pretrained = False

    def _generate_and_score_completions(self, inputs: Any) -> Batch:
        if self.model.training and not self.is_pretrained:
            self._pretrain(inputs)
        return super()._generate_and_score_completions(inputs)

    def _pretrain(self, inputs: Any) -> None:
        """Train the critic on what the first policy samples, until it is of use."""
        self.is_pretrained = True
        others = self._draw_others(inputs)
        for _ in range(self.critic.pretrain_steps):
            batch = self._sample([next(others) for _ in range(len(inputs))])
            rewards, mask = self._rewards(batch), self._learnable(batch)
            self._fit(batch, mask, *self._targets(batch, rewards, mask))

    def _estimate(self, batch: Batch) -> Tensor:
        """GAE with the policy's λ, of values from before the update: (B, T)."""
        rewards, mask = self._rewards(batch), self._learnable(batch)
        values, returns = self._targets(batch, rewards, mask)
        lam = advantages.policy_lambdas(
            mask, self.critic.lambda_policy, self.critic.length_adaptive_alpha
        )
        gamma = self.strategy.gamma
        gae = advantages.estimate_advantages(rewards, values, mask, gamma, lam)
        self._fit(batch, mask, values, returns)
        if not self.strategy.whiten:
            return gae
        return advantages.whiten(gae, mask, self._reduce)

    def _rewards(self, batch: Batch) -> Tensor:
        return advantages.token_rewards(
            self._totals(batch),
            self._learnable(batch),
            self._kl(batch),
            self.strategy.kl_in_reward,
        )

    def _targets(
        self, batch: Batch, rewards: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The critic's values, and the returns that it is trained towards: (B, T)."""
        size = self.args.per_device_train_batch_size
        rows = torch.arange(len(mask), device=mask.device).split(size)
        with torch.no_grad():
            values = torch.cat([self._values(take_rows(batch, part)) for part in rows])
        lam = advantages.policy_lambdas(mask, self.critic.lambda_critic, None)
        gae = advantages.estimate_advantages(
            rewards, values, mask, self.strategy.gamma, lam
        )
        return values, gae + values * mask

    def _values(self, batch: Batch) -> Tensor:
        """What the critic expects before each token of a completion: (B, T)."""
        ids = torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1)
        # Padding is not attended to; a completion that is left out of the loss is.
        padding = self._tokenizer.pad_token_id
        shown = batch["completion_mask"] | (batch["completion_ids"] != padding)
        seen = torch.cat([batch["prompt_mask"], shown.long()], 1)
        logits = self.values(input_ids=ids, attention_mask=seen).logits[..., 0]
        return logits[:, -shown.size(1) - 1 : -1].float()

    def _fit(self, batch: Batch, mask: Tensor, old: Tensor, returns: Tensor) -> None:
        """Steps of the critic towards `returns`, its loss clipped around `old`."""
        losses = []
        for rows in self._minibatches(len(mask)):
            values = self._values(take_rows(batch, rows))
            loss = advantages.value_loss(
                values, old[rows], returns[rows], mask[rows], self.critic.clip
            )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(
                self.values.parameters(), self.critic.max_grad_norm
            )
            self.values_optimizer.step()
            self.values_optimizer.zero_grad()
            losses.append(loss.item())
        metrics = self._metrics["train"]
        metrics["critic/loss"].append(self._mean(sum(losses) / len(losses)))
        metrics["critic/explained_variance"].append(
            self._mean(advantages.explained_variance(old, returns, mask))
        )

    def _minibatches(self, count: int) -> Iterator[Tensor]:
        for _ in range(self.critic.epochs):
            yield from torch.randperm(count).chunk(self.critic.minibatches)

    def _save_state(self, folder: Path) -> None:
        super()._save_state(folder)
        values = self.accelerator.unwrap_model(self.values)
        state = {
            "values": values.state_dict(),
            "optimizer": self.values_optimizer.state_dict(),
        }
        torch.save(state, folder / "critic.pt")

    def _load_state(self, folder: Path) -> None:
        super()._load_state(folder)
        state = torch.load(folder / "critic.pt", map_location=self.accelerator.device)
        self.accelerator.unwrap_model(self.values).load_state_dict(state["values"])
        self.values_optimizer.load_state_dict(state["optimizer"])
        self.is_pretrained = True


def _load_critic(model: str, options: dict[str, Any]) -> Any:
    """A copy of `model` with one number a token in the place of its vocabulary."""
    from transformers import AutoModelForTokenClassification

    kept = {name: options[name] for name in ("revision",) if name in options}
    try:
        critic = AutoModelForTokenClassification.from_pretrained(
            model, num_labels=1, dtype=torch.float32, **kept
        )
    except ValueError as error:
        raise UserError(
            f"grpo: {model} cannot be a critic, because transformers has no token "
            "classifier of its architecture",
            hint="an algorithm without a critic, such as dapo or reinforce_pp, works",
        ) from error
    # The head is new, and drops out a tenth of the hidden states where it is not told.
    critic.dropout.p = 0.0
    return critic
