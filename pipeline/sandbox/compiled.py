"""C++: compiled in the sandbox, kept for the next test of the same program."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from pipeline.sandbox.contract import MB, Job, Limits, Run
from pipeline.sandbox.guests import guest_source
from pipeline.sandbox.walls import no_sandbox

COMPILING = Limits(
    wall_s=60, cpu_s=50, memory_mb=2048, disk_mb=64, output_bytes=64 * MB
)
Backend = Callable[[Job], Run]


def run_compiled(job: Job, backend: Backend) -> Run:
    """Run a C++ job on a backend that runs Python and binaries.

    A UserError where there is no compiler.
    """
    binary, errors = _compile(job.program, backend)
    if binary is None:
        return Run(1, b"", errors, b"", "not_compiled")
    return backend(replace(job, program=binary, language="binary"))


@lru_cache(16)
def _compile(program: bytes, backend: Backend) -> tuple[bytes | None, bytes]:
    """The executable, or None and what the compiler printed."""
    if shutil.which("g++") is None:
        raise no_sandbox("g++, for programs in C++, is not installed")
    run = backend(Job(guest_source("compile_cpp").encode(), program, COMPILING))
    if run.exit_code or run.ended != "exited" or not run.channel:
        return None, run.stderr or run.ended.encode()
    return run.channel, b""
