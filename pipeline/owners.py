"""One process at a time writes a store, a stage's outputs or a draft, and has a name.

What is owned is locked by the kernel (flock), on a file of ours beside it. Such a lock
goes with its process, however that ends, so nothing is ever left locked; and no child
has it: descriptors close on exec, and forks close them.
"""

import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.disks import naming_file
from pipeline.errors import UserError

PATIENCE_S = 10.0  # what the last processes of a killed run may take to end
LOOK_S = 0.05
TELL_S = 1.0  # of waiting, after which it is worth a word

_held: set[int] = set()  # descriptors of this process


@contextmanager
def owning(what: Path, *, patience_s: float = float("inf")) -> Iterator[None]:
    """Own `what` while the block runs; `.<name>.owner` beside it says who does.

    Who comes second says for whom it waits. After `patience_s` seconds it raises a
    UserError that names that process.
    """
    record = what.with_name(f".{what.name}.owner")
    start, is_told = time.monotonic(), False
    while (lock := _try(record, what)) is None:
        waited_s = time.monotonic() - start
        text = f"{what} is owned by {_read_owner(record)}"
        if waited_s > patience_s:
            raise UserError(text, hint="wait until that process ends, or end it")
        if waited_s > TELL_S and not is_told:
            print(f"{text}: waiting for it to end", file=sys.stderr, flush=True)
            is_told = True
        time.sleep(LOOK_S)
    try:
        yield
    finally:
        if lock in _held:
            record.unlink(missing_ok=True)
        release(lock)


def hold_file(path: Path) -> int:
    """Wait for the lock of the file `path` and make it empty; `release` gives it back.

    Who holds it may rename the file or remove it: the next one has a new file.
    """
    lock = _take(path, _open_file, wait=True)
    assert lock is not None
    os.ftruncate(lock, 0)
    return lock


def hold_folder(path: Path) -> int:
    """Wait for the lock of the folder `path`, which is made if it is not there."""
    lock = _take(path, _open_folder, wait=True)
    assert lock is not None
    return lock


def release(lock: int) -> None:
    """Give a lock back; in a fork, which has none, do nothing."""
    if lock in _held:
        _held.discard(lock)
        os.close(lock)


def _try(record: Path, what: Path) -> int | None:
    """The lock of `record`, with this process in it; None if another has it."""
    with naming_file(what, record):
        lock = _take(record, _open_file, wait=False)
        if lock is not None:
            os.ftruncate(lock, 0)
            os.pwrite(lock, _describe_self(), 0)
        return lock


def _take(path: Path, open_path: Callable[[Path], int], *, wait: bool) -> int | None:
    """The descriptor that holds the lock of `path`; None where another one has it."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = open_path(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            is_taken = _is_at(path, lock)
        except BlockingIOError:
            os.close(lock)
            return None
        except BaseException:
            os.close(lock)
            raise
        if is_taken:
            _held.add(lock)
            return lock
        os.close(lock)  # it was renamed or removed by who had it before


def _open_file(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)


def _open_folder(path: Path) -> int:
    path.mkdir(exist_ok=True)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY)


def _is_at(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(lock))
    except FileNotFoundError:
        return False


def _describe_self() -> bytes:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    command = " ".join(sys.orig_argv)
    who = {"pid": os.getpid(), "host": socket.gethostname(), "command": command}
    return json.dumps(who | {"since": now}).encode() + b"\n"


def _read_owner(record: Path) -> str:
    """Who wrote the record, in words."""
    try:
        who = json.loads(record.read_text("utf-8"))
        where = "" if who["host"] == socket.gethostname() else f" on {who['host']}"
        return f"process {who['pid']}{where} ({who['command']}, since {who['since']})"
    except (OSError, ValueError, KeyError, TypeError):  # it has just changed hands
        return "another process"


def _forget() -> None:
    """In a fork: what is held belongs to the parent."""
    for lock in _held:
        os.close(lock)
    _held.clear()


os.register_at_fork(after_in_child=_forget)
