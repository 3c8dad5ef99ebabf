"""Verdicts a second on real rollouts, beside a plain math-verify loop.

    GOLDSIEVE_DATA=../shared/data python benchmarks/bench_verdicts.py --runs 3

The peer parses the gold answer and the completion and verifies, one after the other,
as its README does. Ours are the same pairs through `pipeline/grading/workers.py` (warm
workers, nothing kept from before), and again (verdicts kept). Rollouts: four models'
solutions of GSM8K's test problems with human labels, and AReaL's long completions
with recorded rewards; the gold answer of the latter is that of a rewarded sample.
"""

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from pipeline.grading.workers import Answer, grader
from pipeline.verifiers.extract.final import find_final_answer

DATA = Path(os.environ.get("GOLDSIEVE_DATA", "../shared/data"))
Pair = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", type=int, default=400, help="pairs that it judges")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    shown = Table("rollouts", "who", "verdicts/s", "ratio", "agree with labels")
    for name, (pairs, labels) in {"GSM8K": gsm8k(), "AReaL": areal()}.items():
        add(shown, f"{name}, {len(pairs):,}", pairs, labels, asked)
    Console(width=100).print(shown)


def add(table: Table, name: str, pairs: list[Pair], labels: list[bool], asked) -> None:
    some = list(range(0, len(pairs), max(1, len(pairs) // asked.peer)))
    rates: dict[str, list[float]] = {"math-verify": [], "ours": [], "ours, kept": []}
    said: dict[str, list[bool]] = {}
    for _ in range(asked.runs):
        few = [pairs[i] for i in some]
        rates["math-verify"].append(timed(lambda few=few: peer(few), len(few)))
        with tempfile.TemporaryDirectory() as cache:
            os.environ["GOLDSIEVE_CACHE"] = cache
            with grader(60) as grade:
                warmed(grade)
                for who in ("ours", "ours, kept"):
                    rates[who].append(timed(lambda: ours(grade, pairs), len(pairs)))
                said["ours"] = said["ours, kept"] = ours(grade, pairs)
    said["math-verify"] = peer([pairs[i] for i in some])
    base = median(rates["math-verify"])
    for who, told in rates.items():
        truth = [labels[i] for i in some] if who == "math-verify" else labels
        agree = sum(a == b for a, b in zip(said[who], truth, strict=True)) / len(truth)
        rate = median(told)
        table.add_row(name, who, f"{rate:,.0f}", f"{rate / base:.1f}", f"{agree:.2%}")
        name = ""


def timed(run: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


def warmed(grade) -> None:
    """Have every worker load what expressions need."""
    grade(
        [Answer("math", "x^2+2x+1", "{}", rf"\boxed{{(x+1)^2+{i}}}") for i in range(64)]
    )


def ours(grade, pairs: list[Pair]) -> list[bool]:
    asked = [Answer("math", gold, "{}", said) for gold, said in pairs]
    return [verdict.correct is True for verdict in grade(asked)]


def peer(pairs: list[Pair]) -> list[bool]:
    from math_verify import parse, verify

    return [verify(parse(f"${gold}$"), parse(said)) for gold, said in pairs]


def gsm8k() -> tuple[list[Pair], list[bool]]:
    pairs, labels = [], []
    file = DATA / "gen_gsm8k_openai" / "example_model_solutions.jsonl"
    for line in file.read_text().splitlines():
        row = json.loads(line)
        gold = row["ground_truth"].split("####")[-1].strip()
        for told in row.values():
            if isinstance(told, dict) and "solution" in told:
                pairs.append((gold, told["solution"]))
                labels.append(bool(told["is_correct"]))
    return pairs, labels


def areal() -> tuple[list[Pair], list[bool]]:
    files = sorted((DATA / "gen_areal_rollouts").glob("*.jsonl"))
    rows = [
        json.loads(line) for file in files for line in file.read_text().splitlines()
    ]
    golds: dict[str, str] = {}
    for row in rows:
        if row["reward"] > 0 and (answer := find_final_answer(row["completion"]).text):
            golds.setdefault(row["prompt"], answer)
    known = [row for row in rows if row["prompt"] in golds]
    pairs = [(golds[row["prompt"]], row["completion"]) for row in known]
    return pairs, [row["reward"] > 0 for row in known]


if __name__ == "__main__":
    main()
