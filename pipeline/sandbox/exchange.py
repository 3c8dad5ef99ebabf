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

from pipeline.sandbox.contract import Limits

CHUNK = 1 << 16


@dataclass
class Pipes:
    """Four pipes: our ends and theirs of stdin, stdout, stderr, extra channel."""

    ours: list[int]
    theirs: list[int]


@contextmanager
def pipes() -> Iterator[Pipes]:
    """Pipes that are closed at the end; ours do not block."""
    read, write = zip(*(os.pipe() for _ in range(4)), strict=True)
    made = Pipes([write[0], *read[1:]], [read[0], *write[1:]])
    try:
        for fd in made.ours:
            os.set_blocking(fd, False)
        yield made
    finally:
        close(made.ours)
        close(made.theirs)


def close(files: list[int]) -> None:
    """Close each of `files`, once."""
    while files:
        os.close(files.pop())


def exchange(
    ends: Pipes, stdin: bytes, limits: Limits, done: int
) -> tuple[list[bytes], str]:
    """Output, errors and extra channel, and how it ended; `done` is readable then."""
    feed, *reads = ends.ours
    parts: dict[int, bytearray] = {fd: bytearray() for fd in reads}
    left = memoryview(stdin)
    started = stepped = time.monotonic()
    poll = select.poll()
    for fd in (*reads, done):
        poll.register(fd, select.POLLIN)
    poll.register(feed, select.POLLOUT)
    while True:
        deadline = started + limits.wall_s
        if limits.step_s is not None:
            deadline = min(deadline, stepped + limits.step_s)
        if (wait := deadline - time.monotonic()) <= 0:
            return _cut(parts, limits), "timeout"
        ready = [fd for fd, _ in poll.poll(wait * 1000 + 1)]
        for fd in ready:
            if fd == feed:
                if (left := _fed(feed, left)).nbytes == 0:
                    poll.unregister(feed)
                    os.close(ends.ours.pop(0))
            elif fd != done:
                data = _read(fd)
                if not data:
                    poll.unregister(fd)
                elif fd == reads[2] and b"\n" in data:
                    stepped = time.monotonic()
                parts[fd] += data
        if done in ready:
            _drain(parts, limits)
        if any(len(part) > limits.output for part in parts.values()):
            return _cut(parts, limits), "output_limit"
        if done in ready:
            return _cut(parts, limits), "exited"


def _fed(feed: int, left: memoryview) -> memoryview:
    """What is left to write; nothing when nobody reads any more."""
    with suppress(BlockingIOError):
        try:
            return left[os.write(feed, left[:CHUNK]) :] if left else left
        except BrokenPipeError:
            return left[len(left) :]
    return left


def _read(fd: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(fd, CHUNK)
    return b""


def _drain(parts: dict[int, bytearray], limits: Limits) -> None:
    """What the dead have left in the pipes; a pipe may stay open elsewhere."""
    for fd, part in parts.items():
        while len(part) <= limits.output and (data := _read(fd)):
            part += data


def _cut(parts: dict[int, bytearray], limits: Limits) -> list[bytes]:
    return [bytes(part[: limits.output]) for part in parts.values()]
