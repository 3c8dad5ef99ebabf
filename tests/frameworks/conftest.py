"""Environments of other frameworks, and the export that they are given."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline.prompts import Prompt
from pipeline.traces.candidates import CHOSEN
from stages import verify
from stages.export import Params, build
from tests.support.rows import problems

HERE = Path(__file__).parents[2]
ENVIRONMENTS = HERE / ".cache" / "frameworks"


def environment(name: str) -> Path:
    """The programs of a framework's environment; a test without it is skipped."""
    folder = ENVIRONMENTS / name / "bin"
    if not (folder / "python").exists():
        pytest.skip(f"there is no {folder} (make test-frameworks builds it)")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Runs a program in an environment; its output, or a failure with all of it."""

    def run(*command: object, **variables: str) -> str:
        program = Path(str(command[0]))
        own = {
            "PYTHONPATH": str(HERE),
            "PATH": f"{program.parent}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            list(map(str, command)),
            env=os.environ | own | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-5000:]
        return done.stdout

    return run


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """1+1 to 1+8 in every format, the last one first, and a system message.

    The gold answer to 1+1 is missing: no completion of it can be decided.
    """
    numbers = range(1, 9)
    rows = problems(
        *(f"What is 1+{n}?" for n in numbers),
        answer=[None if n == 1 else str(1 + n) for n in numbers],
        meta=[f'{{"level": "{n}"}}' for n in numbers],
    ).with_columns(
        chosen=pl.lit(None, CHOSEN),
        pass_rate=pl.Series([n / 8 for n in numbers]),
        n_samples=pl.lit(8, pl.UInt32),
        n_correct=pl.Series(numbers, dtype=pl.UInt32),
        curriculum_rank=pl.Series([8 - n for n in numbers], dtype=pl.UInt32),
        traces=pl.lit(None, verify.COLUMNS["traces"]),
        leaking_traces=pl.lit(None, pl.List(pl.UInt32)),
    )
    prompt = Prompt(system="Think.", suffix="Box it.")
    folder = tmp_path / "export"
    formats = ("trl", "verl", "openrlhf", "verifiers")
    build(Params(formats=formats, prompt=prompt), folder, rows)
    return folder
