"""The walls of a sandbox: bubblewrap's command, and how it is started and ended.

Namespaces of its own for processes, network, IPC and host name; an empty root
with a read-only runtime; the rest of the host is not there. As root, programs
run under a user id that nobody else has, because root is exempt from the limit
on processes; otherwise in a user namespace.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.errors import UserError
from pipeline.sandbox.guests import FOLDER
from pipeline.sandbox.packages import hide_packages, mount_packages

HINT = (
    "apt-get install bubblewrap, on a kernel that lets you make namespaces; "
    "GOLDSIEVE_SANDBOX=none runs programs unprotected, for machines that are a "
    "sandbox themselves"
)
# What programs find in any sandbox: sets have one order, so that a verdict does not
# change; integers of any length are printed; and threads do not take 64 MB of address
# space each, as many times as the machine has processors.
ENVIRONMENT = ("PYTHONHASHSEED=0", "PYTHONINTMAXSTRDIGITS=0", "MALLOC_ARENA_MAX=2")
# Before the mounts of this machine's own, and after them.
FIRST = """
--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try
--new-session --as-pid-1 --cap-drop ALL --clearenv --setenv PATH /usr/bin:/bin
--setenv HOME /tmp --setenv LANG C.UTF-8 --ro-bind /usr /usr
--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache
--ro-bind-try /etc/alternatives /etc/alternatives --proc /proc --tmpfs /dev
--symlink /proc/self/fd /dev/fd --symlink /proc/self/fd/0 /dev/stdin
--symlink /proc/self/fd/1 /dev/stdout --symlink /proc/self/fd/2 /dev/stderr
"""
# No terminals: of those, one program could take all that the machine has.
DEVICES = ("null", "zero", "full", "random", "urandom")
LAST = "--remount-ro /dev --remount-ro / --chdir /tmp --"
# Where packages are; and one thread for those that would start many.
PACKAGES = """
--setenv PYTHONPATH /packages --setenv PYTHONDONTWRITEBYTECODE 1
--setenv OMP_NUM_THREADS 1 --setenv OPENBLAS_NUM_THREADS 1
"""
SCRATCH = {"/tmp": "1777", "/dev/shm": "1777", "/job": "755"}


def no_sandbox(why: str) -> UserError:
    """The error for a machine that has no sandbox, with what can be done."""
    return UserError(
        f"code cannot be verified: there is no sandbox here ({why})", hint=HINT
    )


def bubblewrap(packages: tuple[str, ...], disk: int, *, may_mount: bool) -> list[str]:
    """The command for a sandbox whose interpreter obeys standard input.

    `disk`: bytes of /tmp, /dev/shm and /job. `packages` and what they require can be
    imported there. A UserError where there is no bubblewrap.
    """
    path = shutil.which("bwrap")
    if path is None:
        raise no_sandbox("bubblewrap is not installed")
    is_root = os.geteuid() == 0
    command = [path, *([] if is_root else ["--unshare-user"]), *FIRST.split()]
    for device in DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for variable in ENVIRONMENT:
        command += ["--setenv", *variable.split("=")]
    for name in ["SYS_ADMIN"] * may_mount + ["SETUID", "SETGID", "KILL"] * is_root:
        command += ["--cap-add", f"CAP_{name}"]
    if packages:
        command += [*mount_packages(packages), *PACKAGES.split()]
    for folder, mode in SCRATCH.items():
        command += ["--size", str(disk), "--perms", mode, "--tmpfs", folder]
    command += ["--ro-bind", str(FOLDER.resolve() / "zygote.py"), "/zygote.py"]
    python, runtime = _runtime()
    # -sP: no site of the user, and nothing of the working folder.
    program = [python, "-sP", "/zygote.py", str(disk), *packages]
    return [*command, *runtime, *hide_packages(), *LAST.split(), *program]


def _runtime() -> tuple[str, list[str]]:
    """Python as the sandbox sees it, and the mounts that it needs beside /usr."""
    mounts = []
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        folder = Path("/", name)
        if folder.is_symlink():
            mounts += ["--symlink", f"usr/{name}", str(folder)]
        elif folder.is_dir():
            mounts += ["--ro-bind", str(folder), str(folder)]
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if prefix.is_relative_to("/usr"):
        return str(prefix / "bin" / version), mounts
    mounts += ["--ro-bind", str(prefix), "/python"]
    mounts += ["--setenv", "LD_LIBRARY_PATH", "/python/lib"]
    return f"/python/bin/{version}", mounts


def spawn(
    command: list[str], streams: list[int], passed: Sequence[int] = ()
) -> "subprocess.Popen[bytes]":
    """Start `command` in a session of its own, with an empty environment."""
    return subprocess.Popen(
        command,
        stdin=streams[0],
        stdout=streams[1],
        stderr=streams[2],
        pass_fds=passed,
        env={},
        cwd="/",
        start_new_session=True,
    )


def kill(process: "subprocess.Popen[bytes]") -> int:
    """End a sandbox; its PID namespace dies with it, daemons included.

    The exit code, or 128 and the number of a signal.
    """
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    return 128 - code if code < 0 else code
