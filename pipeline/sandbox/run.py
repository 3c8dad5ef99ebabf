"""Run an untrusted program: no network, no host files, bounded in every resource.

`GOLDSIEVE_SANDBOX` says where: `pool` (the default) in warm sandboxes, `oneshot`
in a sandbox for each program, `none` here and unprotected. Where no sandbox can be
had nothing runs, unless `none` asks for that by name.
"""

import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from pipeline.errors import UserError
from pipeline.sandbox import pool, unprotected
from pipeline.sandbox.contract import (
    MB,
    STANDARD,
    Job,
    Launch,
    Limits,
    Run,
    SandboxLost,
)
from pipeline.sandbox.exchange import close, exchange, open_files, run_once
from pipeline.sandbox.guests import guest_code, guest_source
from pipeline.sandbox.walls import no_sandbox

COMPILING = Limits(cpu_s=50, memory_mb=2048, disk_mb=64, output_bytes=64 * MB)
TESTS_MB = 512  # for tests and what runs them
BACKENDS: dict[str, Launch] = {
    "pool": pool.launch,
    "oneshot": pool.launch_apart,
    "none": unprotected.launch,
}


def run_python(
    program: str | bytes,
    *,
    stdin: bytes = b"",
    limits: Limits = STANDARD,
    packages: tuple[str, ...] = (),
) -> Run:
    """Run `program` with the sandbox's Python, feed it `stdin`, and collect all.

    It is source, or compiled if it is ours (`guest_code`). `packages` and what they
    require can be imported there. A UserError where there is no sandbox.
    """
    if isinstance(program, str):
        job = Job(_encode(program), stdin, limits, packages=packages)
    else:
        job = Job(program, stdin, limits, "code", packages)
    return _run(lambda launch: run_once(launch, job))


def run_cpp(program: str, *, stdin: bytes = b"", limits: Limits = STANDARD) -> Run:
    """Compile `program` as C++ in the sandbox, once, and run it there.

    A program that does not compile has ended as `not_compiled`; where there is no
    compiler, a UserError.
    """
    binary, errors = compile_cpp(program)
    if binary is None:
        return Run(1, b"", errors, b"", "not_compiled")
    job = Job(binary, stdin, limits, form="executable")
    return _run(lambda launch: run_once(launch, job))


@lru_cache(16)
def compile_cpp(program: str) -> tuple[bytes | None, bytes]:
    """The executable, kept for the next test; or None and what the compiler printed.

    A UserError where there is no compiler.
    """
    if shutil.which("g++") is None:
        raise no_sandbox("g++, for programs in C++, is not installed")
    compiler = guest_source("compile_cpp")
    run = run_python(compiler, stdin=_encode(program), limits=COMPILING)
    if run.exit_code or run.ended != "exited" or not run.channel:
        return None, run.stderr or run.ended.encode()
    return run.channel, b""


def run_beside(
    tests: bytes,
    program: bytes,
    *,
    limits: Limits = STANDARD,
    packages: tuple[str, ...] = (),
    runner: tuple[str, ...] = (),
    shares_files: bool = False,
) -> Run:
    """Run two programs of ours in two sandboxes, each one's channel being the other's
    standard input.

    The result is that of `tests`, which ends the run, and has memory of its own beside
    the program's limit. Both can import `packages`, and tests the `runner`, too. The
    two share nothing else, unless they share files: then both run in one sandbox, in a
    process each.
    """
    own = replace(limits, memory_mb=max(limits.memory_mb, TESTS_MB))
    seen = (*runner, *packages)
    if shares_files:
        stdin = b"%d\n" % len(program) + program + tests
        both = guest_code("side_by_side")
        return run_python(both, stdin=stdin, limits=own, packages=seen)
    apart = Job(tests, b"", own, "code", seen)
    tested = Job(program, b"", limits, "code", packages)
    return _run(lambda launch: _run_pair(launch, apart, tested))


def _run_pair(launch: Launch, tests: Job, program: Job) -> Run:
    requests, replies = os.pipe(), os.pipe()
    silent = [os.open(os.devnull, os.O_RDWR) for _ in range(2)]
    files = [requests[0], *silent, replies[1]]
    with open_files(b"") as (host, guest):
        try:
            close([guest[0], guest[3]])
            guest[0], guest[3] = replies[0], requests[1]
            with launch(program, files) as tested, launch(tests, guest) as process:
                return exchange(host, tests.limits, [tested, process])
        finally:
            close(files)


def _run(run: Callable[[Launch], Run]) -> Run:
    """Run where the environment says; once more, apart, where the sandbox is lost.

    A program that takes a second sandbox with it has ended as if it were killed.
    """
    for launch in (_backend(), pool.launch_apart):
        with suppress(SandboxLost):
            return run(launch)
    return Run(128 + signal.SIGKILL, b"", b"", b"", "exited")


def _encode(program: str) -> bytes:
    return program.encode(errors="surrogatepass")


def _backend() -> Launch:
    name = os.environ.get("GOLDSIEVE_SANDBOX") or "pool"
    if name not in BACKENDS:
        raise UserError(f"GOLDSIEVE_SANDBOX={name!r} is not one of {list(BACKENDS)}")
    return BACKENDS[name]
