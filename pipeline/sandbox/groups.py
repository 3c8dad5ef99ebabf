"""Control groups: bounds on all memory and all processes of a program together.

Where the caller may make a group below its own, in version 1 (a hierarchy for
each of memory and pids) or version 2 (controllers handed down to its group), each
sandbox gets one. Elsewhere limits on each process are what there is: `in_force`
says which.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from pathlib import Path

from pipeline.sandbox.contract import MB

# What the sandbox itself takes: the interpreter that waits, and bubblewrap.
OWN_MB, OWN_PROCESSES = 64, 8
FILES_V1 = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}
FILES_V2 = {"memory": "memory.max", "pids": "pids.max"}
# A shell that enters the groups before it becomes the command.
ENTER = (
    'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done;'
    'shift; exec "$@"'
)
_numbers = count()


@dataclass(frozen=True)
class Group:
    """The folder of a control group, and by controller the file of its bound."""

    folder: Path
    files: dict[str, str]


def make() -> list[Group]:
    """The groups of one new sandbox; none where none may be made."""
    name = f"goldsieve-{os.getpid()}-{next(_numbers)}"
    groups = [replace(parent, folder=parent.folder / name) for parent in parents()]
    for group in groups:
        group.folder.mkdir()
    return groups


def enter(groups: list[Group], command: list[str]) -> list[str]:
    """A command that enters `groups` and becomes `command`."""
    if not groups:
        return command
    folders = [str(group.folder) for group in groups]
    return ["/bin/sh", "-c", ENTER, "sh", *folders, "--", *command]


def bound(groups: list[Group], memory_mb: int, processes: int) -> None:
    """Set the bounds of `groups`, the sandbox's own needs added."""
    values = {
        "memory": str((memory_mb + OWN_MB) * MB),
        "pids": str(processes + OWN_PROCESSES),
    }
    for group in groups:
        for controller, file in group.files.items():
            (group.folder / file).write_text(values[controller])
        with suppress(OSError):
            (group.folder / "memory.swap.max").write_text("0")


def remove(groups: list[Group]) -> None:
    """Remove the folders, once the last process is gone from them."""
    for group in groups:
        for _ in range(100):
            with suppress(OSError):
                group.folder.rmdir()
            if not group.folder.exists():
                break
            time.sleep(0.01)


@lru_cache(1)
def parents() -> tuple[Group, ...]:
    """The groups below which this process may make others."""
    groups = find_parents(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))
    for group in groups:
        _sweep(group.folder)
    return groups


def _sweep(folder: Path) -> None:
    """Remove the empty groups of processes that were killed before they could."""
    for left in folder.glob("goldsieve-*"):
        maker = left.name.split("-")[1]
        if not Path("/proc", maker).exists():
            with suppress(OSError):
                left.rmdir()


def find_parents(listing: Path, mounted: Path) -> tuple[Group, ...]:
    """The groups of `listing` below `mounted` in which others can be made."""
    try:
        lines = listing.read_text().splitlines()
    except OSError:
        return ()
    groups = []
    for line in lines:
        _, names, path = line.split(":", 2)
        folder = mounted / names / path.lstrip("/")
        if names:
            controllers, files = names.split(","), FILES_V1
        else:
            controllers, files = controllers_handed_down(folder), FILES_V2
        own = {name: file for name, file in files.items() if name in controllers}
        if own and _can_make_in(group := Group(folder, own)):
            groups.append(group)
    return tuple(groups)


def controllers_handed_down(folder: Path) -> list[str]:
    """The controllers that groups below a version 2 group have."""
    try:
        return (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return []


def _can_make_in(group: Group) -> bool:
    """Try: the folder may be read-only, or shown by a mount that is not ours."""
    trial = group.folder / f"goldsieve-{os.getpid()}-trial"
    try:
        trial.mkdir()
    except OSError:
        return False
    works = all((trial / file).exists() for file in group.files.values())
    with suppress(OSError):
        trial.rmdir()
    return works


def in_force() -> str:
    """One line: what bounds a program as a whole here."""
    names = sorted(name for group in parents() for name in group.files)
    if not names:
        return "limits on each process; no control groups may be made here"
    return f"limits on each process; control groups for {' and '.join(names)}"
