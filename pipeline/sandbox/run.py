"""Run an untrusted program: no network, no host files, bounded in every resource.

`GOLDSIEVE_SANDBOX` says where: `pool` (the default) in warm sandboxes, `oneshot`
in a sandbox for each program, `http://host:port` on a SandboxFusion server, `none`
here and unprotected. Where no sandbox can be had nothing runs, unless `none` asks
for that by name.
"""

import os

from pipeline.errors import UserError
from pipeline.sandbox import compiled, fusion, oneshot, pool
from pipeline.sandbox.contract import MB, STANDARD, Job, Limits, Lost, Ran, Start
from pipeline.sandbox.exchange import close, exchange, pipes

__all__ = ["MB", "STANDARD", "Limits", "Ran", "run_beside", "run_cpp", "run_python"]
STARTS: dict[str, Start] = {
    "pool": pool.started,
    "oneshot": oneshot.started,
    "none": oneshot.started_free,
}


def run_python(
    program: str, *, stdin: bytes = b"", limits: Limits = STANDARD, package: str = ""
) -> Ran:
    """Run `program` with the sandbox's Python, feed it `stdin`, and collect all.

    With `package`, what is installed here can be imported there. Not on a server.
    """
    if package and is_remote():
        raise UserError(
            f"a server's sandbox has no {package}",
            hint="unset GOLDSIEVE_SANDBOX, or judge these rows elsewhere",
        )
    return _run(Job(_encoded(program), stdin, limits, package=package))


def run_cpp(program: str, *, stdin: bytes = b"", limits: Limits = STANDARD) -> Ran:
    """Compile `program` as C++ in the sandbox, once, and run it there.

    A program that does not compile has ended as `not_compiled`; where there is no
    compiler, a UserError.
    """
    job = Job(_encoded(program), stdin, limits, "cpp")
    return _run(job) if is_remote() else compiled.run(job, _run)


def run_beside(tests: str, program: str, *, limits: Limits = STANDARD) -> Ran:
    """Run two scripts in two sandboxes, each one's channel being the other's stdin.

    What is told of is `tests`, which ends the run: its output and errors, and how
    it ended. The two share nothing else. Not on a server.
    """
    start = _start()
    try:
        return _beside(start, _encoded(tests), _encoded(program), limits)
    except Lost:
        return _beside(oneshot.started, _encoded(tests), _encoded(program), limits)


def is_remote() -> bool:
    """Whether programs run on a server."""
    return _said().startswith(("http://", "https://"))


def _run(job: Job) -> Ran:
    if is_remote():
        return fusion.run(job)
    try:
        return _once(_start(), job)
    except Lost:
        return _once(oneshot.started, job)


def _once(start: Start, job: Job) -> Ran:
    with pipes() as ends, start(job, ends.theirs) as run:
        (out, err, told), ended = exchange(ends, job.stdin, job.limits, run.done)
        return Ran(run.finish(), out, err, told, ended)


def _beside(start: Start, tests: bytes, program: bytes, limits: Limits) -> Ran:
    asked, answered = os.pipe(), os.pipe()
    silent = [os.open(os.devnull, os.O_RDWR) for _ in range(2)]
    theirs = [asked[0], *silent, answered[1]]
    with pipes() as ends:
        try:
            close([ends.theirs[0], ends.theirs[3]])
            ends.theirs[0], ends.theirs[3] = answered[0], asked[1]
            first = start(Job(program, b"", limits), theirs)
            then = start(Job(tests, b"", limits), ends.theirs)
            with first, then as run:
                (out, err, _), ended = exchange(ends, b"", limits, run.done)
                return Ran(run.finish(), out, err, b"", ended)
        finally:
            close(theirs)


def _encoded(program: str) -> bytes:
    return program.encode(errors="surrogatepass")


def _start() -> Start:
    if _said() not in STARTS:
        known = ", ".join(STARTS)
        raise UserError(
            f"GOLDSIEVE_SANDBOX={_said()!r} is not one of {known}, http://host:port"
        )
    return STARTS[_said()]


def _said() -> str:
    return os.environ.get("GOLDSIEVE_SANDBOX") or "pool"
