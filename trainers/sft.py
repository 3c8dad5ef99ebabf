"""Fine-tune a model on the traces that `select` chose (TRL's SFTTrainer).

    python -m trainers.sft --out models/sft data/export models/base

Only the completion is learnt, not the prompt. What `max_length` cuts is counted: a
trace without its end teaches no answer, and TRL cuts it without a word.
"""

import copy
import sys
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import polars as pl
from pydantic import Field

from pipeline import console
from pipeline.errors import UserError
from trainers import runs, training


class Params(training.TrainerParams):
    """`trl` goes to SFTConfig.

    `max_cut_share` is the share of traces that may be longer than `trl.max_length`.
    The problems of `heldout_share` are not learnt: the mean negative log-likelihood of
    their tokens is told before and after. The learning rate goes as in a run of
    `schedule_epochs`, of which `trl.num_train_epochs` are run.
    """

    max_cut_share: float = Field(default=0.01, ge=0, le=1)
    heldout_share: float = Field(default=0.0, ge=0, lt=1)
    schedule_epochs: int | None = Field(default=None, ge=1)


def main() -> None:
    columns = ["id", "prompt", "completion"]
    training.main("sft", Params, _train, table="sft.parquet", columns=columns)


def _train(run: runs.Run) -> runs.Trained:
    if not runs.is_done(run.folder):
        trainer = _build(run)
        counts = _check_lengths(trainer, run.rows.height, run.params.max_cut_share)
        runs.fit(trainer, run.folder, run.model, {"loss": "loss"}, counts)
    return runs.read_trained(run.folder, "loss")


def _build(run: runs.Run) -> Any:
    """An SFTTrainer that counts what `max_length` cuts before it cuts."""
    from trl import SFTConfig, SFTTrainer

    class CountingTrainer(SFTTrainer):
        n_cut = n_dropped = 0

        def _prepare_dataset(
            self, dataset: Any, tokenizer: Any, args: Any, packing: bool, *more: Any
        ) -> Any:
            whole = copy.copy(args)
            whole.max_length, whole.shuffle_dataset = None, False
            dataset = super()._prepare_dataset(dataset, tokenizer, whole, False, *more)
            for labels in dataset["labels"] if args.max_length else ():
                self.n_cut += len(labels) > args.max_length
                self.n_dropped += max(labels[: args.max_length]) < 0
            return super()._prepare_dataset(dataset, tokenizer, args, packing, *more)

        def create_scheduler(self, num_training_steps: int, *more: Any) -> Any:
            longer = (params.schedule_epochs or 0) / self.args.num_train_epochs
            steps = round(num_training_steps * max(1, longer))
            return super().create_scheduler(steps, *more)

    params = run.params
    heldout = run.rows["id"].map_elements(_draw, pl.Float64) < params.heldout_share
    learnt, rest = (run.rows.filter(part).drop("id") for part in (~heldout, heldout))
    # What a held-out problem costs before the first step is in the log, too.
    options = params.trl | {"eval_on_start": not rest.is_empty()}
    given = training.arguments(replace(run, rows=learnt), SFTConfig, **options)
    _check_packing(given["args"])
    evaluated = None if rest.is_empty() else training.dataset(rest)
    return CountingTrainer(**given, eval_dataset=evaluated)


def _check_packing(config: Any) -> None:
    if config.packing and config.packing_strategy == "wrapped":
        raise UserError(
            "sft.trl.packing_strategy: `wrapped` lets a trace see the one before it",
            hint="`bfd` keeps them apart",
        )
    if config.padding_free and not config.packing and config.max_length is not None:
        raise UserError(
            "sft.trl.padding_free ignores max_length, which is "
            f"{config.max_length}; set it to null, or packing to true"
        )


def _check_lengths(trainer: Any, rows: int, max_share: float) -> dict[str, int]:
    """Count the traces that are cut, and those of which nothing would be learnt.

    UserError where they are more than `max_share` of the rows, or none is left.
    """
    length = trainer.args.max_length
    if trainer.n_cut > max_share * rows or trainer.n_dropped == rows:
        raise UserError(
            f"sft.trl.max_length of {length} cuts {trainer.n_cut} of {rows} traces, "
            f"{trainer.n_dropped} of them before the completion begins",
            hint="raise sft.trl.max_length, shorten the traces in `select`, or allow "
            "it with sft.max_cut_share",
        )
    return {"cut": trainer.n_cut, "left_out": trainer.n_dropped}


def _draw(name: str) -> float:
    """A number in [0, 1) for each problem, whatever else is in the table."""
    return int.from_bytes(blake2b(name.encode(), digest_size=4).digest()) / 2**32


if __name__ == "__main__":
    sys.exit(console.run(main))
