"""What a pool of many problems costs, from collect to decontaminate.

    python benchmarks/bench_scale.py --rows 10000 100000 1000000
    python benchmarks/bench_scale.py --rows 1000000 --root ../other/checkout

Left out: embeddings, tests of programs, and everything behind decontaminate. Problems
are made up, and repeat themselves as pools do: scenes and closing sentences are of a
few hundred templates, one row in ten is a copy of an earlier one (half of them typeset
otherwise), one in twenty has another number and no more, one in twenty other words
before it; lengths are spread as in real sets (330 bytes in the mean, one in a hundred
above 1,200). Five hundred of them are
benchmark items.

Each stage is a process of its own, as DVC starts it. `memory` is what it and its
workers hold together at the peak: anonymous pages. `with files` are all resident pages
of these processes, libraries and mapped files too, which the system takes back when it
needs them; what several processes share counts several times.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NAMES = [
    "Ada",
    "Ben",
    "Chen",
    "Dara",
    "Emil",
    "Fatima",
    "Goran",
    "Hana",
    "Ivan",
    "Jun",
    "Kofi",
    "Lena",
    "Mira",
    "Nils",
]
THINGS = [
    "apples",
    "books",
    "coins",
    "marbles",
    "stamps",
    "tickets",
    "cards",
    "shells",
    "pencils",
    "tiles",
]
PLACES = [
    "market",
    "school",
    "harbour",
    "library",
    "bakery",
    "garden",
    "station",
    "museum",
    "farm",
]
SCENES = (
    "{name} has {a} {thing} and buys {b} more at the {place}.",
    "At the {place}, {name} sells {a} {thing} for ${b} each and {c} for ${d} each.",
    "Let $f(x) = {a}x^2 - {b}x + {c}$ be defined for all real $x$.",
    "A train leaves the {place} at {a} km/h, and {name} follows {b} minutes later.",
    r"In triangle $ABC$, $AB = {a}$, $BC = {b}$ and $\angle ABC = {c}^\circ$.",
    r"Consider $a_1 = {a}$ and $a_{{n+1}} = \frac{{a_n + {b}}}{{{c}}}$ for $n \ge 1$.",
    "{name} and {other} share {a} {thing} in the ratio ${b}:{c}$.",
    r"Suppose that $x + y = {a}$ and $xy = \sqrt{{{b}}}$ for positive $x$ and $y$.",
)
ASIDES = (
    "Every {thing} costs the same.", "{other} takes {c} of them away on {d} days.",
    "It takes {name} {d} hours to reach the {place}.",
    r"Assume that $\log_{{{d}}} x$ is defined.", "Nobody has more than {a} {thing}.",
    "The {place} opens {c} minutes before {other} arrives there with {b} {thing}.",
)  # fmt: skip
QUESTIONS = (
    "How many {thing} are left?", "Find the value of $m+n$.",
    r"Find the remainder when the result is divided by ${d}$.",
    "What is the probability that {other} wins?", "Express your answer as a fraction.",
    "How many {thing} does {name} have in the end?",
)  # fmt: skip
STAGES = (
    ("collect", "make collect.big"),
    ("pool", "make pool data/collect"),
    ("quality", "filter quality data/pool.parquet"),
    ("dedup_exact", "filter dedup_exact data/quality.parquet"),
    ("dedup_ngram", "filter dedup_ngram data/dedup_exact.parquet"),
    ("decontaminate", "filter decontaminate data/dedup_ngram.parquet items.parquet"),
)
PARAMS = """\
collect:
  big: {adapter: generic, path: rows.jsonl, license: MIT}
pool: {order: [big]}
quality: {}
dedup_exact: {}
dedup_ngram: {}
decontaminate: {}
"""
ITEMS = 500
BACK = 10_000  # rows, so far back a copy looks for what it copies


def make_rows(rows: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """So many problems with answers, the same in every run."""
    rng = random.Random(seed)
    words = [
        "".join(rng.choices("abdeilmnorstu", k=rng.randint(3, 9))) for _ in range(3000)
    ]
    recent: list[dict[str, str]] = []
    for number in range(rows):
        kind = rng.random()
        if kind < 0.2 and recent:
            row = respell(recent[rng.randrange(len(recent))], kind, rng)
        else:
            row = make_row(number, words, rng)
            if len(recent) < BACK:
                recent.append(row)
            else:
                recent[rng.randrange(BACK)] = row
        yield row


def make_row(number: int, words: list[str], rng: random.Random) -> dict[str, str]:
    """A scene, asides as long as chance wants them, and a question."""
    random_ = rng.random
    fields: dict[str, Any] = {
        "name": NAMES[int(random_() * len(NAMES))],
        "other": NAMES[int(random_() * len(NAMES))],
        "thing": THINGS[int(random_() * len(THINGS))],
        "place": PLACES[int(random_() * len(PLACES))],
        "a": int(random_() * 900) + 2,
        "b": int(random_() * 90) + 2,
        "c": int(random_() * 40) + 2,
        "d": int(random_() * 9) + 2,
    }  # fmt: skip
    length = int(rng.lognormvariate(5.3, 0.75))
    parts = [rng.choice(SCENES).format(**fields)]
    size = len(parts[0])
    while size < length:
        if random_() < 0.4:
            part = rng.choice(ASIDES).format(**fields)
        else:
            part = " ".join(rng.choices(words, k=9)).capitalize() + "."
        parts.append(part)
        size += len(part)
    parts.append(rng.choice(QUESTIONS).format(**fields))
    answer = str(fields["a"] * fields["b"] + number % 1000)
    if random_() < 0.2:
        answer = rf"\frac{{{fields['a']}}}{{{fields['b']}}}"
    return {"problem": " ".join(parts), "answer": answer}


def respell(row: dict[str, str], kind: float, rng: random.Random) -> dict[str, str]:
    """A copy, as it is or typeset otherwise, one with words before it, or a sibling."""
    problem = row["problem"]
    if kind < 0.05:
        return row
    if kind < 0.1:
        problem = problem.replace(r"\frac", r"\dfrac").replace(". ", ".  ")
        return row | {"problem": problem.replace("$", " $ ", 1)}
    if kind < 0.15:
        return row | {"problem": f"Please solve this. {problem}"}
    return {
        "problem": f"{problem} Use {rng.randrange(100, 999)} where it helps.",
        "answer": str(rng.randrange(10_000)),
    }


def write_project(folder: Path, rows: int) -> None:
    """The rows, the items and the recipe, in `folder`."""
    import polars as pl

    items = []
    with (folder / "rows.jsonl").open("w") as file:
        for number, row in enumerate(make_rows(rows)):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            if number % max(1, rows // ITEMS) == 0:
                items.append({"id": f"exam/{number}", "benchmark": "exam"} | row)
    from pipeline.schema import BENCHMARK, conform
    from pipeline.text import fingerprint

    table = pl.DataFrame(items).with_columns(
        key=fingerprint(pl.col("problem")), verifier=pl.lit("math")
    )
    conform(table, BENCHMARK).write_parquet(folder / "items.parquet")
    (folder / "params.yaml").write_text(PARAMS)


def measure(command: list[str], folder: Path, root: Path) -> tuple[float, ...]:
    """Wall and CPU seconds of a stage's processes, and megabytes at the peak.

    The latter are those of anonymous memory, and of all that is resident.
    """
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment["GOLDSIEVE_CACHE"] = str(folder / ".cache")
    start, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", *command], cwd=folder, env=environment
    )
    peak = resident = 0.0
    while process.poll() is None:
        # A child that is not yet what it will be has its parent's command, and memory.
        held = {command_of(pid): resident_mb(pid) for pid in tree(process.pid)}
        peak = max(peak, sum(own for own, _ in held.values()))
        resident = max(resident, sum(own + mapped for own, mapped in held.values()))
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{command} failed")
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return time.perf_counter() - start, cpu, peak, resident


def tree(pid: int) -> list[int]:
    """A process and those that it started, at any remove."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [(task / "children").read_text().split() for task in tasks]
    except OSError:
        return [pid]
    return [
        pid,
        *(each for part in children for child in part for each in tree(int(child))),
    ]


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def resident_mb(pid: int) -> tuple[float, float]:
    """Anonymous memory, and pages of files, which go when others need the room."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    lines = (line.split() for line in status.splitlines())
    sizes = {words[0]: int(words[1]) for words in lines if words[-1] == "kB"}
    own = sizes.get("RssAnon:", 0) + sizes.get("RssShmem:", 0)
    return own / 1e3, sizes.get("RssFile:", 0) / 1e3


def bench(folder: Path, rows: int, root: Path, only: list[str]) -> None:
    if not (folder / "params.yaml").exists():
        write_project(folder, rows)
    size = (folder / "rows.jsonl").stat().st_size // rows
    print(f"\n{rows:,} problems, lines of {size} bytes ({root.resolve().name})\n")
    print(
        "| stage | wall s | CPU s | memory MB | with files | rows out |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    sums = [0.0, 0.0]
    peaks = [0.0, 0.0]
    for name, command in STAGES:
        if only and name not in only:
            continue
        wall, cpu, peak, resident = measure(command.split(), folder, root)
        counts = "collect/big" if name == "collect" else name
        file = folder / f"data_cards/metrics/{counts}.json"
        metrics = json.loads(file.read_text())
        line = f"{wall:.1f} | {cpu:.1f} | {peak:,.0f} | {resident:,.0f}"
        print(f"| {name} | {line} | {metrics['rows_out']:,} |", flush=True)
        sums = [sums[0] + wall, sums[1] + cpu]
        peaks = [max(peaks[0], peak), max(peaks[1], resident)]
    line = f"{sums[0]:.1f} | {sums[1]:.1f} | {peaks[0]:,.0f} | {peaks[1]:,.0f}"
    print(f"| all | {line} | |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", type=int, default=[10_000, 100_000])
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--folder", type=Path, help="keep the tables here")
    parser.add_argument("--only", nargs="*", default=[], help="stages")
    arguments = parser.parse_args()
    for rows in arguments.rows:
        with TemporaryDirectory(prefix="goldsieve-scale-") as temporary:
            folder = arguments.folder or Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            bench(folder, rows, arguments.root.resolve(), arguments.only)


if __name__ == "__main__":
    main()
