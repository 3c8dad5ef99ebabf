"""Arithmetic that rounds alike on every x86-64 processor.

torch and MKL choose their kernels by the processor, and each kind adds up in an order
of its own: weights then differ in their last bits, and some rows of the demo with them.
"""

import os
from pathlib import Path

SMALL = 10_000_000  # parameters
BYTES = 4  # of a parameter
PROCESSOR = Path("/proc/cpuinfo")
KERNELS = {"ATEN_CPU_CAPABILITY": "avx2", "MKL_CBWR": "COMPATIBLE"}


def round_alike(folder: Path | None = None) -> None:
    """Keep this process to kernels that every x86-64 processor since 2013 has.

    It has to come before torch's first sum, and does nothing on other processors. The
    model in `folder`, if one is given, has to be small: a large one would be several
    times slower, a small one is a quarter in training and nothing in sampling. What the
    environment says goes first.
    """
    if folder is not None:
        sizes = [file.stat().st_size for file in folder.glob("*.safetensors")]
        if not 0 < sum(sizes) < SMALL * BYTES:
            return
    if PROCESSOR.exists() and " avx2 " in PROCESSOR.read_text():
        _choose_kernels({n: KERNELS[n] for n in KERNELS if n not in os.environ})


def _choose_kernels(environment: dict[str, str]) -> None:
    """Have torch and MKL read this environment, which they do once.

    Processes that are started from here must not: vLLM's server picks tokens that its
    grammar forbids with kernels other than its processor's.
    """
    import torch

    os.environ |= environment
    torch.backends.cpu.get_cpu_capability()
    torch.ones(64, 64) @ torch.ones(64, 64)
    for name in environment:
        del os.environ[name]
