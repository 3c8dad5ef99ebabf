"""C++: compiled in the sandbox, kept for the next test of the same program."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from pipeline.sandbox.contract import MB, Job, Limits, Ran
from pipeline.sandbox.walls import no_sandbox

COMPILING = Limits(wall_s=60, cpu_s=50, memory_mb=2048, disk_mb=64, output=64 * MB)
# Judges' usual flags; the errors are cut, because templates explain at length.
SCRIPT = """\
import os, subprocess, sys
source = sys.stdin.buffer.read()
command = ["g++", "-std=c++17", "-O2", "-w", "-fmax-errors=3"]
made = subprocess.run([*command, "-x", "c++", "-", "-o", "/tmp/program"], input=source)
if made.returncode:
    sys.exit(1)
with open(int(os.environ["GOLDSIEVE_FD"]), "wb") as channel:
    channel.write(open("/tmp/program", "rb").read())
"""

Backend = Callable[[Job], Ran]


def run(job: Job, backend: Backend) -> Ran:
    """Run a C++ job on a backend that runs Python and binaries."""
    binary, errors = _compiled(job.program, backend)
    if binary is None:
        return Ran(1, b"", errors, b"", "not_compiled")
    return backend(replace(job, program=binary, language="binary"))


@lru_cache(16)
def _compiled(source: bytes, backend: Backend) -> tuple[bytes | None, bytes]:
    """The executable, or None and what the compiler said."""
    if shutil.which("g++") is None:
        raise no_sandbox("g++, for programs in C++, is not installed")
    ran = backend(Job(SCRIPT.encode(), source, COMPILING))
    if ran.code or ran.ended != "exited" or not ran.told:
        return None, ran.err or ran.ended.encode()
    return ran.told, b""
