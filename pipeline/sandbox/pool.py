"""Sandboxes, warm or for one program: an interpreter that forks a child per program.

A warm one runs one program at a time; as many are started as callers ask for at
once, and they wait for the next program. One that dies, or does not answer, is
thrown away, and its program runs in a sandbox of its own instead: a verdict never
depends on a sandbox that a program has damaged.

They end with this process, however it ends: the interpreter inside leaves when its
socket closes, and everything in its namespace with it.
"""

import atexit
import json
import os
import socket
import struct
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache, partial
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
from pipeline.sandbox.walls import bubblewrap, kill, no_sandbox, spawn

# Seconds for a sandbox to start, or to end a program.
ANSWER_S = 60.0
LOADING_MB = 8192
# Above every user of this machine; what the child exits with before it is a program.
FIRST_USER = 4_200_000_000
NOT_STARTED = 125
CREDENTIALS = struct.Struct("3i")  # process, user and group id


@dataclass(eq=False)
class Sandbox:
    """A sandbox, the socket to its interpreter, and its control groups.

    root: the process id of that interpreter, as we see it.
    own_mb: megabytes of the packages that it has loaded.
    """

    process: "subprocess.Popen[bytes]"
    control: socket.socket
    groups: list[Path]
    is_warm: bool
    root: int = 0
    memory_mb: int = 0
    own_mb: int = 0


# By the packages that they have loaded; of those that have any, so many wait at most.
_idle: dict[tuple[str, ...], list[Sandbox]] = defaultdict(list)
MOST_LOADED = 8
_all: set[Sandbox] = set()


@contextmanager
def launch(job: Job, files: list[int]) -> Iterator[Process]:
    """Start `job` in a warm sandbox; SandboxLost where that fails."""
    try:
        sandbox = _idle[job.packages].pop()
    except IndexError:
        sandbox = start(job.packages)
    try:
        with _launch_in(sandbox, job, files) as process:
            yield process
    except BaseException:
        end(sandbox)
        raise
    if groups.are_spent(sandbox.groups, sandbox.own_mb):
        end(sandbox)
    else:
        _make_room(job.packages)
        _idle[job.packages].append(sandbox)


def _make_room(packages: tuple[str, ...]) -> None:
    """End a sandbox that waits with other packages, where many do: they take memory."""
    others = [key for key, waiting in _idle.items() if key and waiting]
    if sum(len(_idle[key]) for key in others) < MOST_LOADED:
        return
    for key in others:
        if key != packages:
            with suppress(IndexError):  # somebody has taken it meanwhile
                end(_idle[key].pop(0))
            return


@contextmanager
def launch_apart(job: Job, files: list[int]) -> Iterator[Process]:
    """Start `job` in a sandbox of its own; a UserError where none can be had."""
    sandbox = _start_apart(job)
    try:
        with _launch_in(sandbox, job, files) as process:
            yield process
    finally:
        end(sandbox)


def _start_apart(job: Job) -> Sandbox:
    """One as others are, and where nobody may mount one with bubblewrap's own folders,
    whose number of files is bounded by memory alone.
    """
    start_here = partial(start, job.packages, job.limits.disk_mb, is_warm=False)
    with suppress(SandboxLost):
        return start_here()
    try:
        return start_here(may_mount=False)
    except SandboxLost as error:
        raise no_sandbox(str(error)) from None


def start(
    packages: tuple[str, ...] = (),
    disk_mb: int = STANDARD.disk_mb,
    *,
    is_warm: bool = True,
    may_mount: bool = True,
) -> Sandbox:
    """A sandbox in which an empty program has run; SandboxLost says why there is none.

    It may mount, to bound its folders and to empty them between two programs.
    """
    command = bubblewrap(packages, disk_mb * MB, may_mount=may_mount)
    own_groups = groups.make()
    control, guest = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control.settimeout(ANSWER_S)
    control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    with guest, tempfile.TemporaryFile() as errors:
        streams = [guest.fileno(), subprocess.DEVNULL, errors.fileno()]
        process = spawn(groups.enter(own_groups, command), streams)
        guest.close()
        sandbox = Sandbox(process, control, own_groups, is_warm)
        _all.add(sandbox)
        # A package may need much memory to be loaded, even by an empty program.
        memory_mb = LOADING_MB if packages else STANDARD.memory_mb
        limits = replace(STANDARD, disk_mb=disk_mb, memory_mb=memory_mb)
        try:
            control.send(b"F" + seccomp.filter_program())
            sandbox.root = _receive_sender(sandbox)
            launch_here = partial(_launch_in, sandbox)
            if run_once(launch_here, Job(b"", b"", limits)).exit_code:
                raise SandboxLost
            sandbox.own_mb = groups.measure_mb(own_groups) if packages else 0
        except (OSError, SandboxLost):
            end(sandbox)
            errors.seek(0)
            message = errors.read().decode(errors="replace").strip()
            raise SandboxLost(message.rpartition("\n")[2] or "no answer") from None
    return sandbox


def end(sandbox: Sandbox) -> None:
    """Kill the sandbox and everything in it."""
    _all.discard(sandbox)
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
    for sandbox in _all:
        sandbox.control.close()
        sandbox.process.returncode = 0
    _all.clear()


atexit.register(close_all)
os.register_at_fork(after_in_child=_forget)


@contextmanager
def _launch_in(sandbox: Sandbox, job: Job, files: list[int]) -> Iterator[Process]:
    if job.limits.memory_mb != sandbox.memory_mb:
        groups.bound(sandbox.groups, job.limits.memory_mb + sandbox.own_mb)
        sandbox.memory_mb = job.limits.memory_mb
    _send(sandbox, job, files)
    close(files)

    @cache
    def finish() -> tuple[int, float]:
        with suppress(OSError):
            sandbox.control.send(b"kill")  # which nobody reads if it has ended
        exit_code, cpu_us = map(int, _receive(sandbox).split())
        if exit_code == NOT_STARTED and sandbox.is_warm:
            raise SandboxLost
        return exit_code, cpu_us / 1e6

    yield Process(sandbox.control.fileno(), sandbox.root, False, finish)
    finish()


def _send(sandbox: Sandbox, job: Job, files: list[int]) -> None:
    request = {
        "form": job.form,
        "user": FIRST_USER + sandbox.process.pid if os.geteuid() == 0 else 0,
        "disk": job.limits.disk_mb * MB,
        "limits": resource_limits(job.limits),
    }
    with open(os.memfd_create("program"), "wb") as program:
        program.write(job.program)
        program.flush()
        handed = [*files, program.fileno()]
        try:
            socket.send_fds(sandbox.control, [json.dumps(request).encode()], handed)
        except OSError as error:
            raise SandboxLost from error


def _receive_sender(sandbox: Sandbox) -> int:
    """The process that says it is ready; the kernel translates its id to ours."""
    room = socket.CMSG_SPACE(CREDENTIALS.size)
    answer, sent, *_ = sandbox.control.recvmsg(4096, room)
    senders = [data for _, kind, data in sent if kind == socket.SCM_CREDENTIALS]
    if answer != b"ready" or not senders:
        raise SandboxLost
    return int(CREDENTIALS.unpack(senders[0])[0])


def _receive(sandbox: Sandbox) -> bytes:
    try:
        answer = sandbox.control.recv(4096)
    except OSError as error:
        raise SandboxLost from error
    if not answer:
        raise SandboxLost
    return answer
