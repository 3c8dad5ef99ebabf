"""Does a busy machine change a verdict? Programs near their CPU limit, beside hogs.

    python benchmarks/bench_limits.py --hogs 0,2,40 --programs 6

Each program computes until it has used `share` of its limit as a quiet machine counts
it: a fixed number of rounds of two workloads (arithmetic, which lives in the registers,
and a walk through 32 MB, which shares the memory), tuned before the hogs start. The
table says how many were stopped for their CPU time, which stretches where others share
the caches, and by how much it did. Hogs are processes that walk through memory, too.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.sandbox.contract import TOLERANCE, Limits, Run
from pipeline.sandbox.run import run_python

ARITHMETIC = "x = 1\nfor i in range(int(input())): x = (x * 31 + i) % 1000003\nprint(x)"
WALK = (
    "x, n, at = bytearray(1 << 25), int(input()), 0\n"
    "for i in range(n):\n    at = (at * 69069 + 12345) % 33554432; x[at] = i & 255\n"
    "print(at)"
)
WORKLOADS = {"arithmetic": ARITHMETIC, "walk": WALK}
BACKENDS = ("pool", "oneshot")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hogs", default="0,2,40")
    parser.add_argument("--programs", type=int, default=6)
    parser.add_argument("--limit", type=float, default=0.5)
    parser.add_argument("--share", type=float, default=0.9)
    settings = parser.parse_args()
    rounds = {
        name: tune(program, settings.limit * settings.share)
        for name, program in WORKLOADS.items()
    }
    columns = "hogs", "sandbox", "workload", "passed", "CPU of limit, median", "most"
    table = Table(*columns, "wall, median s")
    for hogs in map(int, settings.hogs.split(",")):
        with busy(hogs):
            for backend in BACKENDS:
                os.environ["GOLDSIEVE_SANDBOX"] = backend
                for name, program in WORKLOADS.items():
                    runs = [
                        timed(program, rounds[name], settings.limit)
                        for _ in range(settings.programs)
                    ]
                    shares = [run.cpu_s / settings.limit for run, _ in runs]
                    passed = sum(run.ended == "exited" for run, _ in runs)
                    table.add_row(
                        *(str(hogs), backend, name, f"{passed} of {len(runs)}"),
                        *(f"{median(shares):.2f}", f"{max(shares):.2f}"),
                        f"{median(wall for _, wall in runs):.2f}",
                    )
    Console().print(table)
    Console().print(f"stopped above {TOLERANCE} of the limit; {settings}")


def tune(program: str, cpu_s: float) -> int:
    """Rounds that take `cpu_s` seconds of CPU time: by the quickest of five runs."""
    trial = 500_000
    used = min(timed(program, trial, 60)[0].cpu_s for _ in range(5))
    return round(trial * cpu_s / used)


def timed(program: str, rounds: int, limit_s: float) -> tuple[Run, float]:
    limits = Limits(cpu_s=limit_s, idle_s=max(5 * limit_s, 2))
    start = time.monotonic()
    run = run_python(program, stdin=str(rounds).encode(), limits=limits)
    return run, time.monotonic() - start


@contextmanager
def busy(hogs: int) -> Iterator[None]:
    """`hogs` processes that use the processors and the memory meanwhile."""
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=hog, daemon=True) for _ in range(hogs)]
    for process in processes:
        process.start()
    try:
        time.sleep(hogs and 5)  # they have all started
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


def hog() -> None:
    exec(WALK.replace("int(input())", "10**12"), {})


if __name__ == "__main__":
    main()
