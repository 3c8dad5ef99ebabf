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
import sysconfig
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pipeline.errors import UserError

HINT = (
    "apt-get install bubblewrap, on a kernel that lets you make namespaces; "
    "GOLDSIEVE_SANDBOX=http://host:port has programs run elsewhere; "
    "GOLDSIEVE_SANDBOX=none runs them unprotected, for machines that are a "
    "sandbox themselves"
)
# PYTHONHASHSEED: sets have one order, so that a verdict does not change.
VARIABLES = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
}
# Where packages are; and one thread for those that would start many.
PACKAGE_VARIABLES = {
    "PYTHONPATH": "/packages",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def bubblewrap() -> str:
    """Where bwrap is; a UserError where it is not."""
    path = shutil.which("bwrap")
    if path is None:
        raise no_sandbox("bubblewrap is not installed")
    return path


def no_sandbox(why: str) -> UserError:
    """The error for a machine that has no sandbox, with what can be done."""
    return UserError(
        f"code cannot be verified: there is no sandbox here ({why})", hint=HINT
    )


def walls(capabilities: tuple[str, ...], package: str = "") -> list[str]:
    """The command bwrap and its options, up to the mounts of the caller's own.

    `capabilities` are kept within the sandbox. With a `package`, all that is
    installed can be read there. A UserError where there is no bubblewrap.
    """
    _, runtime = runtime_mounts()
    packages = sysconfig.get_paths()["purelib"]
    user = [] if os.geteuid() == 0 else ["--unshare-user"]
    return [
        bubblewrap(),
        *user,
        *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--new-session"),
        *("--cap-drop", "ALL"),
        *(part for name in capabilities for part in ("--cap-add", f"CAP_{name}")),
        "--clearenv",
        *_set_variables(VARIABLES | (PACKAGE_VARIABLES if package else {})),
        *runtime,
        *(("--ro-bind", packages, "/packages") if package else ()),
        *("--proc", "/proc"),
        *("--dev", "/dev"),
        *("--chdir", "/tmp"),
    ]


def _set_variables(variables: dict[str, str]) -> list[str]:
    return [part for pair in variables.items() for part in ("--setenv", *pair)]


def spawn(
    command: list[str], streams: list[int], passed: list[int]
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


def python_inside() -> list[str]:
    """The sandbox's Python: no site of the user, nothing of the working folder."""
    return [runtime_mounts()[0], "-sP"]


@lru_cache(1)
def runtime_mounts() -> tuple[str, tuple[str, ...]]:
    """Python as the sandbox sees it, and the read-only mounts that it needs."""
    mounts = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        where = Path("/", name)
        if where.is_symlink():
            mounts += ["--symlink", f"usr/{name}", str(where)]
        elif where.is_dir():
            mounts += ["--ro-bind", str(where), str(where)]
    for extra in ("/etc/ld.so.cache", "/etc/alternatives"):
        mounts += ["--ro-bind-try", extra, extra]
    prefix = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if prefix.is_relative_to("/usr"):
        return str(prefix / "bin" / version), tuple(mounts)
    mounts += ["--ro-bind", str(prefix), "/python"]
    mounts += ["--setenv", "LD_LIBRARY_PATH", "/python/lib"]
    return f"/python/bin/{version}", tuple(mounts)
