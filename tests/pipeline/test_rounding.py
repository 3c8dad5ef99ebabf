import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.rounding import KERNELS, PROCESSOR

pytestmark = pytest.mark.skipif(
    not PROCESSOR.exists() or " avx2 " not in PROCESSOR.read_text(),
    reason="the processor is no x86-64 with AVX2",
)
# As in a stage: torch is imported, and has not added up anything yet.
SCRIPT = """
import hashlib, os, sys
from pathlib import Path
import torch
from pipeline.rounding import KERNELS, round_alike
if sys.argv[1] == "alike":
    round_alike(*map(Path, sys.argv[2:]))
    print(*(KERNELS.keys() & os.environ.keys()))
else:
    print()
product = torch.rand(300, 300, generator=torch.Generator().manual_seed(0)) ** 2
product = product @ product
print(torch.backends.cpu.get_cpu_capability())
print(hashlib.md5(product.numpy().tobytes()).hexdigest())
"""
HERE = Path(__file__).parents[2]


def compute(how: str, *folders: Path, **environment: str) -> list[str]:
    """What children would inherit, what torch computes with, and a product's digest."""
    words = [sys.executable, "-c", SCRIPT, how, *map(str, folders)]
    kept = {name: value for name, value in os.environ.items() if name not in KERNELS}
    done = subprocess.run(
        words,
        env=kept | environment,
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def model(folder: Path, size: int) -> Path:
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(size)
    return folder


def test_a_small_model_computes_with_what_every_processor_has(tmp_path: Path):
    chosen = compute("as it is", **KERNELS)

    assert chosen[1] == "AVX2"
    assert compute("alike", model(tmp_path / "small", 520_000)) == chosen
    assert compute("alike") == chosen


def test_the_environment_goes_first():
    assert compute("alike", ATEN_CPU_CAPABILITY="default")[1] == "DEFAULT"


def test_a_large_model_and_one_from_the_hub_compute_as_fast_as_they_can(tmp_path: Path):
    fastest = compute("as it is")

    assert compute("alike", model(tmp_path / "large", 1 << 30)) == fastest
    assert compute("alike", tmp_path / "of the hub") == fastest
    if " avx512f " in PROCESSOR.read_text():
        assert fastest != compute("alike")
