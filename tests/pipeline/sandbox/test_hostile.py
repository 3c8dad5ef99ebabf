"""Hostile programs in both sandboxes: contained, and nothing left of them."""

import os
import platform
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.sandbox.contract import MB, Limits
from pipeline.sandbox.pool import FIRST_USER
from pipeline.sandbox.run import run_python
from tests.support.hostile import HOSTILE

pytestmark = [
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap here"),
    pytest.mark.skipif(
        platform.machine() != "x86_64", reason="the numbers of calls are x86_64's"
    ),
]
SHORT = Limits(cpu_s=0.5, idle_s=0.7, memory_mb=256, output_bytes=MB)
LONG = replace(SHORT, cpu_s=1.0)
NEXT = "import os\nprint(sorted(os.listdir('/tmp') + os.listdir('/dev/shm')))\n"
NEXT += "print(sum(name.isdigit() for name in os.listdir('/proc')))"


@pytest.mark.parametrize("backend", ["pool", "oneshot"])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_contained(name: str, backend: str, monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)
    limits = LONG if "filler" in name or "memory bomb" in name else SHORT
    before = sandboxed_processes()
    start = time.monotonic()

    run = run_python(HOSTILE[name], limits=limits)

    assert time.monotonic() - start < 30
    assert b"BREACH" not in run.stdout + run.stderr + run.channel
    assert len(run.stdout) <= SHORT.output_bytes
    assert len(run.stderr) <= SHORT.output_bytes
    assert not find_left_over(before)
    assert not list(Path("/dev/shm").glob("goldsieve*"))
    then = run_python(NEXT)
    assert (then.exit_code, then.stdout) == (0, b"[]\n2\n")


def find_left_over(before: set[int]) -> set[int]:
    """What came and has not gone, half a minute later if need be.

    Other tests on this machine come and go; what a program left behind stays.
    """
    left, end = sandboxed_processes() - before, time.monotonic() + 30
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left &= sandboxed_processes()
    return left


def sandboxed_processes() -> set[int]:
    """Processes of sandboxed users, or of this user and seen from a sandbox."""
    processes = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            user = folder.stat().st_uid
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        is_ours = user == os.getuid() and (b"/job/" in command or b"daemon" in command)
        if user >= FIRST_USER or is_ours:
            processes.add(int(folder.name))
    return processes
