"""Feed a program and read it, until it has ended or reached a limit.

Nothing the program does decides when reading stops: the end comes from a
descriptor that only the sandbox holds, and the limits are counted here.
"""

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pipeline.sandbox.contract import Job, Launch, Limits, Process, Run

CHUNK = 1 << 16


@dataclass
class Pipes:
    """Both ends of four pipes: of stdin, stdout, stderr and the extra channel."""

    host: list[int]
    guest: list[int]


@contextmanager
def open_pipes() -> Iterator[Pipes]:
    """Pipes that are closed at the end; the host's ends do not block."""
    read, write = zip(*(os.pipe() for _ in range(4)), strict=True)
    pipes = Pipes([write[0], *read[1:]], [read[0], *write[1:]])
    try:
        for file in pipes.host:
            os.set_blocking(file, False)
        yield pipes
    finally:
        close(pipes.host)
        close(pipes.guest)


def close(files: list[int]) -> None:
    """Close each of `files`, once."""
    while files:
        os.close(files.pop())


def run_once(launch: Launch, job: Job) -> Run:
    """Run `job` to its end or its limits."""
    with open_pipes() as pipes, launch(job, pipes.guest) as process:
        return exchange(pipes, job, process)


def exchange(pipes: Pipes, job: Job, process: Process) -> Run:
    """Feed and read `process` until it has ended or must end, and end it."""
    feed, *reads = pipes.host
    parts: dict[int, bytearray] = {file: bytearray() for file in reads}
    unsent = memoryview(job.stdin)
    started = stepped = time.monotonic()
    poll = select.poll()
    for file in (*reads, process.done):
        poll.register(file, select.POLLIN)
    poll.register(feed, select.POLLOUT)
    ended = ""
    while not ended:
        deadline = started + job.limits.wall_s
        if job.limits.step_s is not None:
            deadline = min(deadline, stepped + job.limits.step_s)
        if (wait := deadline - time.monotonic()) <= 0:
            ended = "timeout"
            break
        ready = [file for file, _ in poll.poll(wait * 1000 + 1)]
        for file in ready:
            if file == feed:
                if not (unsent := _send(feed, unsent)):
                    poll.unregister(feed)
                    os.close(pipes.host.pop(0))
            elif file != process.done:
                if not (data := _read(file)):
                    poll.unregister(file)
                elif file == reads[2] and b"\n" in data:
                    stepped = time.monotonic()
                parts[file] += data
        if process.done in ready:
            ended = "exited"
            _drain(parts, job.limits)
        if any(len(part) > job.limits.output_bytes for part in parts.values()):
            ended = "output_limit"
    most = job.limits.output_bytes
    stdout, stderr, channel = (bytes(part[:most]) for part in parts.values())
    return Run(process.finish(), stdout, stderr, channel, ended)


def _send(feed: int, unsent: memoryview) -> memoryview:
    """What is left to send; nothing when nobody reads any more."""
    with suppress(BlockingIOError):
        try:
            return unsent[os.write(feed, unsent[:CHUNK]) :] if unsent else unsent
        except BrokenPipeError:
            return unsent[len(unsent) :]
    return unsent


def _read(file: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(file, CHUNK)
    return b""


def _drain(parts: dict[int, bytearray], limits: Limits) -> None:
    """Read what the dead have left in the pipes; a pipe may stay open elsewhere."""
    for file, part in parts.items():
        while len(part) <= limits.output_bytes and (data := _read(file)):
            part += data
