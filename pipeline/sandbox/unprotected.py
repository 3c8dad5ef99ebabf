"""Programs run here, with limits and without walls, on machines that are a sandbox."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.sandbox.contract import Job, Process, resource_limits
from pipeline.sandbox.exchange import close
from pipeline.sandbox.walls import kill, spawn


@contextmanager
def launch(job: Job, files: list[int]) -> Iterator[Process]:
    """Start `job` as an ordinary process."""
    limits = resource_limits(job.limits)
    del limits["NPROC"]  # it counts all that this user runs
    with tempfile.TemporaryDirectory(prefix="goldsieve-") as folder:
        file = Path(folder, "main" if job.is_binary else "main.py")
        file.write_bytes(job.program)
        file.chmod(0o755)
        command = ["prlimit", *(f"--{name.lower()}={n}" for name, n in limits.items())]
        command += ["env", f"GOLDSIEVE_FD={files[3]}"]
        command += [str(file)] if job.is_binary else [sys.executable, "-sP", str(file)]
        process = spawn(command, files[:3], [files[3]])
        close(files)
        done = os.pidfd_open(process.pid)
        try:
            yield Process(done, lambda: kill(process))
        finally:
            os.close(done)
            kill(process)
