"""What every start costs: CPU seconds of stages on a few rows, and of commands.

    python benchmarks/bench_start.py [--runs 10] [--roots . ../other/checkout]

A project of six rows runs each stage as DVC does, in a process of its own. `start` is
what the process took, its user and system time, until the stage would open its first
input, with params.yaml read and checked; `whole` is all of it and of its workers, with
results written. Each figure is the least of the runs, which alternate between the
checkouts; the first run, which may compile kernels, does not count.
"""

import argparse
import os
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from tests.support import project

# The command line as `python -m pipeline` reads it, which ends where data would come.
START = """
import os, sys
import pipeline.owners
pipeline.owners.owning = lambda *what, **how: os._exit(0)
from pipeline.__main__ import main
main()
"""
FLOORS = {"python": "pass", "import polars": "import polars"}
COMMANDS = ["--help", "funnel", "explain a/00001", "sql 'from pool'", "recipe list"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--roots", type=Path, nargs="+", default=[project.HERE])
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        project.run_in(Path(folder))
        timed = defaultdict[tuple[str, Path], list[float]](list)
        for _ in range(given.runs + 1):
            for name, words in find_commands(Path(folder)).items():
                for root in given.roots:
                    timed[name, root].append(run(words, Path(folder), root.resolve()))
    for root in given.roots:
        print(root)
        for (name, of), seconds in timed.items():
            if of == root:
                print(f"  {name:40} {min(seconds[1:]):.3f}")


def find_commands(folder: Path) -> dict[str, list[str]]:
    """Names of what is timed, and what python gets."""
    commands = {name: ["-c", code] for name, code in FLOORS.items()}
    entries = yaml.safe_load((folder / "dvc.yaml").read_text())["stages"]
    for stage in project.data_stages():
        entry = entries[stage.name]
        words = entry.get("do", entry)["cmd"].replace("${key}", "a").split()[3:]
        commands[f"{stage.name}: start"] = ["-c", START, *words]
        commands[f"{stage.name}: whole"] = ["-m", "pipeline", *words]
    for line in COMMANDS:
        words = [word.strip("'") for word in line.split(maxsplit=1)]
        commands[f"goldsieve {line}"] = ["-m", "pipeline", *words]
    return commands


def run(words: list[str], folder: Path, root: Path) -> float:
    """CPU seconds of python with these words, in `folder`, on the code at `root`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used


if __name__ == "__main__":
    main()
