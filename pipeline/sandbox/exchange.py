"""Read a program until it has ended or reached a limit.

Nothing the program does decides when reading stops: the end comes from a
descriptor that only the sandbox holds, and the limits are counted here.
"""

import os
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pipeline.sandbox.contract import TOLERANCE, Job, Launch, Limits, Process, Run
from pipeline.sandbox.usage import Clock, advance, measure

CHUNK = 1 << 16
# Seconds between two looks at what a program has used.
LOOK_S = 0.1


@contextmanager
def open_files(stdin: bytes) -> Iterator[tuple[list[int], list[int]]]:
    """Files for stdin, stdout, stderr and the channel: the host's ends, the guest's.

    Standard input is a file of its own, as from a shell's `<`: it can be sought and
    mapped, and its size is known. The others are pipes, which do not block the host.
    """
    read, write = zip(*(os.pipe() for _ in range(3)), strict=True)
    host, guest = list(read), [_file_of(stdin), *write]
    try:
        for file, guest_end in zip(host, guest[1:], strict=True):
            os.set_blocking(file, False)
            os.fchmod(guest_end, 0o666)  # so that /dev/stdout can be opened
        yield host, guest
    finally:
        close(host)
        close(guest)


def _file_of(content: bytes) -> int:
    file = os.memfd_create("stdin")
    with open(os.dup(file), "wb") as writer:
        writer.write(content)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def close(files: list[int]) -> None:
    """Close each of `files`, once."""
    while files:
        os.close(files.pop())


def run_once(launch: Launch, job: Job) -> Run:
    """Run `job` to its end or its limits."""
    with open_files(job.stdin) as (host, guest), launch(job, guest) as process:
        return exchange(host, job.limits, [process])


def exchange(host: list[int], limits: Limits, processes: list[Process]) -> Run:
    """Read the last of `processes` until it has ended or must end, and end it.

    What the others use, which it works with, counts as well.
    """
    *others, process = processes
    parts: dict[int, bytearray] = {file: bytearray() for file in host}
    ended, cpu_s = _read_all(parts, limits, processes)
    others_s = measure(others)[0]
    exit_code, own_s = process.finish()
    cpu_s = max(cpu_s, own_s + others_s)
    if ended == "exited" and cpu_s > limits.cpu_s * TOLERANCE:
        ended = "cpu_limit"
    stdout, stderr, channel = (
        bytes(part[: limits.output_bytes]) for part in parts.values()
    )
    return Run(exit_code, stdout, stderr, channel, ended, cpu_s)


def _read_all(
    parts: dict[int, bytearray], limits: Limits, processes: list[Process]
) -> tuple[str, float]:
    """Read into `parts`: how it ended, and the CPU time when last looked at."""
    clock, stepped_s = Clock(time.monotonic()), 0.0
    done, channel = processes[-1].done, list(parts)[-1]
    poll = select.poll()
    for file in (*parts, done):
        poll.register(file, select.POLLIN)
    ended = ""
    while not ended:
        ready = [file for file, _ in poll.poll(LOOK_S * 1000)]
        has_stepped = False
        for file in parts.keys() & ready:
            if not (data := _read(file)):
                poll.unregister(file)
            has_stepped |= file == channel and b"\n" in data
            parts[file] += data
        if done in ready:
            ended = "exited"
            _drain(parts, limits.output_bytes)
        elif has_stepped or time.monotonic() - clock.at >= LOOK_S:
            clock = advance(clock, processes)
            ended = _reached(limits, clock, clock.cpu_s - stepped_s)
            stepped_s = clock.cpu_s if has_stepped else stepped_s
        if any(len(part) > limits.output_bytes for part in parts.values()):
            ended = "output_limit"
    return ended, clock.cpu_s


def _reached(limits: Limits, clock: Clock, step_s: float) -> str:
    """Which limit a program has reached; "" where it may go on."""
    if clock.cpu_s > limits.cpu_s * TOLERANCE or step_s > limits.step_s * TOLERANCE:
        return "cpu_limit"
    return "idle_limit" if clock.idle_s > limits.idle_s else ""


def _read(file: int) -> bytes:
    with suppress(BlockingIOError):
        return os.read(file, CHUNK)
    return b""


def _drain(parts: dict[int, bytearray], most: int) -> None:
    """Read what the dead have left in the pipes; a pipe may stay open elsewhere."""
    for file, part in parts.items():
        while len(part) <= most and (data := _read(file)):
            part += data
