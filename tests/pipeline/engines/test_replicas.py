"""Copies of an engine in processes of their own: one stream, nothing lost."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.engines._replicas import Replicas, _shares
from pipeline.engines.contract import Request, Sampling
from pipeline.errors import UserError
from pipeline.models import resolve
from pipeline.prompts import messages
from tests.support.tiny import tiny_model

HOW = Sampling(temperature=1.0, top_p=1.0, max_tokens=12)


@pytest.fixture(scope="module")
def copies():
    made = Replicas("transformers", resolve(tiny_model()), {"data_parallel_size": 2})
    yield made
    made.close()


def requests(count: int):
    for number in range(count):
        yield Request(messages(f"Compute {number}+1."), 10 * number, n=2)


def test_two_copies_give_what_one_gives(copies: Replicas):
    from pipeline.engines.transformers import Engine

    one = sorted(Engine(resolve(tiny_model()), {}).stream(requests(40), HOW))

    assert sorted(copies.stream(requests(40), HOW)) == one
    assert sorted(copies.stream(requests(40), HOW)) == one, "and again"
    assert list(copies.stream(requests(0), HOW)) == []


def test_a_copy_that_is_gone_ends_the_run_with_a_reason(copies: Replicas):
    copies.processes[0].kill()
    with pytest.raises(UserError, match=r"ended|failed"):
        list(copies.stream(requests(4000), HOW))


def test_a_mistake_in_a_copy_is_told_here():
    with pytest.raises(UserError, match=r"a copy of the engine failed: .*nonsense"):
        Replicas(
            "transformers",
            resolve(tiny_model()),
            {"data_parallel_size": 2, "nonsense": 1},
        )


ENDS = """
import os, signal, sys
from pathlib import Path
from pipeline.engines._replicas import Replicas
from pipeline.models import resolve

if __name__ == "__main__":
    model = resolve(Path(sys.argv[1]))
    copies = Replicas("transformers", model, {"data_parallel_size": 2})
    print(*[process.pid for process in copies.processes], flush=True)
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    kept_for_ever = sys.modules["__main__"].copies
    if sys.argv[2] == "failed":
        raise RuntimeError
"""


@pytest.mark.parametrize(
    ("end", "code"), [("left", 0), ("failed", 1), ("killed", -signal.SIGKILL)]
)
def test_copies_end_with_who_started_them(end: str, code: int, tmp_path: Path):
    script = tmp_path / "run.py"
    script.write_text(ENDS)
    done = subprocess.run(
        [sys.executable, str(script), str(tiny_model()), end],
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )

    assert done.returncode == code
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 30
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_alive, pids))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_devices_are_shared_out(monkeypatch: pytest.MonkeyPatch):
    import torch

    assert _shares(2, 1) == ["", ""], "no devices, nothing to share"
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert _shares(2, 2) == ["0,1", "2,3"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,6,5,4")
    assert _shares(2, 2) == ["7,6", "5,4"]
    with pytest.raises(UserError, match="need 6; 4 are here"):
        _shares(3, 2)
