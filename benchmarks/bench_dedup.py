"""dedup_ngram beside its peers on one pool: CPU time, memory, what was removed.

    python benchmarks/bench_dedup.py --rows 57000 --threshold 0.7 --runs 3
    GOLDSIEVE_PEERS=/path/to/python python benchmarks/bench_dedup.py …

`goldsieve_rows` does what the peers do (the rows to remove, from verified pairs);
`goldsieve` is the whole stage, with evidence, families and siblings, and
`goldsieve_guarded` tells siblings from copies too.

Every run is a process of its own, and the runs alternate. GOLDSIEVE_PEERS is the
interpreter of an environment with rensa, text-dedup, datatrove, semhash, spaCy and
xxhash < 4; without it they are left out. Truth, up to 20,000 rows, is every pair
compared (a sparse product); above, the exact join, which the tests hold against it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl
from pools import pool
from rich.console import Console
from rich.table import Table

SCRIPT = Path(__file__).with_name("peers.py")
OURS = ("goldsieve_rows", "goldsieve", "goldsieve_guarded", "goldsieve_2t")
PEERS = ("datasketch", "rensa", "text_dedup", "datatrove")
Run = dict[str, Any]  # what peers.py writes
Pairs = tuple[np.ndarray, np.ndarray]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=57_000)
    parser.add_argument("--threshold", type=float, default=0.7)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[*OURS, *PEERS])
    parser.add_argument("--no-truth", action="store_true")
    options = parser.parse_args()
    texts = pool(options.rows)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts.jsonl")
        file.write_text("".join(json.dumps(text) + "\n" for text in texts))
        runs: dict[str, list[Run]] = {name: [] for name in options.only}
        for _ in range(options.runs):
            for name in options.only:
                out = Path(folder, "out.json")
                if run := measure_run(name, file, options.threshold, out):
                    runs[name].append(run)
    truth = None if options.no_truth else true_pairs(texts, options.threshold)
    show_runs(options, {name: done for name, done in runs.items() if done}, truth)


def measure_run(name: str, file: Path, threshold: float, out: Path) -> Run | None:
    elsewhere = name in PEERS and name != "datasketch"
    python = os.environ.get("GOLDSIEVE_PEERS") if elsewhere else sys.executable
    if not python:
        print(f"{name} is left out: GOLDSIEVE_PEERS names no interpreter")
        return None
    # One thread each: on two, both wait for memory and CPU time says less.
    one_thread = {
        "PIPELINE_WORKERS": "1",
        "POLARS_MAX_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [python, SCRIPT, name.removesuffix("_2t"), file, str(threshold), out],
        env=os.environ if name.endswith("_2t") else os.environ | one_thread,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(f"{name}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    run: Run = json.loads(out.read_text())
    return run


def true_pairs(texts: list[str], threshold: float) -> Pairs:
    """Every (earlier, later) pair with Jaccard ≥ threshold."""
    from pipeline.dedup.ngrams import exact_pairs, extract_ngrams

    ngrams = extract_ngrams(pl.Series(texts), n=3)
    rows = np.arange(len(texts), dtype=np.int32)
    if len(texts) > 20_000:
        pairs = exact_pairs(ngrams, rows, threshold)
        return pairs.first, pairs.second
    from scipy.sparse import csr_matrix

    hashes, ends = ngrams.sets(rows)
    _, columns = np.unique(hashes, return_inverse=True)
    ones = np.ones(len(columns), np.int32)
    matrix = csr_matrix((ones, columns, ends))
    sizes = np.diff(ends)
    first, second = [], []
    for start in range(0, len(texts), 1000):
        both = (matrix[start : start + 1000] @ matrix.T).tocoo()
        row = both.row + start
        whole = sizes[row] + sizes[both.col] - both.data
        near = (both.data >= threshold * whole) & (both.col < row)
        first.append(both.col[near])
        second.append(row[near])
    return np.concatenate(first), np.concatenate(second)


def show_runs(
    options: argparse.Namespace, runs: dict[str, list[Run]], truth: Pairs | None
) -> None:
    table = Table(
        "", "rows/cpu-s", "cpu s", "wall s", "MB", "removed", "recall", "precision"
    )
    table.add_column("CPU, ours = 1", justify="right")
    cpu = {name: median(run["cpu_s"] for run in done) for name, done in runs.items()}
    base = cpu.get("goldsieve_rows") or next(iter(cpu.values()))
    for name, done in runs.items():
        removed = done[-1]["removed"]
        recall, precision = quality(removed, truth)
        table.add_row(
            name,
            f"{options.rows / cpu[name]:,.0f}",
            f"{cpu[name]:.2f}",
            f"{median(run['wall_s'] for run in done):.2f}",
            f"{median(run['growth_mb'] for run in done):,.0f}",
            f"{len(removed):,}",
            recall,
            precision,
            f"{cpu[name] / base:.1f}",
        )
    title = f"{options.rows:,} rows, threshold {options.threshold}"
    title += f", median of {options.runs}"
    Console(width=130).print(title, table)


def quality(removed: list[int], truth: Pairs | None) -> tuple[str, str]:
    """Recall and precision of removed rows.

    Recall is over the rows that a pass with every pair at hand, comparing with kept
    rows, removes. A removed row is right if any row is as near as the threshold.
    """
    if truth is None:
        return "", ""
    first, second = truth
    order = np.lexsort((first, second))
    kept: set[int] = set()
    gone: set[int] = set()
    for row, twin in zip(first[order].tolist(), second[order].tolist(), strict=True):
        if row not in gone:
            gone.add(twin)
            kept.add(row)
    near = set(first.tolist()) | set(second.tolist())
    mine = set(removed)
    recall = len(mine & gone) / max(1, len(gone))
    return f"{recall:.4f}", f"{len(mine & near) / max(1, len(mine)):.4f}"


if __name__ == "__main__":
    main()
