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
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.sandbox import groups, oneshot, seccomp
from pipeline.sandbox.contract import MB, OPEN_FILES, STACK, STANDARD, Job, Ran
from pipeline.sandbox.exchange import close, exchange, pipes
from pipeline.sandbox.walls import bubblewrap, python_inside, walls

ZYGOTE = str(Path(__file__).with_name("zygote.py").resolve())
START_S, ANSWER_S = 20.0, 10.0
# Above every user of `oneshot`; what the child exits with before it is a program.
FIRST_USER = 4_200_000_000
NOT_STARTED = 125


class Lost(Exception):
    """The sandbox died or does not answer; says nothing about the program."""


@dataclass
class Worker:
    """A sandbox, the socket to its interpreter, and its control group."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    group: groups.Group
    bounds: tuple[int, int] = (0, 0)


_idle: list[Worker] = []
_all: dict[int, Worker] = {}
_lock = threading.Lock()
_works = True


def run(job: Job) -> Ran:
    """Run in a warm sandbox, or in one of its own where there can be none."""
    global _works
    if not _works:
        return oneshot.run(job)
    try:
        worker = _idle.pop()
    except IndexError:
        try:
            worker = start()
        except Lost:
            _works = False
            return oneshot.run(job)
    try:
        ran = _run(worker, job)
    except BaseException as error:
        end(worker)
        if isinstance(error, Lost):
            return oneshot.run(job)
        raise
    _idle.append(worker)
    return ran


def start() -> Worker:
    """A sandbox that has said that it is ready; Lost where there can be none."""
    bubblewrap()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    group = groups.make()
    with theirs:
        process = subprocess.Popen(
            groups.join(group, _command(theirs.fileno())),
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
        if _run(worker, Job(b"", b"", STANDARD)).code:
            raise Lost
    except (OSError, Lost):
        end(worker)
        raise Lost from None
    return worker


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
    while _idle:
        end(_idle.pop())


def _forget() -> None:
    """In a forked process: the sandboxes belong to the parent, their ends do not."""
    _idle.clear()
    for worker in _all.values():
        worker.control.close()
        worker.process.returncode = 0
    _all.clear()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget)


def _run(worker: Worker, job: Job) -> Ran:
    bounds = (job.limits.memory_mb, job.limits.processes)
    if bounds != worker.bounds:
        groups.bound(worker.group, *bounds)
        worker.bounds = bounds
    with pipes() as ends:
        _send(worker, job, ends.theirs)
        close(ends.theirs)
        done = worker.control.fileno()
        (out, err, told), ended = exchange(ends, job.stdin, job.limits, done)
        if ended != "exited":
            with suppress(OSError):
                worker.control.send(b"kill")
        code = int(_answer(worker, ANSWER_S))
    if code == NOT_STARTED:
        raise Lost
    return Ran(code, out, err, told, ended)


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
    poll = select.poll()
    poll.register(worker.control, select.POLLIN)
    if not poll.poll(wait_s * 1000):
        raise Lost
    try:
        answer = worker.control.recv(4096)
    except OSError as error:
        raise Lost from error
    if not answer:
        raise Lost
    return answer


def _command(channel: int) -> list[str]:
    is_root = os.geteuid() == 0
    powers = ("SETUID", "SETGID", "KILL", "SYS_ADMIN") if is_root else ("SYS_ADMIN",)
    return [
        *walls(powers),
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
    ]
