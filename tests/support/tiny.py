"""A real little language model for tests: built in seconds, once a process."""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from stages.model import Params, Tiny, build


@cache
def tiny_model(steps: int = 60) -> Path:
    """A model folder as the stage `model` writes it, after `steps` steps."""
    folder = Path(mkdtemp(prefix="goldsieve-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build(Params(kind="tiny", tiny=Tiny(rows=2000, steps=steps)), folder)
    return folder
