"""The long fuzz test: hostile rows, completions and channel lines for every verifier.

    python benchmarks/bench_fuzz.py --cases 5000 --lines 5000 --seed 1

Prints each call that raised, took more than 2 CPU-seconds of this process or 200 MB,
and a table of what the verdicts were. It ends with exit code 1 where there is one.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.console import track
from pipeline.grading.guarded import is_mistake
from tests.support.fuzz import SEEDS, Case, deal_cases, deal_line, measure, write_lines

MOST_S, MOST_MB = 2.0, 200.0
GROUP = 100  # lines that one program writes


def main() -> int:
    arguments = _arguments()
    random = Random(arguments.seed)
    cases = list(deal_cases(arguments.cases, arguments.seed, list(SEEDS)))
    for _ in range(arguments.lines // GROUP):
        cases.append(write_lines([deal_line(random) for _ in range(GROUP)]))
    counts: dict[str, Counter[str]] = {name: Counter() for name in SEEDS}
    faults = 0
    for case in track(cases, "fuzz", total=len(cases)):
        faults += _try_case(case, random, counts[case.verifier])
    table = Table("verifier", *(columns := ("right", "wrong", "undecided", "most ms")))
    for name, count in counts.items():
        table.add_row(name, *(str(count[column]) for column in columns))
    Console().print(table)
    print(f"{faults} of {len(cases)} cases raised or took too much")
    return 1 if faults else 0


def _try_case(case: Case, random: Random, count: Counter[str]) -> int:
    """Count a case's verdict and print what went wrong; 1 where something did."""
    costs = measure(case, random)
    verdict = costs[0].verdict
    count[{True: "right", False: "wrong", None: "undecided"}[verdict.correct]] += 1
    cpu_s = max(cost.cpu_s for cost in costs)
    memory_mb = max(cost.memory_mb for cost in costs)
    count["most ms"] = max(count["most ms"], round(1000 * cpu_s))
    broken = [cost.verdict.why for cost in costs if is_mistake(cost.verdict)]
    if not broken and cpu_s <= MOST_S and memory_mb <= MOST_MB:
        return 0
    took = f"{cpu_s:.1f} s, {memory_mb:.0f} MB"
    print(f"{case.verifier}: {took}: {broken} {str(case)[:400]!a}", flush=True)
    return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5_000)
    parser.add_argument("--lines", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
