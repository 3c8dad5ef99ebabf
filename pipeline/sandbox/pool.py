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
import socket
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pipeline.sandbox import groups, seccomp
from pipeline.sandbox.contract import (
    MB,
    STANDARD,
    Job,
    Process,
    SandboxLost,
    resource_limits,
)
from pipeline.sandbox.exchange import close, run_once
from pipeline.sandbox.guests import FOLDER
from pipeline.sandbox.walls import bubblewrap, kill, python_inside, spawn, walls

START_S, ANSWER_S = 20.0, 10.0
# Above every user of `oneshot`; what the child exits with before it is a program.
FIRST_USER = 4_200_000_000
NOT_STARTED = 125


@dataclass
class Sandbox:
    """A warm sandbox, the socket to its interpreter, and its control groups."""

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    groups: list[Path]
    bounds: tuple[int, int] = (0, 0)


_idle: dict[str, list[Sandbox]] = defaultdict(list)  # by the package they have loaded
_all: dict[int, Sandbox] = {}
_lock = threading.Lock()
_works = True


@contextmanager
def launch(job: Job, files: list[int]) -> Iterator[Process]:
    """Start `job` in a warm sandbox; SandboxLost where that fails."""
    global _works
    if not _works:
        raise SandboxLost
    try:
        sandbox = _idle[job.package].pop()
    except IndexError:
        try:
            sandbox = start(job.package)
        except SandboxLost:
            _works = bool(job.package)  # that this fails may be the package's fault
            raise
    try:
        with _launch_in(sandbox, job, files) as process:
            yield process
    except BaseException:
        end(sandbox)
        raise
    _idle[job.package].append(sandbox)


def start(package: str = "") -> Sandbox:
    """A sandbox that has said that it is ready; SandboxLost where there can be none."""
    bubblewrap()
    host, guest = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    own_groups = groups.make()
    with guest:
        command = groups.enter(own_groups, _command(guest.fileno(), package))
        process = spawn(command, [subprocess.DEVNULL] * 3, [guest.fileno()])
    sandbox = Sandbox(process, host, own_groups)
    with _lock:
        _all[id(sandbox)] = sandbox
    try:
        host.send(b"F" + seccomp.filter_program())
        if _receive(sandbox, START_S) != b"ready":
            raise SandboxLost
        # Where even an empty program fails, the sandbox is none.
        limits = replace(STANDARD, memory_mb=8192) if package else STANDARD
        if run_once(partial(_launch_in, sandbox), Job(b"", b"", limits)).exit_code:
            raise SandboxLost
    except (OSError, SandboxLost):
        end(sandbox)
        raise SandboxLost from None
    return sandbox


def end(sandbox: Sandbox) -> None:
    """Kill the sandbox and everything in it."""
    with _lock:
        _all.pop(id(sandbox), None)
    sandbox.control.close()
    kill(sandbox.process)
    groups.remove(sandbox.groups)


def close_all() -> None:
    """End every sandbox that waits; the next program starts a new one."""
    for waiting in _idle.values():
        while waiting:
            end(waiting.pop())


def _forget() -> None:
    """In a forked process: the sandboxes belong to the parent, their ends do not."""
    _idle.clear()
    for sandbox in _all.values():
        sandbox.control.close()
        sandbox.process.returncode = 0
    _all.clear()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget)


@contextmanager
def _launch_in(sandbox: Sandbox, job: Job, files: list[int]) -> Iterator[Process]:
    bounds = (job.limits.memory_mb, job.limits.processes)
    if bounds != sandbox.bounds:
        groups.bound(sandbox.groups, *bounds)
        sandbox.bounds = bounds
    _send(sandbox, job, files)
    close(files)
    exit_codes = []

    def finish() -> int:
        if not _is_readable(sandbox, 0):
            with suppress(OSError):
                sandbox.control.send(b"kill")
        exit_codes.append(int(_receive(sandbox, ANSWER_S)))
        if exit_codes[0] == NOT_STARTED:
            raise SandboxLost
        return exit_codes[0]

    yield Process(sandbox.control.fileno(), finish)
    if not exit_codes:
        finish()


def _send(sandbox: Sandbox, job: Job, files: list[int]) -> None:
    request = {
        "is_binary": job.is_binary,
        "user": FIRST_USER + sandbox.process.pid if os.geteuid() == 0 else 0,
        "disk": job.limits.disk_mb * MB,
        "limits": resource_limits(job.limits),
    }
    program = os.memfd_create("program")
    try:
        with open(program, "wb", closefd=False) as file:
            file.write(job.program)
        message = json.dumps(request).encode()
        socket.send_fds(sandbox.control, [message], [*files, program])
    except OSError as error:
        raise SandboxLost from error
    finally:
        os.close(program)


def _receive(sandbox: Sandbox, wait_s: float) -> bytes:
    if not _is_readable(sandbox, wait_s):
        raise SandboxLost
    try:
        answer = sandbox.control.recv(4096)
    except OSError as error:
        raise SandboxLost from error
    if not answer:
        raise SandboxLost
    return answer


def _is_readable(sandbox: Sandbox, wait_s: float) -> bool:
    poll = select.poll()
    poll.register(sandbox.control, select.POLLIN)
    return bool(poll.poll(wait_s * 1000))


def _command(channel: int, package: str) -> list[str]:
    is_root = os.geteuid() == 0
    powers = ("SETUID", "SETGID", "KILL", "SYS_ADMIN") if is_root else ("SYS_ADMIN",)
    return [
        *walls(powers, package),
        "--as-pid-1",
        *("--tmpfs", "/tmp"),
        *("--dir", "/job"),
        *("--ro-bind", str(FOLDER.resolve() / "zygote.py"), "/zygote.py"),
        *("--remount-ro", "/dev"),
        *("--remount-ro", "/"),
        "--",
        *python_inside(),
        "/zygote.py",
        str(channel),
        *([package] if package else []),
    ]
