"""Where a run's checkpoints lie, so that a killed run goes on and another starts anew.

The folder is named by what decides the result: the section of the recipe, the table,
the model and the number of processes. It goes once the trained model is saved.
"""

import json
import os
from hashlib import blake2b
from pathlib import Path

from pipeline.machine import cache_folder
from pipeline.models import Model
from pipeline.settings import Settings


def run_folder(section: str, params: Settings, table: Path, model: Model) -> Path:
    """The folder of the run of `section` with `params` on `table` from `model`."""
    digest = blake2b(table.read_bytes(), digest_size=12)
    world_size = os.environ.get("WORLD_SIZE", "1")
    decides = [params.model_dump(mode="json"), model.load, model.revision, world_size]
    digest.update(json.dumps(decides, sort_keys=True).encode())
    return cache_folder("trainers") / f"{section}-{digest.hexdigest()}"


def latest_checkpoint(folder: Path) -> str | None:
    """The newest complete checkpoint in `folder`, as a Trainer resumes from it.

    The Trainer writes `trainer_state.json` last: without it a checkpoint is cut off.
    """
    complete = [file.parent for file in folder.glob("checkpoint-*/trainer_state.json")]
    newest = max(complete, key=lambda path: int(path.name.split("-")[1]), default=None)
    return str(newest) if newest else None
