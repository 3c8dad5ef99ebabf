"""Who may write: one process at a time, named to those who wait, and no dead one."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import owners
from pipeline.errors import UserError
from pipeline.owners import owning

OWNS = """
import sys, time
from pathlib import Path
from pipeline.owners import owning
with owning(Path(sys.argv[1])):
    print("owned", flush=True)
    {work}
"""


def start_owner(store: Path, work: str = "time.sleep(60)") -> subprocess.Popen[str]:
    """A process that owns `store` by now."""
    command = [sys.executable, "-c", OWNS.format(work=work), str(store)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "owned\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_who_comes_second_is_told_who_owns_the_store_and_since_when(tmp_path: Path):
    first = start_owner(tmp_path / "store")
    with pytest.raises(UserError) as error, owning(tmp_path / "store", patience_s=0.2):
        pytest.fail("two own one store")
    end(first)

    who = f"process {first.pid} ({sys.executable} -c "
    assert str(error.value).startswith(f"{tmp_path}/store is owned by {who}")
    assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)$", str(error.value))
    assert "end it" in error.value.hint


def test_who_waits_says_so_and_goes_on_when_the_owner_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(owners, "TELL_S", 0.1)
    first = start_owner(tmp_path / "store", "time.sleep(0.5)")
    with owning(tmp_path / "store"):
        assert first.wait(10) == 0

    assert f"owned by process {first.pid} " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [], "nothing is left beside the store"


def test_a_killed_owner_owns_nothing(tmp_path: Path):
    first = start_owner(tmp_path / "store")
    end(first)
    record = tmp_path / ".store.owner"
    assert f'"pid": {first.pid}' in record.read_text()

    with owning(tmp_path / "store", patience_s=0):
        assert f'"pid": {os.getpid()}' in record.read_text()


@pytest.mark.parametrize(
    "child",
    [
        "import subprocess; subprocess.Popen(['sleep', '60'])",
        "import os; os.fork() or time.sleep(60)",
    ],
    ids=["exec", "fork"],
)
def test_no_child_of_the_owner_inherits_what_it_owns(tmp_path: Path, child: str):
    work = f"{child}; print('started', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", OWNS.format(work=work), str(tmp_path / "store")]
    first = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert first.stdout
    assert [first.stdout.readline() for _ in range(2)] == ["owned\n", "started\n"]
    try:
        first.kill()
        first.wait()
        # A child lets go as it begins, which may be a moment later.
        with owning(tmp_path / "store", patience_s=10):
            pass
    finally:
        os.killpg(first.pid, signal.SIGKILL)


def test_two_threads_of_one_process_are_two_owners(tmp_path: Path):
    with (
        owning(tmp_path / "store"),
        pytest.raises(UserError, match=f"process {os.getpid()} "),
        owning(tmp_path / "store", patience_s=0),
    ):
        pytest.fail("two own one store")


ADDS = """
import sys
from pathlib import Path
from pipeline.owners import owning
file = Path(sys.argv[1])
for _ in range(50):
    with owning(file):
        file.write_text(str(int(file.read_text()) + 1))
"""


def test_of_many_processes_one_at_a_time_owns_a_store(tmp_path: Path):
    file = tmp_path / "count"
    file.write_text("0")
    start = time.monotonic()
    command = [sys.executable, "-c", ADDS, str(file)]
    processes = [subprocess.Popen(command) for _ in range(4)]

    assert [process.wait(60) for process in processes] == [0] * 4
    assert file.read_text() == "200"
    assert time.monotonic() - start < 30
