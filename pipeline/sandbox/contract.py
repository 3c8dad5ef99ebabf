"""What a run is bounded by, and what came of it: the words of every backend."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    wall_s: seconds until it is ended.
    cpu_s: seconds of CPU time, of each process.
    memory_mb: megabytes of address space of each process; and of memory of all its
        processes together, where there is a control group.
    disk_mb: megabytes of /tmp, of /dev/shm and of any file.
    output_bytes: bytes of standard output, of the errors and of the extra channel.
    step_s: seconds between two lines on the extra channel.
    """

    wall_s: float = 10.0
    cpu_s: int = 10
    memory_mb: int = 512
    disk_mb: int = 32
    output_bytes: int = 4 * MB
    step_s: float = math.inf


STANDARD = Limits()
# Bytes of the main thread's stack, for deep recursion is no crime; threads keep the
# usual 8 MB.
STACK = 64 * MB
OPEN_FILES = 256
# Processes and threads of a program together.
PROCESSES = 64


@dataclass(frozen=True)
class Run:
    """What a program did.

    exit_code: its exit code, or 128 and the number of the signal that ended it.
    stdout, stderr: what it printed, up to the limit.
    channel: what it wrote to the extra channel, a descriptor whose number it finds in
        the environment as GOLDSIEVE_FD.
    ended: `exited`, `timeout`, `output_limit` or `not_compiled`.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    channel: bytes
    ended: str


@dataclass(frozen=True)
class Job:
    """A program to run.

    program: source in Python, or an executable.
    package: an installed package that the program imports. All that is installed can
        then be read there, and this one is loaded before the sandbox forks.
    """

    program: bytes
    stdin: bytes
    limits: Limits
    is_binary: bool = False
    package: str = ""


@dataclass(frozen=True)
class Process:
    """A program under way.

    done: a descriptor that is readable once it has ended, and all it started.
    finish: ends it if it has not ended, and gives its exit code; to be called once.
    """

    done: int
    finish: Callable[[], int]


class SandboxLost(Exception):
    """The sandbox died or does not answer; says nothing about the program."""


# Starts a job whose standard input, output, errors and channel are these descriptors,
# and closes them on this side.
Launch = Callable[[Job, list[int]], AbstractContextManager[Process]]


def resource_limits(limits: Limits) -> dict[str, int]:
    """The limits of each process, by the names that `setrlimit` has for them."""
    return {
        "CPU": limits.cpu_s,
        "AS": limits.memory_mb * MB,
        "NPROC": PROCESSES,
        "FSIZE": limits.disk_mb * MB,
        "NOFILE": OPEN_FILES,
        "STACK": STACK,
        "CORE": 0,
    }
