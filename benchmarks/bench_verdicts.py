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
import operator
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from pipeline.grading.workers import Answer, Grader, grader
from pipeline.verifiers.extract.final import find_final_answer

DATA = Path(os.environ.get("GOLDSIEVE_DATA", "../shared/data"))
Pair = tuple[str, str]
Item = TypeVar("Item")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer", type=int, default=400, help="pairs that it judges")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    table = Table("rollouts", "who", "verdicts/s", "ratio", "agree with labels")
    for name, (pairs, labels) in {"GSM8K": gsm8k(), "AReaL": areal()}.items():
        rates, verdicts = measure(pairs, options.runs, options.peer)
        base = median(rates["math-verify"])
        for who, measured in rates.items():
            labels_of = thin(labels, options.peer) if who == "math-verify" else labels
            equal = map(operator.eq, verdicts[who], labels_of)
            rate, agree = median(measured), sum(equal) / len(labels_of)
            cells = f"{rate:,.0f}", f"{rate / base:.1f}", f"{agree:.2%}"
            table.add_row(f"{name}, {len(pairs):,}", who, *cells)
    Console(width=100).print(table)


def measure(
    pairs: list[Pair], runs: int, peer_pairs: int
) -> tuple[dict[str, list[float]], dict[str, list[bool]]]:
    """Verdicts a second of every run, and the verdicts, by who gave them."""
    few = thin(pairs, peer_pairs)
    rates: dict[str, list[float]] = {"math-verify": [], "ours": [], "ours, kept": []}
    verdicts: dict[str, list[bool]] = {"math-verify": verify_by_peer(few)}
    for _ in range(runs):
        rates["math-verify"].append(time_rate(lambda: verify_by_peer(few), len(few)))
        with tempfile.TemporaryDirectory() as cache:
            os.environ["GOLDSIEVE_CACHE"] = cache
            with grader(60) as grade:
                warm_up(grade)
                for who in ("ours", "ours, kept"):
                    rate = time_rate(lambda: verify_by_us(grade, pairs), len(pairs))
                    rates[who].append(rate)
                    verdicts[who] = verify_by_us(grade, pairs)
    return rates, verdicts


def thin(items: list[Item], count: int) -> list[Item]:
    """About `count` of the items, evenly spread."""
    return items[:: max(1, len(items) // count)]


def time_rate(run: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


def warm_up(grade: Grader) -> None:
    """Have every worker load what expressions need."""
    grade(
        [Answer("math", "x^2+2x+1", "{}", rf"\boxed{{(x+1)^2+{i}}}") for i in range(64)]
    )


def verify_by_us(grade: Grader, pairs: list[Pair]) -> list[bool]:
    answers = [Answer("math", gold, "{}", completion) for gold, completion in pairs]
    return [verdict.correct is True for verdict in grade(answers)]


def verify_by_peer(pairs: list[Pair]) -> list[bool]:
    from math_verify import parse, verify

    return [verify(parse(f"${gold}$"), parse(completion)) for gold, completion in pairs]


def gsm8k() -> tuple[list[Pair], list[bool]]:
    pairs, labels = [], []
    file = DATA / "gen_gsm8k_openai" / "example_model_solutions.jsonl"
    for line in file.read_text().splitlines():
        row = json.loads(line)
        gold = row["ground_truth"].split("####")[-1].strip()
        for sample in row.values():
            if isinstance(sample, dict) and "solution" in sample:
                pairs.append((gold, sample["solution"]))
                labels.append(bool(sample["is_correct"]))
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
