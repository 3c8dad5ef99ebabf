"""Run an untrusted program: no network, no host files, bounded in every resource.

bubblewrap gives the program new PID, network, IPC and UTS namespaces, a private
/tmp with a size, and a read-only Python runtime; nothing else of the host is
there. Limits bound CPU, memory, processes, file size and open files; the reader
bounds the output and the wall clock. Everything dies with the parent.

As root, the program runs under an unprivileged user id of its own, because root
is exempt from the limit on processes; otherwise in a user namespace. Without
bubblewrap nothing runs, unless GOLDSIEVE_SANDBOX=none asks for that by name.
"""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pipeline.errors import UserError

MB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """`wall_s` and `cpu_s` in seconds; `output` counts bytes of each channel."""

    wall_s: float = 10.0
    cpu_s: int = 10
    memory_mb: int = 512
    processes: int = 16
    disk_mb: int = 32
    output: int = 4 * MB


STANDARD = Limits()


@dataclass(frozen=True)
class Ran:
    """What a program did; `ended` is exited, timeout or output_limit.

    `told` is what it wrote to the extra channel, whose number it finds in
    `GOLDSIEVE_FD`.
    """

    code: int
    out: bytes
    err: bytes
    told: bytes
    ended: str


def run_python(program: str, *, stdin: bytes = b"", limits: Limits = STANDARD) -> Ran:
    """Run `program` with the sandbox's Python, feed it `stdin`, and collect all."""
    with tempfile.TemporaryDirectory(prefix="goldsieve-") as folder:
        file = Path(folder) / "main.py"
        file.write_text(program, encoding="utf-8", errors="surrogatepass")
        file.chmod(0o644)
        Path(folder).chmod(0o755)
        return _collected(folder, stdin, limits)


def _collected(folder: str, stdin: bytes, limits: Limits) -> Ran:
    ours, theirs = os.pipe()
    process = subprocess.Popen(
        _command(folder, limits, theirs),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[theirs],
        env={},
        cwd="/",
        start_new_session=True,
    )
    os.close(theirs)
    try:
        parts, ended = _exchange(process, ours, stdin, limits)
    finally:
        _kill(process)
        os.close(ours)
    out, err, told = parts
    return Ran(process.returncode, out, err, told, ended)


def _exchange(
    process: "subprocess.Popen[bytes]", channel: int, stdin: bytes, limits: Limits
) -> tuple[list[bytes], str]:
    """Write stdin and read all channels, until they close or a limit is reached."""
    assert process.stdin
    assert process.stdout
    assert process.stderr
    reads = [process.stdout.fileno(), process.stderr.fileno(), channel]
    parts: dict[int, list[bytes]] = {fd: [] for fd in reads}
    sizes = dict.fromkeys(reads, 0)
    left, deadline = memoryview(stdin), time.monotonic() + limits.wall_s
    feed = process.stdin.fileno()
    with selectors.DefaultSelector() as selector:
        for fd in reads:
            selector.register(fd, selectors.EVENT_READ)
        os.set_blocking(feed, False)
        selector.register(feed, selectors.EVENT_WRITE)
        ended = "exited"
        open_reads = set(reads)
        while open_reads:
            if (wait := deadline - time.monotonic()) <= 0:
                ended = "timeout"
                break
            for key, _ in selector.select(wait):
                if key.fd == feed:
                    left = _fed(selector, process, left)
                    continue
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fd)
                    open_reads.discard(key.fd)
                parts[key.fd].append(data)
                sizes[key.fd] += len(data)
            if max(sizes.values()) > limits.output:
                ended = "output_limit"
                break
    return [b"".join(parts[fd])[: limits.output] for fd in reads], ended


def _fed(
    selector: selectors.BaseSelector,
    process: "subprocess.Popen[bytes]",
    left: memoryview,
) -> memoryview:
    """Write a piece; close when all is written or nobody reads any more."""
    assert process.stdin
    written = 0
    try:
        written = os.write(process.stdin.fileno(), left[:65536]) if left else 0
    except BlockingIOError:
        return left
    except BrokenPipeError:
        written = len(left)
    if written == len(left):
        selector.unregister(process.stdin.fileno())
        with suppress(BrokenPipeError):
            process.stdin.close()
    return left[written:]


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the sandbox; its PID namespace dies with it, daemons included."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()


def _command(folder: str, limits: Limits, channel: int) -> list[str]:
    bounds = [
        "prlimit",
        f"--cpu={limits.cpu_s}",
        f"--as={limits.memory_mb * MB}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.disk_mb * MB}",
        "--nofile=64",
        "--core=0",
    ]
    if os.environ.get("GOLDSIEVE_SANDBOX") == "none":
        named = ["env", f"GOLDSIEVE_FD={channel}"]
        # The limit on processes counts all that this user runs: leave it out.
        free = [bound for bound in bounds if not bound.startswith("--nproc")]
        return [*free, *named, sys.executable, "-I", f"{folder}/main.py"]
    python, runtime = _runtime()
    walls = [
        _bubblewrap(),
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup-try",
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        *("--setenv", "PATH", "/usr/bin:/bin"),
        *("--setenv", "HOME", "/tmp"),
        *("--setenv", "PYTHONHASHSEED", "0"),
        *("--setenv", "GOLDSIEVE_FD", str(channel)),
        *runtime,
        *("--proc", "/proc"),
        *("--dev", "/dev"),
        *("--size", str(limits.disk_mb * MB)),
        *("--perms", "1777"),
        *("--tmpfs", "/tmp"),
        *("--ro-bind", folder, "/job"),
        *("--remount-ro", "/"),
        *("--chdir", "/tmp"),
    ]
    if os.geteuid() == 0:
        capabilities = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
        walls += [part for name in capabilities for part in ("--cap-add", name)]
        user = str(100_000 + channel + os.getpid() % 60_000 * 100)
        bounds = [
            "setpriv",
            f"--reuid={user}",
            f"--regid={user}",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
            "--no-new-privs",
            *bounds,
        ]
    else:
        walls += ["--unshare-user", "--cap-drop", "ALL"]
    return [*walls, "--", *bounds, python, "-I", "/job/main.py"]


def _bubblewrap() -> str:
    found = shutil.which("bwrap")
    if found is None:
        raise UserError(
            "code cannot be verified: there is no sandbox (bubblewrap) here",
            hint="apt-get install bubblewrap; GOLDSIEVE_SANDBOX=none runs programs "
            "unprotected, for machines that are a sandbox themselves",
        )
    return found


@lru_cache(1)
def _runtime() -> tuple[str, tuple[str, ...]]:
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
