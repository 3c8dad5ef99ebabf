"""One bubblewrap for one program: the plain backend, and the pool's last resort."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from pipeline.sandbox import groups, seccomp
from pipeline.sandbox.contract import MB, OPEN_FILES, STACK, Job, Limits, Started
from pipeline.sandbox.exchange import close, exchange, pipes
from pipeline.sandbox.walls import no_sandbox, python_inside, walls

FIRST_USER = 100_000


@contextmanager
def started(job: Job, theirs: list[int]) -> Iterator[Started]:
    """Start in a sandbox of its own; a UserError where none can be had."""
    _try_once()
    with _started(job, theirs, is_free=False) as run:
        yield run


@contextmanager
def started_free(job: Job, theirs: list[int]) -> Iterator[Started]:
    """Start with limits and without walls, for machines that are a sandbox."""
    with _started(job, theirs, is_free=True) as run:
        yield run


@lru_cache(1)
def _try_once() -> None:
    """A sandbox that does not start must not look like a program that fails."""
    with pipes() as ends:
        job = Job(b"print('ok')", b"", Limits())
        with _started(job, ends.theirs, is_free=False) as run:
            (out, err, _), _ = exchange(ends, b"", job.limits, run.done)
            code = run.finish()
    if out != b"ok\n":
        said = err.decode(errors="replace").strip()
        raise no_sandbox(said.rpartition("\n")[2] or f"exit code {code}")


@contextmanager
def _started(job: Job, theirs: list[int], *, is_free: bool) -> Iterator[Started]:
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory("", "goldsieve-"))
        )
        file = folder / ("main" if job.is_binary else "main.py")
        file.write_bytes(job.program)
        file.chmod(0o755)
        folder.chmod(0o755)
        group = groups.Group(()) if is_free else groups.make()
        stack.callback(groups.remove, group)
        groups.bound(group, job.limits.memory_mb, job.limits.processes)
        channel, passed = theirs[3], [theirs[3]]
        if is_free:
            command = _free(file, job, channel)
        else:
            passed += [rules] if (rules := _filter()) else []
            stack.callback(close, passed[1:])
            command = groups.join(group, _walled(file, job, passed))
        process = subprocess.Popen(
            command,
            stdin=theirs[0],
            stdout=theirs[1],
            stderr=theirs[2],
            pass_fds=passed,
            env={},
            cwd="/",
            start_new_session=True,
        )
        stack.callback(_kill, process)
        close(theirs)
        done = os.pidfd_open(process.pid)
        stack.callback(os.close, done)
        yield Started(done, lambda: _kill(process))


def _kill(process: "subprocess.Popen[bytes]") -> int:
    """End the sandbox; its PID namespace dies with it, daemons included."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    code = process.wait()
    return 128 - code if code < 0 else code


def _filter() -> int:
    """A descriptor that the filter can be read from; 0 where there is none."""
    rules = seccomp.filter_program()
    if not rules:
        return 0
    file = os.memfd_create("filter")
    os.write(file, rules)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _bounds(limits: Limits) -> list[str]:
    return [
        "prlimit",
        f"--cpu={limits.cpu_s}",
        f"--as={limits.memory_mb * MB}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.disk_mb * MB}",
        f"--nofile={OPEN_FILES}",
        f"--stack={STACK}",
        "--core=0",
    ]


def _free(file: Path, job: Job, channel: int) -> list[str]:
    # The limit on processes counts all that this user runs: leave it out.
    bounds = [bound for bound in _bounds(job.limits) if "--nproc" not in bound]
    python = [] if job.is_binary else [sys.executable, "-sP"]
    return [*bounds, "env", f"GOLDSIEVE_FD={channel}", *python, str(file)]


def _walled(file: Path, job: Job, passed: list[int]) -> list[str]:
    is_root = os.geteuid() == 0
    size = ("--size", str(job.limits.disk_mb * MB), "--perms", "1777", "--tmpfs")
    command = [
        *walls(("SETUID", "SETGID", "SETPCAP") if is_root else (), job.package),
        "--die-with-parent",
        *("--setenv", "GOLDSIEVE_FD", str(passed[0])),
        *size,
        "/tmp",
        *size,
        "/dev/shm",
        *("--ro-bind", str(file.parent), "/job"),
        # bubblewrap's own process: an ordinary user's program has the same user.
        *("--tmpfs", "/proc/1", "--remount-ro", "/proc/1"),
        *("--remount-ro", "/dev"),
        *("--remount-ro", "/"),
        *(("--seccomp", str(passed[1])) if passed[1:] else ()),
        "--",
    ]
    if is_root:
        # No two sandboxes at a time may have one user: their processes would be
        # counted together.
        user = str(FIRST_USER + os.getpid() * 1000 + passed[0] % 1000)
        command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        command += ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    python = [] if job.is_binary else python_inside()
    return [*command, *_bounds(job.limits), *python, f"/job/{file.name}"]
