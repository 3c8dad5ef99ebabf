"""What an untrusted program can and cannot do. Real bubblewrap, real programs."""

import shutil
import time
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.sandbox import groups, pool
from pipeline.sandbox.contract import PROCESSES, Limits, Run
from pipeline.sandbox.run import run_python

pytestmark = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed"
)
SHORT = Limits(cpu_s=2, idle_s=2)


def test_a_program_reads_its_input_and_is_read():
    run = run_python(
        "import os, sys\n"
        "print(sys.stdin.read().upper())\n"
        "print('no', file=sys.stderr)\n"
        "os.write(int(os.environ['GOLDSIEVE_FD']), b'result')",
        stdin=b"hello",
    )

    assert run == Run(0, b"HELLO\n", b"no\n", b"result", "exited")


def test_a_megabyte_passes_both_ways():
    text = b"x" * 1_000_000
    run = run_python("import sys; print(sys.stdin.read(), end='')", stdin=text)

    assert run.stdout == text


@pytest.mark.parametrize(
    ("name", "program", "message"),
    [
        (
            "network",
            "import socket; socket.create_connection(('127.0.0.1', 80), 2)",
            "Error",
        ),
        (
            "outside",
            "import socket; socket.create_connection(('1.1.1.1', 80), 2)",
            "not supported",
        ),
        ("write", "open('/usr/evil', 'w')", "Read-only"),
        ("root", "open('/evil', 'w')", "Read-only"),
        ("itself", "open('/job/main.py', 'w')", "Error"),
        ("passwd", "open('/etc/passwd').read()", "Error"),
        ("shadow", "open('/etc/shadow').read()", "Error"),
        ("home", "import os; os.listdir('/root')", "Error"),
        ("memory", "x = bytearray(10**10)", "MemoryError"),
        (
            "memory in steps",
            "x = []\nwhile True: x.append(bytearray(10**7))",
            "MemoryError" if "memory" not in groups.in_force() else "",
        ),
        (
            "disk",
            "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'0' * 10**6)",
            "Error",
        ),
        (
            "many files",
            "import os\nfor i in range(10**4): os.open('/tmp', 0)",
            "Too many",
        ),
        ("kill", "import os; os.kill(-1, 9)", "Error"),
        ("mount", "import os; os.chroot('/tmp')", "Error"),
        ("become root", "import os; os.setuid(0)", "Error"),
        ("nice", "import os; os.nice(-10)", "Error"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 16 else "",
)
def test_what_is_forbidden_fails(name: str, program: str, message: str):
    run = run_python(program, limits=SHORT)

    assert run.exit_code != 0, name
    assert message in run.stderr.decode()


def test_processes_are_counted():
    run = run_python(
        "import os, time\n"
        "made = 0\n"
        "try:\n"
        "    while made < 500:\n"
        "        if os.fork() == 0: time.sleep(60)\n"
        "        made += 1\n"
        "except OSError: pass\n"
        "print(made)",
        limits=SHORT,
    )

    assert int(run.stdout) <= PROCESSES


@pytest.mark.parametrize(
    ("program", "ended"),
    [
        ("import time; time.sleep(100)", "idle_limit"),
        (
            "import os\nwhile True:\n    try: os.fork()\n    except OSError: 0",
            "cpu_limit",
        ),
        ("while True: print('x' * 1000)", "output_limit"),
        (
            "import os\nfd = int(os.environ['GOLDSIEVE_FD'])\n"
            "while True: os.write(fd, b'x' * 9999)",
            "output_limit",
        ),
        (
            "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "time.sleep(99)",
            "idle_limit",
        ),
    ],
)
def test_what_goes_on_is_ended(program: str, ended: str):
    start = time.monotonic()
    run = run_python(program, limits=SHORT)

    assert run.ended == ended
    assert time.monotonic() - start < 30


def test_a_busy_program_ends_by_its_cpu_time():
    run = run_python("while True: pass", limits=Limits(cpu_s=0.5))

    assert (run.exit_code, run.ended) == (128 + 9, "cpu_limit")
    assert 0.5 < run.cpu_s < 1.5


def test_a_daemon_does_not_outlive_the_sandbox():
    mark = "goldsieve-daemon-mark"
    run_python(
        f"import os, time\nif os.fork() == 0:\n    os.setsid()\n"
        f"    if os.fork() == 0: os.execvp('sleep', ['{mark}', '47'])\n"
        f"    os._exit(0)\ntime.sleep(0.3)"
    )

    commands = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            commands.append(file.read_bytes())
        except OSError:
            continue
    assert not any(mark.encode() in command for command in commands)


def test_nothing_stays_between_two_runs():
    run_python("open('/tmp/left', 'w').write('secret')")
    run = run_python("import os; print(os.listdir('/tmp'))")

    assert run.stdout == b"[]\n"


def test_without_a_sandbox_it_refuses_and_says_what_to_install(monkeypatch):
    pool.close_all()
    monkeypatch.setattr(shutil, "which", lambda name: None)

    with pytest.raises(UserError, match="no sandbox") as error:
        run_python("print(1)")
    assert "apt-get install bubblewrap" in error.value.hint


def test_no_sandbox_must_be_asked_for_by_name(monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", "none")
    monkeypatch.setattr(shutil, "which", lambda name: None)

    assert run_python("print(1)").stdout == b"1\n"


def test_a_sandbox_whose_group_is_not_empty_serves_no_other_program(monkeypatch):
    pool.close_all()
    run_python("print(1)")
    (first,) = pool._idle[()]
    assert run_python("print(2)").stdout == b"2\n"
    assert pool._idle[()] == [first]

    monkeypatch.setattr(groups, "are_spent", lambda *_: True)
    assert run_python("print(3)").stdout == b"3\n"
    assert pool._idle[()] == []
    assert first.process.poll() is not None


@pytest.mark.parametrize("file", ["memory.usage_in_bytes", "memory.current"])
def test_a_group_is_spent_where_more_is_charged_than_a_sandbox_needs(
    tmp_path: Path, file: str
):
    assert not groups.are_spent([tmp_path])
    for usage, is_spent in ((64 * 2**20, False), (65 * 2**20, True)):
        (tmp_path / file).write_text(f"{usage}\n")
        assert groups.are_spent([tmp_path]) == is_spent


SEEN = (
    "import importlib.util, os, sys\n"
    "names = ('pip', 'polars', 'pytest', 'pluggy', 'numpy', 'reasoning_gym')\n"
    "print([name for name in names if importlib.util.find_spec(name)])"
)


@pytest.mark.parametrize("backend", ["pool", "oneshot"])
def test_the_standard_library_is_seen_and_what_is_named(backend: str, monkeypatch):
    monkeypatch.setenv("GOLDSIEVE_SANDBOX", backend)

    assert run_python(SEEN).stdout == b"[]\n"
    assert run_python(SEEN, packages=("pytest",)).stdout == b"['pytest', 'pluggy']\n"
