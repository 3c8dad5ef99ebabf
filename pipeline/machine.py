"""What this machine has to offer: settings that cannot change the data.

params.yaml says what is computed, and DVC tracks it. How fast, and with how much
memory, is a matter of the machine: it stands in `machine.yaml`, which git and DVC do
not track (GOLDSIEVE_MACHINE names another file), or in the environment, which wins:

    PIPELINE_BACKEND=processes | ray               this machine, or a Ray cluster
    PIPELINE_WORKERS=8                             processes and threads; one per CPU
    GOLDSIEVE_CACHE=/big/disk/cache                what is kept between runs
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from pipeline import recipe
from pipeline.errors import UserError
from pipeline.settings import Settings

MACHINE = Path("machine.yaml")
UNSET = "unset it, or write that file: docs/configuration.md"
ENVIRONMENT = {"backend": "PIPELINE_BACKEND", "workers": "PIPELINE_WORKERS"}


class Machine(Settings):
    """The sections of machine.yaml, all of which may be left out.

    `memory_mb` bounds the n-grams and band keys that lie in memory; what is beyond it
    goes to files. `concurrency` is how many questions a model behind an endpoint is
    asked at once. `engine` holds options of the sampling engine that change its speed
    and nothing else: `tensor_parallel_size`, `gpu_memory_utilization`, `max_num_seqs`.
    """

    backend: Literal["processes", "ray"] = "processes"
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)
    memory_mb: int = Field(default=8192, ge=1)
    concurrency: int = Field(default=16, ge=1)
    engine: dict[str, Any] = Field(default_factory=dict)


def machine() -> Machine:
    """The settings of this machine; UserError that names the line of a mistake."""
    named = os.environ.get("GOLDSIEVE_MACHINE")
    file = Path(named or MACHINE)
    if named and not file.exists():
        raise UserError(f"GOLDSIEVE_MACHINE={named} does not exist", hint=UNSET)
    written = file.read_bytes() if file.exists() else None
    return _read(file, written, *map(os.environ.get, ENVIRONMENT.values()))


@lru_cache(maxsize=8)
def _read(file: Path, written: bytes | None, *values: str | None) -> Machine:
    """Kernels ask for each shard; what is `written` in `file` is checked once."""
    sections = {} if written is None else recipe.read(file)
    settings = recipe.check(Machine, sections, "", file)
    for (name, variable), value in zip(ENVIRONMENT.items(), values, strict=True):
        if value:
            given = recipe.check(Machine, {name: value}, "", Path(variable))
            settings = settings.model_copy(update={name: getattr(given, name)})
    return settings


def cache_folder(name: str) -> Path:
    """The folder `name` of what is kept between runs; GOLDSIEVE_CACHE moves it."""
    return Path(os.environ.get("GOLDSIEVE_CACHE") or ".cache") / name
