"""One bubblewrap for one program: the plain backend, and the pool's last resort."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

from pipeline.sandbox import groups, seccomp
from pipeline.sandbox.contract import MB, STANDARD, Job, Process, resource_limits
from pipeline.sandbox.exchange import close, run_once
from pipeline.sandbox.walls import kill, no_sandbox, python_inside, spawn, walls

FIRST_USER = 100_000


@contextmanager
def launch(job: Job, files: list[int]) -> Iterator[Process]:
    """Start `job` in a sandbox of its own; a UserError where none can be had."""
    _try_once()
    with _launch(job, files) as process:
        yield process


@lru_cache(1)
def _try_once() -> None:
    """A sandbox that does not start must not look like a program that fails."""
    run = run_once(_launch, Job(b"print('ok')", b"", STANDARD))
    if run.stdout != b"ok\n":
        message = run.stderr.decode(errors="replace").strip()
        raise no_sandbox(message.rpartition("\n")[2] or f"exit code {run.exit_code}")


@contextmanager
def _launch(job: Job, files: list[int]) -> Iterator[Process]:
    with ExitStack() as stack:
        own_groups = groups.make()
        stack.callback(groups.remove, own_groups)
        groups.bound(own_groups, job.limits.memory_mb, job.limits.processes)
        file = stack.enter_context(_program_file(job))
        rules = _filter()
        stack.callback(close, rules)
        command = groups.enter(own_groups, _command(file, job, files[3], rules))
        yield stack.enter_context(_start(command, files, rules))


@contextmanager
def launch_unprotected(job: Job, files: list[int]) -> Iterator[Process]:
    """Start with limits and without walls, for machines that are a sandbox."""
    # The limit on processes counts all that this user runs: leave it out.
    bounds = [bound for bound in _prlimit(job) if "--nproc" not in bound]
    python = [] if job.is_binary else [sys.executable, "-sP"]
    with _program_file(job) as file:
        environment = ["env", f"GOLDSIEVE_FD={files[3]}"]
        command = [*bounds, *environment, *python, str(file)]
        with _start(command, files, []) as process:
            yield process


@contextmanager
def _program_file(job: Job) -> Iterator[Path]:
    """The program as a file that others may read, alone in its folder."""
    with tempfile.TemporaryDirectory("", "goldsieve-") as name:
        file = Path(name, "main" if job.is_binary else "main.py")
        file.write_bytes(job.program)
        file.chmod(0o755)
        file.parent.chmod(0o755)
        yield file


@contextmanager
def _start(command: list[str], files: list[int], rules: list[int]) -> Iterator[Process]:
    process = spawn(command, files[:3], [files[3], *rules])
    with ExitStack() as stack:
        stack.callback(kill, process)
        close(files)
        done = os.pidfd_open(process.pid)
        stack.callback(os.close, done)
        yield Process(done, lambda: kill(process))


def _filter() -> list[int]:
    """A descriptor that the filter can be read from, where there is a filter."""
    rules = seccomp.filter_program()
    if not rules:
        return []
    file = os.memfd_create("filter")
    os.write(file, rules)
    os.lseek(file, 0, os.SEEK_SET)
    return [file]


def _prlimit(job: Job) -> list[str]:
    limits = resource_limits(job.limits).items()
    return ["prlimit", *(f"--{name.lower()}={value}" for name, value in limits)]


def _command(file: Path, job: Job, channel: int, rules: list[int]) -> list[str]:
    is_root = os.geteuid() == 0
    size = ("--size", str(job.limits.disk_mb * MB), "--perms", "1777", "--tmpfs")
    command = [
        *walls(("SETUID", "SETGID", "SETPCAP") if is_root else (), job.package),
        "--die-with-parent",
        *("--setenv", "GOLDSIEVE_FD", str(channel)),
        *size,
        "/tmp",
        *size,
        "/dev/shm",
        *("--ro-bind", str(file.parent), "/job"),
        # bubblewrap's own process: an ordinary user's program has the same user.
        *("--tmpfs", "/proc/1", "--remount-ro", "/proc/1"),
        *("--remount-ro", "/dev"),
        *("--remount-ro", "/"),
        *(part for rule in rules for part in ("--seccomp", str(rule))),
        "--",
    ]
    if is_root:
        # No two sandboxes at a time may have one user: their processes would be
        # counted together.
        user = str(FIRST_USER + os.getpid() * 1000 + channel % 1000)
        command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        command += ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    python = [] if job.is_binary else python_inside()
    return [*command, *_prlimit(job), *python, f"/job/{file.name}"]
