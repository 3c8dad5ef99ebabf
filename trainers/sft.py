"""Fine-tune a model on the traces that `select` chose (TRL's SFTTrainer).

    python -m trainers.sft --out models/sft data/export models/base

Only the completion is learnt, not the prompt. The section `sft` of the recipe owns
the seed and the number of rows; everything else is TRL's, under `trl`.
"""

import sys
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from pipeline import console
from pipeline.recipe import load
from pipeline.settings import Settings
from trainers import training


class Params(Settings):
    """`trl` goes to SFTConfig; on a CPU, other threads give other rounding."""

    limit: int | None = Field(default=None, ge=1)
    seed: int = 0
    threads: int = Field(default=1, ge=1)
    trl: Annotated[dict[str, Any], AfterValidator(training.numbers)] = Field(default={})


def main() -> None:
    given = training.arguments(__doc__.splitlines()[0])
    params = load(Params, "sft")
    if params is None:
        training.off(given)
        return
    columns = ["prompt", "completion"]
    inputs = training.inputs(given, "sft.parquet", columns, limit=params.limit)
    if inputs is None:
        return
    model, table = inputs

    import torch
    from trl import SFTConfig, SFTTrainer

    torch.set_num_threads(params.threads)
    options = {"seed": params.seed, **params.trl}
    trainer = SFTTrainer(
        model=model.load,
        args=training.configure(SFTConfig, model, **options),
        train_dataset=training.dataset(table),
    )
    training.run(trainer)

    training.save(trainer, given.out, name=f"{model.name}-sft")
    losses = training.history(trainer, {"loss": "loss"})
    training.report(given.plots, losses)
    training.report(
        given.metrics,
        {
            "model": model.title,
            "rows": table.height,
            "steps": trainer.state.global_step,
            "first_loss": training.mean(losses[:10], "loss"),
            "last_loss": training.mean(losses[-10:], "loss"),
        },
    )


if __name__ == "__main__":
    sys.exit(console.run(main))
