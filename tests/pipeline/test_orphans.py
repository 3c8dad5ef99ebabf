"""No process outlives who needs it: real ones, killed one by one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

ENDED_S = 5.0

# A stage with a worker that computes in C, deaf to all but the kernel, and with a
# process that is spawned as vLLM spawns its engines.
STAGE = """
import multiprocessing, os, sys, time
from contextlib import closing
from pipeline import console
from pipeline.parallel import Pool

def hang(batch):
    print(os.getpid(), flush=True)
    10 ** 10 ** 10

def main():
    spawn = multiprocessing.get_context("spawn").Process
    engine = spawn(target=time.sleep, args=[600])
    engine.start()
    print(os.getpid(), engine.pid, flush=True)
    with closing(Pool(hang, limit_s=600)) as pool:
        list(pool.each([1], 1))
"""
# `python -m stage` with the spec of `python -m pipeline`, whose `__main__` no spawned
# process imports.
START = """
import sys, importlib.util
sys.modules["__main__"].__spec__ = importlib.util.find_spec("pipeline.__main__")
from pipeline import console
import stage
console.run(stage.main)
"""
DVC = """
import os, subprocess
command = [os.environ["SHELL"], "-c", os.environ["STAGE"]]
subprocess.run(command, env=os.environ | {"DVC_STAGE": "stage"})
"""


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def running(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[int]]:
    """The processes of a run: DVC's, the stage's, its engine's and its worker's.

    `request.param` is the shell by which DVC runs a stage.
    """
    (tmp_path / "stage.py").write_text(STAGE)
    (tmp_path / "start.py").write_text(START)
    environment = os.environ | {
        "PYTHONPATH": f"{tmp_path}:{os.getcwd()}",
        "STAGE": f"{sys.executable} {tmp_path}/start.py",
        "SHELL": request.param,
        "PIPELINE_WORKERS": "1",
    }
    dvc = subprocess.Popen(
        [sys.executable, "-c", DVC], env=environment, stdout=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert dvc.stdout
    lines = dvc.stdout.readline() + dvc.stdout.readline()
    pids = [dvc.pid, *map(int, lines.split())]
    assert len(pids) == 4
    time.sleep(0.2)  # the worker computes
    assert all(map(is_alive, pids))
    yield pids
    with suppress(ProcessLookupError):
        os.killpg(dvc.pid, signal.SIGKILL)
    dvc.communicate()


def wait_until_gone(pids: list[int]) -> list[int]:
    """Those that are still there after ENDED_S."""
    end = time.monotonic() + ENDED_S
    while (left := [*filter(is_alive, pids)]) and time.monotonic() < end:
        time.sleep(0.05)
    return left


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux kills them")
@pytest.mark.parametrize("running", ["/bin/bash", "/bin/sh"], indirect=True)
def test_all_end_when_dvc_alone_is_killed(running: list[int]):
    dvc, *others = running
    os.kill(dvc, signal.SIGKILL)

    assert wait_until_gone(others) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux kills them")
@pytest.mark.parametrize("running", ["/bin/bash"], indirect=True)
def test_all_end_when_the_stage_alone_is_killed(running: list[int]):
    _, stage, *others = running
    os.kill(stage, signal.SIGKILL)

    assert wait_until_gone(others) == []


@pytest.mark.parametrize("running", ["/bin/bash"], indirect=True)
def test_all_end_when_the_group_of_processes_is_killed(running: list[int]):
    os.killpg(running[0], signal.SIGKILL)

    assert wait_until_gone(running[1:]) == []


PROGRAM = """
from pipeline.sandbox.contract import Limits
from pipeline.sandbox.run import run_python
run_python("while True: pass", limits=Limits(cpu_s=60))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sandboxes are of Linux")
@pytest.mark.parametrize("kind", ["", "none"], ids=["sandboxed", "unprotected"])
def test_a_program_that_never_ends_ends_with_who_had_it_run(kind: str):
    host = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"GOLDSIEVE_SANDBOX": kind}
    )
    busy: list[int] = []
    for _ in range(200):
        below = psutil.Process(host.pid).children(recursive=True)
        busy = [each.pid for each in below if each.cpu_times().user > 0.2]
        if busy:
            break
        time.sleep(0.05)
    assert busy, "no program runs"
    host.kill()
    host.wait()

    assert wait_until_gone([each.pid for each in below]) == []


def test_a_stage_whose_dvc_is_gone_before_it_looks_ends_at_once():
    orphan = (
        "import os, time; os.fork() and os._exit(0); os.setsid(); time.sleep(0.2)\n"
        "from pipeline import console; console.run(lambda: print('at work'))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", orphan], env=os.environ | {"DVC_STAGE": "stage"},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    assert ran.stdout == ""


def test_what_a_person_starts_may_outlive_its_shell():
    command = f'{sys.executable} -c "{OUTLIVES}" &'
    ran = subprocess.run(
        ["/bin/sh", "-c", command], stdout=subprocess.PIPE, text=True, timeout=30
    )

    assert ran.stdout == "at work\n"


OUTLIVES = (
    "import time; from pipeline import console; "
    "console.run(lambda: (time.sleep(0.3), print('at work')))"
)
