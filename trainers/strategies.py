"""GRPOTrainer with what it lacks: which samples are learnt from, and by how much.

Every hook calls `super()`, and tests/trainers/test_hooks.py pins what they rely on:

    _calculate_rewards                  the rewards are kept, and counted by problem
    _generate_and_score_completions     refill, dead groups, advantages, pruning
    _compute_loss                       mirror descent, likelihood of right completions
    _get_train_sampler                  the order of problems
    _save_checkpoint                    what a resumed run needs beside the model
"""

from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor
from trl import GRPOTrainer

from pipeline import tables
from trainers import advantages
from trainers.algorithms import Order, Strategy
from trainers.batches import Batch, join, keep_strongest, take_groups
from trainers.samplers import History, OrderedSampler, seeded


class StrategyTrainer(GRPOTrainer):
    """GRPO after a `strategy`, over problems in an `order`.

    The dataset has `id`, and what the order reads. What came out is counted.
    """

    def __init__(
        self,
        *args: Any,
        strategy: Strategy,
        order: Order,
        **kwargs: Any,
    ) -> None:
        self.strategy, self.order, self.history = strategy, order, History()
        self.beta: float
        super().__init__(*args, **kwargs)

    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Train, and leave `history.parquet` in the folder of the checkpoints."""
        outcome = super().train(*args, **kwargs)
        if self.is_world_process_zero():
            file = Path(self.args.output_dir, "history.parquet")
            tables.write(self.history.table(), file)
        return outcome

    # What is asked

    def _get_train_sampler(self, dataset: Any = None) -> OrderedSampler:
        repeats = super()._get_train_sampler(dataset)
        self.sampler = OrderedSampler(
            dataset or self.train_dataset, self.order, self.history, repeats
        )
        return self.sampler

    def _calculate_rewards(self, inputs: Any, *args: Any) -> Tensor:
        scores = super()._calculate_rewards(inputs, *args)  # of all processes
        first = self.accelerator.process_index * len(inputs)
        self._scores = scores[first : first + len(inputs)]
        if self.model.training and "correct" in self.reward_func_names:
            ids = gather_object([row["id"] for row in inputs])
            self.history.count(self.sampler.epoch, ids, self._column(scores, "correct"))
        return scores

    # What is learnt from

    def _generate_and_score_completions(self, inputs: Any) -> Batch:
        if not self.model.training:
            return super()._generate_and_score_completions(inputs)
        size, strategy = self.num_generations, self.strategy
        if strategy.mirror_descent and self.optimizer:
            # Another centre is another problem: what Adam knew was of the last one.
            self.optimizer.state.clear()
        batch = self._sample(inputs)
        if strategy.refill_rounds:
            batch = self._refill(inputs, batch)
        if strategy.drop_dead_groups:
            live = self._find_live(batch).repeat_interleave(size)
            batch["completion_mask"] *= live[:, None]
        batch["advantages"] = self._estimate(batch)
        if strategy.scale_by_live_share:
            live = self._find_live(batch)
            share = self.accelerator.gather(live.float()).mean()
            batch["advantages"] = batch["advantages"] / share.clamp(min=1e-6)
        if strategy.keep_share < 1:
            batch = keep_strongest(batch, size, strategy.keep_share)
        # At least one: where nothing is learnt from, the loss is 0 and not 0/0.
        tokens = self._reduce(batch["completion_mask"].sum()).clamp(min=1)
        return batch | {"num_items_in_batch": tokens}

    def _sample(self, inputs: Any) -> Batch:
        """A batch of TRL's, with the rewards of its rows as `scores`, (B, rewards)."""
        batch = super()._generate_and_score_completions(inputs)
        return batch | {"scores": self._scores}

    def _estimate(self, batch: Batch) -> Tensor:
        """The advantages of the batch: (B,), or (B, T) where they differ by token."""
        strategy, mask = self.strategy, self._learnable(batch)
        totals = self._totals(batch)
        if strategy.advantage == "returns":
            rewards = advantages.token_rewards(
                totals, mask, self._kl(batch), strategy.kl_in_reward
            )
            lam = torch.ones_like(mask[:, :1], dtype=torch.float32)
            values = advantages.estimate_advantages(
                rewards, torch.zeros_like(rewards), mask, strategy.gamma, lam
            )
        elif strategy.advantage == "leave_one_out":
            totals = totals - strategy.kl_in_reward * (self._kl(batch) * mask).sum(1)
            values = advantages.leave_one_out(totals, self.num_generations)
        else:
            values = batch["advantages"]
        if not strategy.whiten:
            return values
        if values.dim() == 1:
            values = values[:, None] * mask
        return advantages.whiten(values, mask, self._reduce)

    def _totals(self, batch: Batch) -> Tensor:
        """The weighted sum of the rewards of each row; NaN where nothing is decided."""
        scores = batch["scores"]
        totals = (scores * self.reward_weights.to(scores)).nansum(1)
        return totals.masked_fill(scores.isnan().all(1), torch.nan)

    def _learnable(self, batch: Batch) -> Tensor:
        """The completion mask without the rows that the verifier could not decide."""
        decided = ~batch["scores"].isnan().all(1)
        return batch["completion_mask"] * decided[:, None]

    def _kl(self, batch: Batch) -> Tensor:
        """Log π - log π_ref of every token (the k1 estimator), before the update."""
        mask = batch["completion_mask"]
        if not self.strategy.kl_in_reward:
            return torch.zeros_like(mask, dtype=torch.float32)
        logps = batch.get("old_per_token_logps")
        if logps is None:
            with torch.no_grad():
                logps, *_ = self._get_per_token_logps_and_entropies(
                    self.model,
                    torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1),
                    torch.cat([batch["prompt_mask"], mask], 1),
                    mask.size(1),
                    batch_size=self.args.per_device_train_batch_size,
                )
        kl = (logps - batch["ref_per_token_logps"]) * mask
        mean = self._reduce(kl.sum()) / self._reduce(mask.sum()).clamp(min=1)
        self._metrics["train"]["kl"].append(mean.item())
        return kl

    # Refill (DAPO, eq. 11)

    def _refill(self, inputs: Any, batch: Batch) -> Batch:
        """`batch` with dead groups replaced by live ones of other problems.

        Sampling is collective: all processes sample as often, and as much, as the one
        that is short by most. A group that stays dead after the last round stays in.
        """
        size, wanted = self.num_generations, len(inputs) // self.num_generations
        live = self._find_live(batch)
        kept, dead = [take_groups(batch, live, size)], take_groups(batch, ~live, size)
        have = n_live = int(live.sum())
        n_sampled, rounds = wanted, 1
        others = self._draw_others(inputs)
        while rounds < self.strategy.refill_rounds:
            short = int(self._largest(wanted - have))
            if short <= 0:
                break
            share = max(-self._largest(-n_live / n_sampled), 1 / wanted)
            count = min(wanted, ceil(short / share))
            batch = self._sample([next(others) for _ in range(count * size)])
            live = self._find_live(batch)
            kept.append(take_groups(batch, live, size))
            have, n_live = have + int(live.sum()), n_live + int(live.sum())
            n_sampled, rounds = n_sampled + count, rounds + 1
        metrics = self._metrics["train"]
        metrics["refill/rounds"].append(rounds)
        metrics["refill/live_share"].append(self._mean(n_live / n_sampled))
        metrics["refill/short"].append(self._mean(max(0, wanted - have)))
        metrics["refill/sampled"].append(self._mean(n_sampled * size))
        whole = join([*kept, dead], self._tokenizer.pad_token_id)
        first = torch.arange(len(whole["advantages"]) // size, device=live.device)
        return take_groups(whole, first < wanted, size)

    def _find_live(self, batch: Batch) -> Tensor:
        column = self._column(batch["scores"], self.strategy.live_reward)
        bounds = self.strategy.live_range
        return advantages.find_live_groups(column, self.num_generations, bounds)

    def _column(self, scores: Tensor, name: str) -> Tensor:
        return scores[:, self.reward_func_names.index(name)]

    def _draw_others(self, inputs: Any) -> Iterator[Any]:
        """Rows for groups of problems that are not in `inputs`, endlessly.

        Their order is a function of the seed, the step and the process alone, so a
        resumed run draws the same.
        """
        here = {row["id"] for row in inputs}
        step = self.state.global_step * self.accelerator.num_processes
        generator = seeded(self.args.seed, step + self.accelerator.process_index)
        while True:
            order = torch.randperm(len(self.train_dataset), generator=generator)
            for row in map(self.train_dataset.__getitem__, order.tolist()):
                if row["id"] not in here or len(here) == len(self.train_dataset):
                    for _ in range(self.num_generations):
                        yield row

    # The loss

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        self._logps, *others = super()._get_per_token_logps_and_entropies(
            *args, **kwargs
        )
        return self._logps, *others

    def _compute_loss(self, model: Any, inputs: Batch) -> Tensor:
        beta = self.beta
        if self.strategy.kl_in_reward:
            self.beta = 0.0  # it has been paid for in the reward
        loss = super()._compute_loss(model, inputs)
        self.beta = beta
        if tau := self.strategy.mirror_descent:
            old = inputs.get("old_per_token_logps", self._logps.detach())
            loss = advantages.mirror_descent_loss(
                self._logps, old, inputs["completion_mask"], inputs["advantages"], tau
            )
            loss = loss / self.current_gradient_accumulation_steps
        if weight := self.strategy.positive_nll:
            is_right = self._column(inputs["scores"], "correct") > 0
            mask = inputs["completion_mask"] * is_right[:, None]
            nll = -(self._logps * mask).sum() / mask.sum().clamp(min=1)
            loss = loss + weight * nll / self.current_gradient_accumulation_steps
        return loss

    # Several processes

    def _reduce(self, value: Tensor) -> Tensor:
        return self.accelerator.reduce(value, reduction="sum")

    def _largest(self, value: float) -> float:
        local = torch.tensor([float(value)], device=self.accelerator.device)
        return float(self.accelerator.gather(local).max())

    def _mean(self, value: float) -> float:
        local = torch.tensor([float(value)], device=self.accelerator.device)
        return float(self.accelerator.gather(local).mean())

    # Checkpoints: ours first, because TRL writes the file that makes one complete last

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        name = f"checkpoint-{self.state.global_step}"
        folder = Path(self._get_output_dir(trial=trial), name)
        if self.args.should_save:
            folder.mkdir(parents=True, exist_ok=True)
            self._save_state(folder)
        super()._save_checkpoint(model, trial)

    def _load_from_checkpoint(self, folder: str, model: Any = None) -> None:
        super()._load_from_checkpoint(folder, model)
        self._load_state(Path(folder))

    def _save_state(self, folder: Path) -> None:
        self.history.write(folder / "history.json")

    def _load_state(self, folder: Path) -> None:
        self.history.read(folder / "history.json")
