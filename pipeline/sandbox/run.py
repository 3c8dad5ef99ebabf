"""Run an untrusted program: no network, no host files, bounded in every resource.

`GOLDSIEVE_SANDBOX` says where: `pool` (the default) in warm sandboxes, `oneshot`
in a sandbox for each program, `http://host:port` on a SandboxFusion server, `none`
here and unprotected. Where no sandbox can be had nothing runs, unless `none` asks
for that by name.
"""

import os
from collections.abc import Callable

from pipeline.errors import UserError
from pipeline.sandbox import compiled, fusion, oneshot, pool
from pipeline.sandbox.contract import MB, STANDARD, Job, Limits, Ran

__all__ = ["MB", "STANDARD", "Limits", "Ran", "run_cpp", "run_python"]
BACKENDS = {"pool": pool.run, "oneshot": oneshot.run, "none": oneshot.run_free}


def run_python(program: str, *, stdin: bytes = b"", limits: Limits = STANDARD) -> Ran:
    """Run `program` with the sandbox's Python, feed it `stdin`, and collect all."""
    source = program.encode(errors="surrogatepass")
    return backend()(Job(source, stdin, limits))


def run_cpp(program: str, *, stdin: bytes = b"", limits: Limits = STANDARD) -> Ran:
    """Compile `program` as C++ in the sandbox, once, and run it there.

    A program that does not compile has ended as `not_compiled`; where there is no
    compiler, a UserError.
    """
    job = Job(program.encode(errors="replace"), stdin, limits, "cpp")
    run = backend()
    return run(job) if is_remote() else compiled.run(job, run)


def is_remote() -> bool:
    """Whether programs run on a server."""
    return _said().startswith(("http://", "https://"))


def backend() -> Callable[[Job], Ran]:
    """The function that runs a job where the environment says."""
    if is_remote():
        return fusion.run
    if _said() not in BACKENDS:
        known = ", ".join(BACKENDS)
        raise UserError(
            f"GOLDSIEVE_SANDBOX={_said()!r} is not one of {known}, http://host:port"
        )
    return BACKENDS[_said()]


def _said() -> str:
    return os.environ.get("GOLDSIEVE_SANDBOX") or "pool"
