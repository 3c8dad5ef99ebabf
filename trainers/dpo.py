"""Prefer right traces to wrong ones of the same problem (TRL's DPOTrainer).

    python -m trainers.dpo --out models/dpo data/export models/base models/sft

Reads preferences.parquet of the export (`formats: [trl, dpo]`). `trl: {loss_type:
[sigmoid]}` is DPO, `[nca_pair]` is NCA, as Light-R1 trained; all else is TRL's.
"""

import sys

from pipeline import console
from trainers import runs, training


class Params(training.TrainerParams):
    """`trl` goes to DPOConfig."""


def main() -> None:
    columns = ["prompt", "chosen", "rejected"]
    training.main("dpo", Params, _train, table="preferences.parquet", columns=columns)


def _train(run: runs.Run) -> runs.Trained:
    from trl import DPOConfig, DPOTrainer

    if not runs.is_done(run.folder):
        given = training.arguments(run, DPOConfig, **run.params.trl)
        runs.fit(DPOTrainer(**given), run.folder, run.model, LOGGED)
    return runs.read_trained(run.folder, "loss")


LOGGED = {
    "loss": "loss",
    "rewards/accuracies": "accuracy",
    "rewards/margins": "margin",
}


if __name__ == "__main__":
    sys.exit(console.run(main))
