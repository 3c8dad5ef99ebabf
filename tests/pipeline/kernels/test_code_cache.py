"""Machine code is kept under the text of its sources, and found by every clone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.closure import import_closure
from pipeline.kernels.code_cache import _closure

KERNELS = sorted(Path("pipeline/kernels").glob("[a-z]*.py"))

RUN = """
import numpy as np
from pipeline.kernels import token_ngrams as module
codes, ends = np.arange(9, dtype=np.uint64), np.array([0, 4, 9])
assert len(module.token_ngrams(codes, ends, 2)[0]) == 7
stats = [each.stats for each in vars(module).values() if hasattr(each, "stats")]
count = lambda name: sum(sum(getattr(each, name).values()) for each in stats)
print("compiled" if count("cache_misses") else "found", count("cache_hits") > 0)
"""
ADD = """
import sys, numpy as np
from pipeline.kernels.hashing import fmix64
value = getattr(np, sys.argv[1])(1)
fmix64(value)
print("compiled" if fmix64.stats.cache_misses else "found")
"""


def clone(folder: Path) -> Path:
    """What a clone has of the kernels."""
    shutil.copytree("pipeline", folder / "pipeline")
    return folder


def start(folder: Path, cache: Path, code: str, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": ""}
    environment.pop("NUMBA_CACHE_DIR", None)
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        cwd=folder, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_that_there_is_something_to_compile_is_told_once_and_only_then(tmp_path: Path):
    told = [
        subprocess.run(
            [sys.executable, "-c", ADD, "uint64"],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stderr
        for _ in range(2)
    ]

    assert told == ["compiling kernels: once for this version, a minute or less\n", ""]


def run(folder: Path, cache: Path, code: str, *words: str) -> str:
    process = start(folder, cache, code, *words)
    return process.communicate()[0].strip()


def test_a_second_clone_compiles_nothing_until_its_kernels_are_edited(tmp_path: Path):
    first, second = clone(tmp_path / "first"), clone(tmp_path / "elsewhere/second")
    cache = tmp_path / "cache"

    assert run(first, cache, RUN) == "compiled False"
    assert run(second, cache, RUN) == "found True"

    with (second / "pipeline/kernels/layout.py").open("a") as unrelated:
        unrelated.write("# the table of hashes does not see this\n")
    assert run(second, cache, RUN) == "found True"

    with (second / "pipeline/kernels/hashing.py").open("a") as imported:
        imported.write("# the table of hashes holds copies of these functions\n")
    assert run(second, cache, RUN) == "compiled False"


def test_processes_that_compile_at_once_keep_the_code_of_each(tmp_path: Path):
    here, cache = Path.cwd(), tmp_path / "cache"
    kinds = ("uint64", "uint32", "int64")

    processes = [start(here, cache, ADD, kind) for kind in kinds]

    assert {process.communicate()[0].strip() for process in processes} == {"compiled"}
    for kind in kinds:
        assert run(here, cache, ADD, kind) == "found", kind


@pytest.mark.parametrize("file", KERNELS, ids=str)
def test_the_digest_of_a_kernel_is_of_all_kernels_that_it_imports(file: Path):
    imported = {each for each in import_closure([file]) if each in KERNELS}

    assert _closure(file.stem) == {each.stem for each in imported}
