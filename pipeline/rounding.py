"""Arithmetic that rounds alike on every x86-64 processor.

torch and MKL choose their kernels by the processor, and each kind adds up in an order
of its own: weights then differ in their last bits, and some rows of the demo with them.
"""

import os
from pathlib import Path

SMALL = 10_000_000  # parameters
BYTES = 4  # of a parameter
PROCESSOR = Path("/proc/cpuinfo")


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
        os.environ.setdefault("ATEN_CPU_CAPABILITY", "avx2")
        os.environ.setdefault("MKL_CBWR", "COMPATIBLE")
