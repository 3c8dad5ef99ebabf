"""Control groups: bounds on all memory and all processes of a program together.

Where the caller may make a group below its own, in version 1 (a hierarchy for
each of memory and pids) or version 2 (controllers handed down to its group), each
sandbox gets one. Elsewhere limits on each process are what there is: `in_force`
says which.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

from pipeline.sandbox.contract import MB

# What the sandbox itself takes: the interpreter that waits, and bubblewrap.
OWN_MB, OWN_PROCESSES = 64, 8
FILES = {
    1: {"memory": "memory.limit_in_bytes", "pids": "pids.max"},
    2: {"memory": "memory.max", "pids": "pids.max"},
}
_numbers = count()


@dataclass(frozen=True)
class Place:
    """A folder below which groups can be made, and what they can bound."""

    folder: Path
    version: int
    controllers: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The folders of one sandbox; empty where there are no control groups."""

    folders: tuple[tuple[Path, Place], ...]


def join(group: Group, command: list[str]) -> list[str]:
    """`command` as a shell starts it that has entered the group before."""
    if not group.folders:
        return command
    script = (
        'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 125; shift; done;'
        'shift; exec "$@"'
    )
    folders = [str(folder) for folder, _ in group.folders]
    return ["/bin/sh", "-c", script, "sh", *folders, "--", *command]


def make() -> Group:
    """A group of its own for one sandbox."""
    name = f"goldsieve-{os.getpid()}-{next(_numbers)}"
    made = tuple((place.folder / name, place) for place in places())
    for folder, _ in made:
        folder.mkdir()
    return Group(made)


def bound(group: Group, memory_mb: int, processes: int) -> None:
    """Set the bounds of the group, its own needs added."""
    values = {
        "memory": str((memory_mb + OWN_MB) * MB),
        "pids": str(processes + OWN_PROCESSES),
    }
    for folder, place in group.folders:
        for name in place.controllers:
            (folder / FILES[place.version][name]).write_text(values[name])
        with suppress(OSError):
            (folder / "memory.swap.max").write_text("0")


def remove(group: Group) -> None:
    """Remove the folders, once the last process is gone from them."""
    for folder, _ in group.folders:
        for _ in range(100):
            try:
                folder.rmdir()
            except FileNotFoundError:
                break
            except OSError:
                time.sleep(0.01)
                continue
            break


@lru_cache(1)
def places() -> tuple[Place, ...]:
    """Where this process may make groups; () if nowhere."""
    found = find(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))
    for place in found:
        _sweep(place.folder)
    return found


def _sweep(folder: Path) -> None:
    """Remove the empty groups of processes that were killed before they could."""
    for left in folder.glob("goldsieve-*"):
        maker = left.name.split("-")[1]
        if not Path("/proc", maker).exists():
            with suppress(OSError):
                left.rmdir()


def find(listing: Path, mounted: Path) -> tuple[Place, ...]:
    """The places for the groups of `listing` below `mounted`."""
    try:
        lines = listing.read_text().splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        _, names, path = line.split(":", 2)
        if not names:
            folder = mounted / path.lstrip("/")
            place = Place(folder, 2, _handed_down(folder))
        else:
            controllers = tuple(n for n in names.split(",") if n in ("memory", "pids"))
            place = Place(mounted / names / path.lstrip("/"), 1, controllers)
        if place.controllers and _can_make(place):
            found.append(place)
    return tuple(found)


def _handed_down(folder: Path) -> tuple[str, ...]:
    try:
        names = (folder / "cgroup.subtree_control").read_text().split()
    except OSError:
        return ()
    return tuple(name for name in ("memory", "pids") if name in names)


def _can_make(place: Place) -> bool:
    """Try: the folder may be read-only, or shown by a mount that is not ours."""
    trial = place.folder / f"goldsieve-{os.getpid()}-trial"
    try:
        trial.mkdir()
    except OSError:
        return False
    files = [FILES[place.version][name] for name in place.controllers]
    works = all((trial / file).exists() for file in files)
    with suppress(OSError):
        trial.rmdir()
    return works


def in_force() -> str:
    """One line: what bounds a program as a whole here."""
    names = [name for place in places() for name in place.controllers]
    if not names:
        return "limits on each process; no control groups may be made here"
    return f"limits on each process; control groups for {' and '.join(sorted(names))}"
