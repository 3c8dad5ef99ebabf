"""Feed a program and read it, until it has ended or reached a limit.

Nothing the program does decides when reading stops: the end comes from a
descriptor that only the sandbox holds, and the limits are counted here.
"""

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.sandbox.contract import Job, Launch, Process, Run

CHUNK = 1 << 16


@contextmanager
def open_pipes() -> Iterator[tuple[list[int], list[int]]]:
    """Pipes for stdin, stdout, stderr and the channel: the host's ends, the guest's.

    The host's do not block; whoever closes one takes it off its list.
    """
    read, write = zip(*(os.pipe() for _ in range(4)), strict=True)
    host, guest = [write[0], *read[1:]], [read[0], *write[1:]]
    try:
        for file in host:
            os.set_blocking(file, False)
        yield host, guest
    finally:
        close(host)
        close(guest)


def close(files: list[int]) -> None:
    """Close each of `files`, once."""
    while files:
        os.close(files.pop())


def run_once(launch: Launch, job: Job) -> Run:
    """Run `job` to its end or its limits."""
    with open_pipes() as (host, guest), launch(job, guest) as process:
        return exchange(host, job, process)


def exchange(host: list[int], job: Job, process: Process) -> Run:
    """Feed and read `process` until it has ended or must end, and end it."""
    feed, *reads = host
    parts: dict[int, bytearray] = {file: bytearray() for file in reads}
    limits, unsent = job.limits, memoryview(job.stdin)
    started = stepped = time.monotonic()
    poll = select.poll()
    for file in (*reads, process.done):
        poll.register(file, select.POLLIN)
    poll.register(feed, select.POLLOUT)
    ended = ""
    while not ended:
        deadline = min(started + limits.wall_s, stepped + limits.step_s)
        if (wait := deadline - time.monotonic()) <= 0:
            ended = "timeout"
            break
        ready = [file for file, _ in poll.poll(wait * 1000 + 1)]
        for file in ready:
            if file == feed:
                if not (unsent := _send(feed, unsent)):
                    poll.unregister(feed)
                    os.close(host.pop(0))
            elif file != process.done:
                if not (data := _read(file)):
                    poll.unregister(file)
                elif file == reads[2] and b"\n" in data:
                    stepped = time.monotonic()
                parts[file] += data
        if process.done in ready:
            ended = "exited"
            _drain(parts, limits.output_bytes)
        if any(len(part) > limits.output_bytes for part in parts.values()):
            ended = "output_limit"
    stdout, stderr, channel = (
        bytes(part[: limits.output_bytes]) for part in parts.values()
    )
    return Run(process.finish(), stdout, stderr, channel, ended)


def _send(feed: int, unsent: memoryview) -> memoryview:
    """What is left to send; nothing when nobody reads any more."""
    try:
        return unsent[os.write(feed, unsent[:CHUNK]) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:
        return unsent[:0]


def _read(file: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(file, CHUNK)
    return b""


def _drain(parts: dict[int, bytearray], most: int) -> None:
    """Read what the dead have left in the pipes; a pipe may stay open elsewhere."""
    for file, part in parts.items():
        while len(part) <= most and (data := _read(file)):
            part += data
