"""Run an untrusted program: no network, no host files, bounded in every resource.

`GOLDSIEVE_SANDBOX` says where: `pool` (the default) in warm sandboxes, `oneshot`
in a sandbox for each program, `http://host:port` on a SandboxFusion server, `none`
here and unprotected. Where no sandbox can be had nothing runs, unless `none` asks
for that by name.
"""

import os
import shutil
from collections.abc import Callable
from functools import lru_cache

from pipeline.errors import UserError
from pipeline.sandbox import fusion, oneshot, pool
from pipeline.sandbox.contract import (
    MB,
    STANDARD,
    Job,
    Launch,
    Limits,
    Run,
    SandboxLost,
)
from pipeline.sandbox.exchange import close, exchange, open_pipes, run_once
from pipeline.sandbox.guests import guest_source
from pipeline.sandbox.walls import no_sandbox

__all__ = ["MB", "STANDARD", "Limits", "Run", "run_beside", "run_cpp", "run_python"]
COMPILING = Limits(60, cpu_s=50, memory_mb=2048, disk_mb=64, output_bytes=64 * MB)
BACKENDS: dict[str, Launch] = {
    "pool": pool.launch,
    "oneshot": oneshot.launch,
    "none": oneshot.launch_unprotected,
}


def run_python(
    program: str, *, stdin: bytes = b"", limits: Limits = STANDARD, package: str = ""
) -> Run:
    """Run `program` with the sandbox's Python, feed it `stdin`, and collect all.

    With `package`, what is installed here can be imported there. A UserError where
    there is no sandbox, or a server and a `package`.
    """
    if package and is_remote():
        raise UserError(
            f"a server's sandbox has no {package}",
            hint="unset GOLDSIEVE_SANDBOX, or judge these rows elsewhere",
        )
    return _run(Job(_encode(program), stdin, limits, package=package))


def run_cpp(program: str, *, stdin: bytes = b"", limits: Limits = STANDARD) -> Run:
    """Compile `program` as C++ in the sandbox, once, and run it there.

    A program that does not compile has ended as `not_compiled`; where there is no
    compiler, a UserError.
    """
    if is_remote():
        return _run(Job(_encode(program), stdin, limits, "cpp"))
    binary, errors = _compile(_encode(program))
    if binary is None:
        return Run(1, b"", errors, b"", "not_compiled")
    return _run(Job(binary, stdin, limits, "binary"))


@lru_cache(16)
def _compile(program: bytes) -> tuple[bytes | None, bytes]:
    """The executable, kept for the next test; or None and what the compiler printed."""
    if shutil.which("g++") is None:
        raise no_sandbox("g++, for programs in C++, is not installed")
    run = _run(Job(guest_source("compile_cpp").encode(), program, COMPILING))
    if run.exit_code or run.ended != "exited" or not run.channel:
        return None, run.stderr or run.ended.encode()
    return run.channel, b""


def run_beside(tests: str, program: str, *, limits: Limits = STANDARD) -> Run:
    """Run two scripts in two sandboxes, each one's channel being the other's stdin.

    The result is that of `tests`, which ends the run. The two share nothing else. Not
    on a server.
    """
    jobs = [Job(_encode(text), b"", limits) for text in (tests, program)]
    return _run_here(lambda launch: _run_pair(launch, *jobs))


def is_remote() -> bool:
    """Whether programs run on a server."""
    return _setting().startswith(("http://", "https://"))


def _run(job: Job) -> Run:
    if is_remote():
        return fusion.run(job)
    return _run_here(lambda launch: run_once(launch, job))


def _run_here(run: Callable[[Launch], Run]) -> Run:
    try:
        return run(_backend())
    except SandboxLost:
        return run(oneshot.launch)


def _run_pair(launch: Launch, tests: Job, program: Job) -> Run:
    requests, replies = os.pipe(), os.pipe()
    silent = [os.open(os.devnull, os.O_RDWR) for _ in range(2)]
    files = [requests[0], *silent, replies[1]]
    with open_pipes() as (host, guest):
        try:
            close([guest[0], guest[3]])
            guest[0], guest[3] = replies[0], requests[1]
            with launch(program, files), launch(tests, guest) as process:
                return exchange(host, tests, process)
        finally:
            close(files)


def _encode(program: str) -> bytes:
    return program.encode(errors="surrogatepass")


def _backend() -> Launch:
    if _setting() not in BACKENDS:
        names = ", ".join(BACKENDS)
        raise UserError(
            f"GOLDSIEVE_SANDBOX={_setting()!r} is not one of {names}, http://host:port"
        )
    return BACKENDS[_setting()]


def _setting() -> str:
    return os.environ.get("GOLDSIEVE_SANDBOX") or "pool"
