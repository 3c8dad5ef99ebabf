"""Limits are of CPU time: what is used counts, whoever used it, and nothing else."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pipeline.sandbox.contract import TOLERANCE, Limits
from pipeline.sandbox.run import run_python
from tests.support.ordinary_user import run_as_user

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
BACKENDS = ["pool", "oneshot"]
# Programs that use 0.3 s, each in its own way.
SPIN = "def spin(s):\n    import time\n    while time.process_time() < s: pass\n"
SPENDERS = {
    "itself": "spin(0.3)",
    "a child it waits for": "import os\nif os.fork() == 0: spin(0.3); os._exit(0)\n"
    "os.wait()",
    "two children at once": "import os\nfor _ in range(2):\n"
    "    if os.fork() == 0: spin(0.15); os._exit(0)\nos.wait(); os.wait()",
    "an orphan": "import os\nif os.fork() == 0:\n"
    "    if os.fork() == 0: spin(0.3)\n    os._exit(0)\nimport time\ntime.sleep(3)",
    "threads": "import threading\n"
    "t = [threading.Thread(target=spin, args=(0.3,)) for _ in range(4)]\n"
    "for x in t: x.start()\nfor x in t: x.join()",
    "another program": "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', 'import time\\n'\n"
    "'while time.process_time() < 0.3: pass'])",
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", SPENDERS)
def test_all_cpu_time_counts_whoever_uses_it(name: str, backend: str, monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)
    limits = Limits(cpu_s=0.27 / TOLERANCE, idle_s=4)

    run = run_python(SPIN + SPENDERS[name], limits=limits)

    assert (run.ended, 0.27 < run.cpu_s < 0.9) == ("cpu_limit", True)


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_both_sandboxes_hold_as_many_files(folder: str, monkeypatch):
    program = (
        "n = 0\ntry:\n    while n < 20000:\n"
        f"        open(f'{folder}/{{n}}', 'w').close(); n += 1\n"
        "except OSError: pass\nprint(n)"
    )
    counts = {}
    for backend in BACKENDS:
        monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)
        counts[backend] = int(run_python(program).stdout)

    # One of 16,384 is the folder itself.
    assert counts == dict.fromkeys(BACKENDS, 16_383)


def test_what_is_used_between_two_looks_counts():
    run = run_python(SPIN + "spin(0.09)", limits=Limits(cpu_s=0.05))

    assert run.ended == "cpu_limit"


def test_sleep_costs_no_cpu_time_and_is_bounded_by_itself():
    nap = "import time\ntime.sleep({})\nprint('done')"

    short = run_python(nap.format(0.5), limits=Limits(cpu_s=0.1, idle_s=5))
    long = run_python(nap.format(60), limits=Limits(cpu_s=0.1, idle_s=0.5))

    assert (short.ended, short.stdout) == ("exited", b"done\n")
    assert (long.ended, long.stdout) == ("idle_limit", b"")


def test_starting_a_sandbox_costs_the_program_nothing(monkeypatch):
    for backend in ("pool", "oneshot"):
        monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)

        assert run_python("").cpu_s < 0.05


@pytest.mark.parametrize("hogs", [2, 40])
def test_a_busy_machine_makes_no_honest_program_false(hogs: int, monkeypatch):
    """0.27 of 0.3 s, and no more idle time than a quiet machine would need."""
    program = SPIN + "spin(0.27)\nprint('done')"
    with busy(hogs):
        for backend in ("pool", "oneshot"):
            monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)
            run = run_python(program, limits=Limits(cpu_s=0.3, idle_s=2))

            assert (run.ended, run.stdout) == ("exited", b"done\n")


NEAR_THE_LIMIT = """
import os
from pipeline.sandbox.contract import Limits
from pipeline.sandbox.run import run_python
for backend in ("pool", "oneshot"):
    os.environ["GOLDSIEVE_SANDBOX"] = backend
    run = run_python({program!r}, limits=Limits(cpu_s=0.3, idle_s=2))
    print(os.getuid(), backend, run.ended, run.stdout)
"""


def test_nor_for_an_ordinary_user():
    program = SPIN + "spin(0.27)\nprint('done')"
    with busy(2):
        lines, errors = run_as_user(NEAR_THE_LIMIT.format(program=program))

    expected = [f"65534 {backend} exited b'done\\n'" for backend in BACKENDS]
    assert (lines, errors) == (expected, "")


@contextmanager
def busy(hogs: int) -> Iterator[None]:
    command = ["/bin/sh", "-c", "while :; do :; done"]
    processes = [subprocess.Popen(command) for _ in range(hogs)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
