"""What a run is bounded by, and what came of it: the words of every backend."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """`wall_s`, `step_s` and `cpu_s` in seconds; `output` counts bytes of a channel.

    `memory_mb` bounds the address space of each process, and all memory of all
    processes where there is a control group; `disk_mb` bounds /tmp and a file.
    `step_s` bounds the time between two lines on the extra channel.
    """

    wall_s: float = 10.0
    cpu_s: int = 10
    memory_mb: int = 512
    processes: int = 64
    disk_mb: int = 32
    output: int = 4 * MB
    step_s: float | None = None


STANDARD = Limits()
# The main thread's; deep recursion is no crime. Threads keep the usual 8 MB.
STACK = 64 * MB
OPEN_FILES = 256


@dataclass(frozen=True)
class Ran:
    """What a program did; `ended` is exited, timeout, output_limit or not_compiled.

    `code` is its exit code, or 128 and the number of the signal that ended it.
    `told` is what it wrote to the extra channel, whose number it finds in
    `GOLDSIEVE_FD`.
    """

    code: int
    out: bytes
    err: bytes
    told: bytes
    ended: str


@dataclass(frozen=True)
class Job:
    """`language` is python or cpp (the program is source) or binary (an executable).

    `package` is an installed one that the program imports: all that is installed is
    then there to be read, and this one is loaded before a warm sandbox forks.
    """

    program: bytes
    stdin: bytes
    limits: Limits
    language: str = "python"
    package: str = ""

    @property
    def is_binary(self) -> bool:
        return self.language == "binary"


@dataclass(frozen=True)
class Started:
    """A program under way: `done` is readable once it has ended, with all its own.

    `finish` ends it if it has not, and gives its code; to be called once.
    """

    done: int
    finish: Callable[[], int]


class Lost(Exception):
    """The sandbox died or does not answer; says nothing about the program."""


# Starts a job whose standard input, output, errors and channel are these, and
# closes them here.
Start = Callable[[Job, list[int]], AbstractContextManager[Started]]
