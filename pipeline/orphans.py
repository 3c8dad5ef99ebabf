"""Processes that end with the one that started them, however that ends.

Nobody waits for the work of an orphan, and it may write where the next run writes. On
Linux the kernel kills it; elsewhere a thread looks every second whether the parent is
there, which a computation in C can keep waiting.

To Linux, the parent is the *thread* that started the process: one that is to live on
must be started by a thread that does.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

PR_SET_PDEATHSIG = 1
LOOK_S = 1.0
# Those that sample; nothing that they hand to processes is their own.
MAIN_MODULES = "pipeline.__main__", "trainers.evaluate"
OF_DVC = "DVC_STAGE"  # in the environment of all that DVC runs


def end_with_parent(parent: int) -> None:
    """Have this process killed when `parent`, which started it, has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        Thread(target=_watch, args=[parent], daemon=True).start()
    if os.getppid() != parent:  # it ended before we asked
        _end()


def end_with_dvc() -> None:
    """Have a stage that DVC runs, and all that it spawns, end with DVC.

    What a person starts by hand may outlive its shell.
    """
    mark_spawned()
    if OF_DVC not in os.environ:
        return
    end_with_group()
    # Some shells run a command as a child of theirs, and outlive DVC themselves.
    if sys.platform == "linux" and (dvc := _find_dvc()) != os.getppid():
        Thread(target=_wait_for, args=[os.pidfd_open(dvc)], daemon=True).start()


def end_with_group() -> None:
    """Have this process end with the one that started it in its group of processes.

    Where that has ended already, an orphan is the child of one outside of the group.
    """
    parent = os.getppid()
    if os.getpgid(parent) != os.getpgid(0):
        _end()
    end_with_parent(parent)


def mark_spawned() -> None:
    """Have all that `multiprocessing` spawns from here run this file first.

    A spawned process imports the main module of its parent as `__mp_main__`, unless
    that is the `__main__` of a package. vLLM starts its engines so, and nothing else of
    ours runs in those.
    """
    main = sys.modules["__main__"]
    if main.__spec__ and main.__spec__.name in MAIN_MODULES:
        main.__spec__ = find_spec(__name__)


def _find_dvc() -> int:
    """The nearest process above this one in its group that DVC has not started."""
    pid = parent = os.getppid()
    with suppress(OSError):  # one that is gone, or is another user's
        while os.getpgid(parent) == os.getpgid(0):
            pid = parent
            if f"{OF_DVC}=".encode() not in Path(f"/proc/{pid}/environ").read_bytes():
                break
            stat = Path(f"/proc/{pid}/stat").read_text()
            parent = int(stat.rpartition(")")[2].split()[1])
    return pid


def _wait_for(process: int) -> None:
    select.select([process], [], [])
    _end()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    _end()


def _end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__mp_main__":
    end_with_group()
