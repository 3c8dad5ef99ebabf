"""Fine-tune a model on the traces that `select` chose (TRL's SFTTrainer).

    python -m trainers.sft --out models/sft data/export models/base

Only the completion is learnt, not the prompt. The section `sft` of the recipe owns
the seed and the number of rows; everything else is TRL's, under `trl`.
"""

import sys
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from pipeline import console
from pipeline.models import Model
from pipeline.settings import Settings
from trainers import training


class Params(Settings):
    """`trl` goes to SFTConfig; on a CPU, other threads give other rounding."""

    limit: int | None = Field(default=None, ge=1)
    seed: int = 0
    threads: int = Field(default=1, ge=1)
    trl: Annotated[dict[str, Any], AfterValidator(training.numbers)] = Field(default={})


def main() -> None:
    columns = ["prompt", "completion"]
    training.main("sft", Params, _train, table="sft.parquet", columns=columns)


def _train(params: Params, model: Model, dataset: Any) -> training.Trained:
    from trl import SFTConfig, SFTTrainer

    options = {"seed": params.seed, **params.trl}
    trainer = SFTTrainer(
        model=model.load,
        args=training.configure(SFTConfig, model, **options),
        train_dataset=dataset,
    )
    training.run(trainer)
    return trainer, {"loss": "loss"}


if __name__ == "__main__":
    sys.exit(console.run(main))
