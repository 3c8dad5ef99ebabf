import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.rounding import PROCESSOR

pytestmark = pytest.mark.skipif(
    not PROCESSOR.exists() or " avx2 " not in PROCESSOR.read_text(),
    reason="the processor is no x86-64 with AVX2",
)
# As in a stage: torch is imported, and has not added up anything yet.
SCRIPT = """
import sys
from pathlib import Path
import torch
from pipeline.rounding import round_alike
round_alike(*map(Path, sys.argv[1:]))
print(torch.backends.cpu.get_cpu_capability())
"""
HERE = Path(__file__).parents[2]


def capability(*folders: Path, **environment: str) -> str:
    """What torch computes with in a process that was told to round alike."""
    words = [sys.executable, "-c", SCRIPT, *map(str, folders)]
    unset = ("ATEN_CPU_CAPABILITY", "MKL_CBWR")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    done = subprocess.run(
        words,
        env=kept | environment,
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def model(folder: Path, size: int) -> Path:
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(size)
    return folder


def test_a_small_model_computes_with_what_every_processor_has(tmp_path: Path):
    assert capability(model(tmp_path / "small", 520_000)) == "AVX2"
    assert capability() == "AVX2"


def test_the_environment_goes_first():
    assert capability(ATEN_CPU_CAPABILITY="default") == "DEFAULT"


def test_a_large_model_and_one_from_the_hub_compute_as_fast_as_they_can(tmp_path: Path):
    fastest = capability(tmp_path / "absent")

    assert capability(model(tmp_path / "large", 1 << 30)) == fastest
    if "avx512f" in PROCESSOR.read_text():
        assert fastest != "AVX2"
