"""Programs run here, with limits and without walls, on machines that are a sandbox."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.sandbox.contract import Job, Process, resource_limits
from pipeline.sandbox.exchange import close
from pipeline.sandbox.usage import measure
from pipeline.sandbox.walls import ENVIRONMENT, kill, spawn

LOADER = """\
import marshal
with open(__file__.replace(".py", ".code"), "rb") as file:
    names, code = marshal.load(file), marshal.load(file)
exec(code, names | {"__name__": "__main__"})
"""


@contextmanager
def launch(job: Job, files: list[int]) -> Iterator[Process]:
    """Start `job` as an ordinary process."""
    limits = resource_limits(job.limits)
    # The first counts all that this user runs; the other would be that of threads too.
    del limits["NPROC"], limits["STACK"]
    with tempfile.TemporaryDirectory(prefix="goldsieve-") as folder:
        file = Path(folder, "main" if job.form == "executable" else "main.py")
        file.write_bytes(job.program if job.form != "code" else LOADER.encode())
        file.with_suffix(".code").write_bytes(job.program)
        file.chmod(0o755)
        command = ["setpriv", "--pdeathsig", "KILL"]  # it ends with this process
        command += ["prlimit", *(_option(name, *limits[name]) for name in limits)]
        command += ["env", f"GOLDSIEVE_FD={files[3]}", *ENVIRONMENT]
        command += [] if job.form == "executable" else [sys.executable, "-sP"]
        command.append(str(file))
        process = spawn(command, files[:3], [files[3]])
        close(files)
        done = os.pidfd_open(process.pid)

        def finish() -> tuple[int, float]:
            cpu_s, _ = measure([running])
            return kill(process), cpu_s

        running = Process(done, process.pid, is_root=True, finish=finish)
        try:
            yield running
        finally:
            os.close(done)
            kill(process)


def _option(name: str, soft: int, hard: int) -> str:
    bounds = [str(bound) if bound >= 0 else "" for bound in (soft, hard)]
    return f"--{name.lower()}={':'.join(bounds)}"
