"""How much CPU time a program has used, read from outside while it runs.

CPU time is a fact about a program; the time that passes is one about the machine. Read
are all processes below a root: what each has used, threads and dead ones among them,
and what their dead children had. So it is the same with control groups or without, for
root or an ordinary user, in half a second or an hour.

A program is idle in a time at whose end nothing of it runs or is ready to, less the CPU
time that it used meanwhile: what waits for a processor is never idle, however busy the
machine is.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.sandbox.contract import Process

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
RUNNING = "R"
# Fields of /proc/PID/stat after the name: state; user and system time of dead children.
STATE, DEAD_USER, DEAD_SYSTEM = 0, 13, 14


@dataclass(frozen=True)
class Clock:
    """What a program has used when it was last looked at.

    at: when that was, by `time.monotonic`.
    cpu_s, idle_s: seconds of CPU time, and of idleness, since it started.
    """

    at: float
    cpu_s: float = 0.0
    idle_s: float = 0.0


def advance(clock: Clock, processes: Sequence[Process]) -> Clock:
    """The clock now. Times of processes that nobody waited for may be missing."""
    now = time.monotonic()
    cpu_s, is_running = measure(processes)
    cpu_s = max(cpu_s, clock.cpu_s)
    idle_s = 0.0 if is_running else now - clock.at - (cpu_s - clock.cpu_s)
    return Clock(now, cpu_s, clock.idle_s + max(idle_s, 0.0))


def measure(processes: Sequence[Process]) -> tuple[float, bool]:
    """Seconds of CPU time of what is alive, and whether any of it runs or could."""
    cpu_s, is_running = 0.0, False
    for process in processes:
        for pid in _list_processes(process):
            with suppress(OSError):
                cpu_s += _measure(pid)
                is_running = is_running or _is_running(pid)
    return cpu_s, is_running


def _list_processes(process: Process) -> Iterator[int]:
    todo = [process.root] if process.is_root else list(_children(process.root))
    while todo:
        yield (pid := todo.pop())
        todo += _children(pid)


def _children(pid: int) -> Iterator[int]:
    for task in _tasks(pid):
        with suppress(OSError):
            yield from map(int, (task / "children").read_text().split())


def _tasks(pid: int) -> list[Path]:
    with suppress(OSError):
        return list(Path(f"/proc/{pid}/task").iterdir())
    return []


def _measure(pid: int) -> float:
    """Seconds that a process has used, and those of its children that it waited for."""
    # The kernel's number for the clock of another process; see clock_getcpuclockid(3).
    own_s = time.clock_gettime((~pid << 3) | 2)
    fields = _read_stat(Path(f"/proc/{pid}"))
    return own_s + (int(fields[DEAD_USER]) + int(fields[DEAD_SYSTEM])) * TICK_S


def _is_running(pid: int) -> bool:
    return any(_read_stat(task)[STATE] == RUNNING for task in _tasks(pid))


def _read_stat(folder: Path) -> list[str]:
    return (folder / "stat").read_text().rpartition(") ")[2].split()
