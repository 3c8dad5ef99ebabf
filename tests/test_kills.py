"""Eight kills at random moments, each followed by `dvc repro`; the short form of
`benchmarks/kill_demo.py`, which says what is checked."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere orphans take longer")
def test_eight_kills_change_no_byte_and_nothing_finished_is_done_twice():
    ran = subprocess.run(
        [sys.executable, "benchmarks/kill_demo.py", "--moments", "8"],
        cwd=HERE, capture_output=True, text=True,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-5000:]
    assert ran.stdout.endswith("no mistake\n")
