"""Programs a second: no sandbox, one sandbox for each program, warm sandboxes.

    python benchmarks/bench_sandbox.py --programs 100 --runs 5 --workers 1
    GOLDSIEVE_DATA=/path/to/data python benchmarks/bench_sandbox.py

`subprocess` is the same interpreter with the same flags, no limits and no sandbox.
Workloads: `print(1)`; a program that reads and sums its input; and, where the data
is, HumanEval's and MBPP's references with their tests, as one script each. The ways
alternate within a run; the table has medians over runs, and the ratio to subprocess.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.readers import raw_rows
from pipeline.sandbox import groups
from pipeline.sandbox.contract import Limits
from pipeline.sandbox.guests import guest_source
from pipeline.sandbox.run import run_python
from stages.sources import humaneval, mbpp

LIMITS = Limits(cpu_s=20, memory_mb=1024)
SUM = "import sys\nprint(sum(map(int, sys.stdin.read().split())))"
Script = tuple[str, bytes]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=100)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    settings = parser.parse_args()
    table = Table("workload", "way", "programs/s", "of subprocess", "failed")
    for name, scripts in workloads(settings.programs).items():
        rates: dict[str, list[float]] = {way: [] for way in WAYS}
        failed = dict.fromkeys(WAYS, 0)
        for _ in range(settings.runs):
            for way, run in WAYS.items():
                rate, wrong = measure(run, scripts, settings.workers)
                rates[way].append(rate)
                failed[way] += wrong
        plain = median(rates["subprocess"])
        for way in WAYS:
            rate = median(rates[way])
            row = (name, way, f"{rate:.1f}", f"{rate / plain:.0%}", str(failed[way]))
            table.add_row(*row)
    Console().print(table)
    Console().print(f"{groups.in_force()}; {settings}")


def workloads(count: int) -> dict[str, list[Script]]:
    """`count` scripts of each kind, spread over the data."""
    numbers = "\n".join(map(str, range(1000))).encode()
    scripts: dict[str, list[Script]] = {
        "print(1)": [("print(1)", b"")] * count,
        "sum of 1000 numbers": [(SUM, numbers)] * count,
    }
    data = Path(os.environ.get("GOLDSIEVE_DATA", "../shared/data"))
    pools = {"HumanEval": humaneval, "MBPP": mbpp}
    files = ("code_humaneval/HumanEval.jsonl.gz", "code_mbpp/mbpp.jsonl")
    for (name, adapter), file in zip(pools.items(), files, strict=True):
        if (data / file).exists():
            rows = [adapter.adapt(row) for row in raw_rows(data / file)]
            step = max(1, len(rows) // count)
            scripts[name] = [(script(row), b"") for row in rows[::step][:count]]
    return scripts


def script(row: dict[str, Any]) -> str:
    info = row["verify_info"]
    parts = [guest_source("prelude"), row["solutions"][0]["text"]]
    parts += [] if info["entry_point"] else [info["setup"]]
    parts += [info["test_code"]]
    if info["entry_point"]:
        parts += [f"check({info['entry_point']})"]
    return "\n".join(parts)


def measure(
    run: Callable[[Script], int], scripts: list[Script], workers: int
) -> tuple[float, int]:
    """Programs a second, and how many failed; the first one is not counted."""
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(run, scripts[:workers]))
        start = time.perf_counter()
        codes = list(threads.map(run, scripts))
        return len(scripts) / (time.perf_counter() - start), sum(map(bool, codes))


def in_subprocess(item: Script) -> int:
    program, stdin = item
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(program)
        file.flush()
        python = getattr(sys, "_base_executable", sys.executable)
        command = [python, "-sP", file.name]
        return subprocess.run(command, input=stdin, capture_output=True).returncode


def in_sandbox(backend: str) -> Callable[[Script], int]:
    def run(item: Script) -> int:
        os.environ["GOLDSIEVE_SANDBOX"] = backend
        return run_python(item[0], stdin=item[1], limits=LIMITS).exit_code

    return run


WAYS: dict[str, Callable[[Script], int]] = {
    "subprocess": in_subprocess,
    "oneshot": in_sandbox("oneshot"),
    "pool": in_sandbox("pool"),
}

if __name__ == "__main__":
    main()
