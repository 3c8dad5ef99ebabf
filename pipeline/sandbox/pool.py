"""Warm sandboxes: each holds an interpreter that forks one child per program.

A sandbox runs one program at a time; as many are started as callers ask for at
once, and they wait for the next program. One that dies, or does not answer, is
thrown away, and its program runs in a sandbox of its own instead: a verdict never
depends on a sandbox that a program has damaged.

They end with this process, however it ends: the interpreter inside leaves when its
socket closes, and everything in its namespace with it.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.sandbox import groups, seccomp
from pipeline.sandbox.contract import (
    MB,
    OPEN_FILES,
    STACK,
    STANDARD,
    Job,
    Lost,
    Started,
)
from pipeline.sandbox.exchange import close, exchange, pipes
from pipeline.sandbox.walls import bubblewrap, python_inside, walls

ZYGOTE = str(Path(__file__).with_name("zygote.py").resolve())
START_S, ANSWER_S = 20.0, 10.0
# Above every user of `oneshot`; what the child exits with before it is a program.
FIRST_USER = 4_200_000_000
NOT_STARTED = 125


@dataclass
class Worker:
    """A sandbox, the socket to its interpreter, and its control group."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    group: groups.Group
    bounds: tuple[int, int] = (0, 0)


_idle: dict[str, list[Worker]] = defaultdict(list)  # by what they have loaded
_all: dict[int, Worker] = {}
_lock = threading.Lock()
_works = True


@contextmanager
def started(job: Job, theirs: list[int]) -> Iterator[Started]:
    """Start in a warm sandbox; Lost where that fails."""
    global _works
    if not _works:
        raise Lost
    try:
        worker = _idle[job.package].pop()
    except IndexError:
        try:
            worker = start(job.package)
        except Lost:
            _works = bool(job.package)  # that this fails may be the package's fault
            raise
    try:
        with _started(worker, job, theirs) as run:
            yield run
    except BaseException:
        end(worker)
        raise
    _idle[job.package].append(worker)


def start(package: str = "") -> Worker:
    """A sandbox that has said that it is ready; Lost where there can be none."""
    bubblewrap()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    group = groups.make()
    with theirs:
        process = subprocess.Popen(
            groups.join(group, _command(theirs.fileno(), package)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env={},
            cwd="/",
            start_new_session=True,
        )
    worker = Worker(process, ours, group)
    with _lock:
        _all[id(worker)] = worker
    try:
        ours.send(b"F" + seccomp.filter_program())
        if _answer(worker, START_S) != b"ready":
            raise Lost
        _try(worker, package)
    except (OSError, Lost):
        end(worker)
        raise Lost from None
    return worker


def _try(worker: Worker, package: str) -> None:
    """Run an empty program: where even that fails, the sandbox is none."""
    limits = replace(STANDARD, memory_mb=8192) if package else STANDARD
    job = Job(b"", b"", limits)
    with pipes() as ends, _started(worker, job, ends.theirs) as run:
        exchange(ends, b"", limits, run.done)
        if run.finish():
            raise Lost


def end(worker: Worker) -> None:
    """Kill the sandbox and everything in it."""
    with _lock:
        _all.pop(id(worker), None)
    worker.control.close()
    with suppress(ProcessLookupError):
        os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    groups.remove(worker.group)


def close_all() -> None:
    """End every sandbox that waits; the next program starts a new one."""
    for waiting in _idle.values():
        while waiting:
            end(waiting.pop())


def _forget() -> None:
    """In a forked process: the sandboxes belong to the parent, their ends do not."""
    _idle.clear()
    for worker in _all.values():
        worker.control.close()
        worker.process.returncode = 0
    _all.clear()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget)


@contextmanager
def _started(worker: Worker, job: Job, theirs: list[int]) -> Iterator[Started]:
    bounds = (job.limits.memory_mb, job.limits.processes)
    if bounds != worker.bounds:
        groups.bound(worker.group, *bounds)
        worker.bounds = bounds
    _send(worker, job, theirs)
    close(theirs)
    codes = []

    def finish() -> int:
        if not _is_readable(worker, 0):
            with suppress(OSError):
                worker.control.send(b"kill")
        codes.append(int(_answer(worker, ANSWER_S)))
        if codes[0] == NOT_STARTED:
            raise Lost
        return codes[0]

    yield Started(worker.control.fileno(), finish)
    if not codes:
        finish()


def _send(worker: Worker, job: Job, theirs: list[int]) -> None:
    limits = job.limits
    request = {
        "is_binary": job.is_binary,
        "user": FIRST_USER + worker.process.pid if os.geteuid() == 0 else 0,
        "disk": limits.disk_mb * MB,
        "CPU": limits.cpu_s,
        "AS": limits.memory_mb * MB,
        "NPROC": limits.processes,
        "FSIZE": limits.disk_mb * MB,
        "NOFILE": OPEN_FILES,
        "STACK": STACK,
        "CORE": 0,
    }
    program = os.memfd_create("program")
    try:
        with open(program, "wb", closefd=False) as file:
            file.write(job.program)
        message = json.dumps(request).encode()
        socket.send_fds(worker.control, [message], [*theirs, program])
    except OSError as error:
        raise Lost from error
    finally:
        os.close(program)


def _answer(worker: Worker, wait_s: float) -> bytes:
    if not _is_readable(worker, wait_s):
        raise Lost
    try:
        answer = worker.control.recv(4096)
    except OSError as error:
        raise Lost from error
    if not answer:
        raise Lost
    return answer


def _is_readable(worker: Worker, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(worker.control, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))


def _command(channel: int, package: str) -> list[str]:
    is_root = os.geteuid() == 0
    powers = ("SETUID", "SETGID", "KILL", "SYS_ADMIN") if is_root else ("SYS_ADMIN",)
    return [
        *walls(powers, package),
        "--as-pid-1",
        *("--tmpfs", "/tmp"),
        *("--dir", "/job"),
        *("--ro-bind", ZYGOTE, "/zygote.py"),
        *("--remount-ro", "/dev"),
        *("--remount-ro", "/"),
        "--",
        *python_inside(),
        "/zygote.py",
        str(channel),
        *([package] if package else []),
    ]
