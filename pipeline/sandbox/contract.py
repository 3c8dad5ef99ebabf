"""What a run is bounded by, and what came of it: the words of every backend."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    cpu_s: seconds of CPU time of all its processes and threads together, dead ones
        too; it is stopped at TOLERANCE times as many, and has used too much above that.
    step_s: seconds of CPU time between two lines on the extra channel.
    idle_s: seconds in which none of it runs or could: it sleeps, or waits for what does
        not come. What waits for a processor that others have is not idle.
    memory_mb: megabytes of memory of all its processes together, where there is a
        control group; and of address space of each process, less ROOM_MB.
    disk_mb: megabytes of /tmp, of /dev/shm and of any file.
    output_bytes: bytes of standard output, of the errors and of the extra channel.
    """

    cpu_s: float = 10.0
    step_s: float = math.inf
    idle_s: float = 50.0
    memory_mb: int = 512
    disk_mb: int = 32
    output_bytes: int = 16 * MB


STANDARD = Limits()
# CPU time stretches where others share the caches, the memory and the cores' threads:
# by so much a program may exceed its limit. Measured in benchmarks/bench_limits.py.
TOLERANCE = 1.2
# Bytes of the main thread's stack at first; a program may raise them.
STACK = 256 * MB
# Megabytes of address space beside what a program may use: stacks of threads, of which
# honest programs reserve a gigabyte and touch little.
ROOM_MB = 1024
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
    ended: `exited`, `cpu_limit`, `idle_limit`, `output_limit` or `not_compiled`.
    cpu_s: seconds of CPU time that it and all it started used.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    channel: bytes
    ended: str
    cpu_s: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Job:
    """A program to run.

    program: in the `form` of source in Python, an executable, or code: what marshal
        makes of global names, and of a code object of this Python.
    packages: installed packages that the program may import, loaded before the sandbox
        forks. Of what is installed, they and what they require are there.
    """

    program: bytes
    stdin: bytes
    limits: Limits
    form: Literal["source", "executable", "code"] = "source"
    packages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Process:
    """A program under way.

    done: a descriptor that is readable once it has ended, and all it started.
    root: the process below which are all that it consists of.
    is_root: whether that is its first one.
    finish: ends it if it has not ended, and gives its exit code and the seconds of CPU
        time that it used; to be called once.
    """

    done: int
    root: int
    is_root: bool
    finish: Callable[[], tuple[int, float]]


class SandboxLost(Exception):
    """The sandbox died or does not answer; says nothing about the program."""


# Starts a job whose standard input, output, errors and channel are these descriptors,
# and closes them on this side.
Launch = Callable[[Job, list[int]], AbstractContextManager[Process]]


def resource_limits(limits: Limits) -> dict[str, tuple[int, int]]:
    """Soft and hard limits of each process, by the names `setrlimit` has for them.

    That of CPU time is there for when nobody measures: it lies above what is measured.
    """
    values = {
        "CPU": math.ceil(limits.cpu_s * TOLERANCE) + 2,
        "AS": (limits.memory_mb + ROOM_MB) * MB,
        "NPROC": PROCESSES,
        "FSIZE": limits.disk_mb * MB,
        "NOFILE": OPEN_FILES,
        "CORE": 0,
    }
    bounds = {name: (value, value) for name, value in values.items()}
    return bounds | {"STACK": (STACK, -1)}
