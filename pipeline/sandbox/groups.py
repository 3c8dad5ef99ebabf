"""Control groups: bounds on all memory and all processes of a program together.

Where the caller may make a group below its own, in version 1 (a hierarchy for
each of memory and pids) or version 2 (controllers handed down to its group), each
sandbox gets one. Elsewhere limits on each process are what there is: `in_force`
says which.
"""

import os
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

from pipeline.sandbox.contract import MB, PROCESSES, STACK

# What the sandbox itself takes: the interpreter that waits, and bubblewrap.
OWN_MB, OWN_PROCESSES = 64, 8
# Files with the bounds of a group, by version 1, 2 and both; named by controller.
BOUNDS = ("memory.limit_in_bytes", "memory.max", "pids.max")
USAGE = ("memory.usage_in_bytes", "memory.current")
OWN, SYSTEM = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
# A shell that enters the groups before it becomes the command. The bound of the stack
# decides at the start of a program how much room is left for it.
ENTER = (
    'ulimit -S -s "$1" || true; shift; while [ "$1" != -- ];'
    'do echo $$ > "$1/cgroup.procs" || exit 125; shift; done;'
    'shift; exec "$@"'
)


def make() -> list[Path]:
    """The folders of the groups of one new sandbox; none where none may be made."""
    return [_make_below(parent) for parent in parents()]


def _make_below(parent: Path) -> Path:
    """A group whose name says which process made it, so that it can be swept."""
    return Path(mkdtemp(prefix=f"goldsieve-{os.getpid()}-", dir=parent))


def enter(groups: list[Path], command: list[str]) -> list[str]:
    """A command that enters `groups`, has room for STACK, and becomes `command`."""
    kilobytes = str(STACK >> 10)
    return ["/bin/sh", "-c", ENTER, "sh", kilobytes, *map(str, groups), "--", *command]


def bound(groups: list[Path], memory_mb: int) -> None:
    """Set the bounds of `groups`, the sandbox's own needs added."""
    values = {
        "memory": str((memory_mb + OWN_MB) * MB),
        "pids": str(PROCESSES + OWN_PROCESSES),
    }
    for group in groups:
        for file in _bounds_of(group):
            (group / file).write_text(values[file.partition(".")[0]])
        with suppress(OSError):
            (group / "memory.swap.max").write_text("0")


def are_spent(groups: list[Path], own_mb: int = 0) -> bool:
    """Whether what programs left behind would be counted against the next one.

    What the kernel keeps of ended processes stays charged to their group for a while,
    more than 100 MB after hostile ones: a program would be killed below its limit.
    `own_mb` are those that the sandbox had at its start.
    """
    return measure_mb(groups) > OWN_MB + own_mb


def measure_mb(groups: list[Path]) -> int:
    """Megabytes that are charged to `groups`; 0 where there are none."""
    usage = [
        int((group / file).read_text())
        for group in groups
        for file in USAGE
        if (group / file).exists()
    ]
    return max(usage, default=0) // MB


def _bounds_of(group: Path) -> list[str]:
    return [file for file in BOUNDS if (group / file).exists()]


def remove(groups: list[Path]) -> None:
    """Remove the folders, once the last process is gone from them."""
    for group in groups:
        for _ in range(100):
            with suppress(OSError):
                group.rmdir()
            if not group.exists():
                break
            time.sleep(0.01)


@lru_cache(1)
def parents(listing: Path = OWN, mounted: Path = SYSTEM) -> dict[Path, list[str]]:
    """The groups of `listing` in which others can be made, and the bounds of those.

    `mounted`: where the hierarchies are.
    """
    if not listing.exists():
        return {}
    parents = {}
    for line in listing.read_text().splitlines():
        _, names, path = line.split(":", 2)
        folder = mounted / names / path.lstrip("/")
        if bounds := _try_below(folder):
            parents[folder] = bounds
            _sweep(folder)
    return parents


def _try_below(folder: Path) -> list[str]:
    """Try: the folder may be read-only, or shown by a mount that is not ours."""
    try:
        trial = _make_below(folder)
    except OSError:
        return []
    bounds = _bounds_of(trial)
    with suppress(OSError):
        trial.rmdir()
    return bounds


def _sweep(folder: Path) -> None:
    """Remove the empty groups of processes that were killed before they could."""
    for left in folder.glob("goldsieve-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            with suppress(OSError):
                left.rmdir()


def in_force() -> str:
    """One line: what bounds a program as a whole here."""
    names = {file.partition(".")[0] for files in parents().values() for file in files}
    if not names:
        return "limits on each process; no control groups may be made here"
    return f"limits on each process; control groups for {' and '.join(sorted(names))}"
