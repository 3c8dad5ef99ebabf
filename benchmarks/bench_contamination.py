"""Contamination beside the published scan: CPU time, planted items, clean rows.

    python benchmarks/bench_contamination.py --rows 57000 --traces 2000 --runs 3

The peer is Open-R1's rule: lower-cased words at whitespace, the n-grams of all
benchmarks in one table, a row leaks if any of its own is in it. Ours: the same rule
compiled (`scan`: rows, their closest item and the span), the whole stage with it
(`ngram`: evidence and tables too), and `coverage`, the default, which finds what the
rule cannot.
Each row of `planted` is a real prompt with a whole benchmark question behind it.
"""

import argparse
import os
import time
from collections.abc import Callable
from random import Random
from statistics import median

os.environ.setdefault("PIPELINE_WORKERS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import polars as pl
from pools import items, pool, traces
from rich.console import Console
from rich.table import Table

from pipeline.contamination import published
from pipeline.filter import unjudged
from pipeline.schema import PROBLEM, conform
from stages import decontaminate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=57_000)
    parser.add_argument("--traces", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--n", type=int, default=13)
    asked = parser.parse_args()
    bench = items()
    texts = pool(asked.rows)
    rng = Random(1)
    chosen = rng.sample(range(asked.rows), asked.rows // 100)
    planted = dict(
        zip(chosen, rng.choices(bench["problem"].to_list(), k=len(chosen)), strict=True)
    )
    mixed = [
        f"{text} {planted[i]}" if i in planted else text for i, text in enumerate(texts)
    ]
    for what, docs in (("prompts", mixed), ("traces", traces(asked.traces))):
        compare(what, docs, bench, set(planted) if what == "prompts" else None, asked)


def compare(what: str, docs: list[str], bench: pl.DataFrame, planted, asked) -> None:
    short = {"ngram": {"n": asked.n, "short_items": "ignore"}}
    whole = {"ngram": {"n": asked.n}}
    rows = table(docs)
    runs: dict[str, Callable[[], set[int]]] = {
        f"Open-R1's rule, n = {asked.n}": lambda: open_r1(docs, bench, asked.n),
        f"scan, n = {asked.n}": lambda: scan(rows, bench, asked.n),
        f"ngram, n = {asked.n}": lambda: ours(rows, bench, ("ngram",), short),
        "ngram + short items": lambda: ours(rows, bench, ("ngram",), whole),
        "coverage (default)": lambda: ours(rows, bench, ("coverage",), {}),
    }
    ours(rows.head(300), bench, ("ngram", "coverage"), {})  # loads the kernels
    spent: dict[str, list[float]] = {name: [] for name in runs}
    found: dict[str, set[int]] = {}
    for _ in range(asked.runs):
        for name, run in runs.items():
            start = time.process_time()
            found[name] = run()
            spent[name].append(time.process_time() - start)
    size = sum(map(len, docs)) / 1e6
    shown = Table("", "docs/cpu-s", "MB/cpu-s", "ratio", "flagged", "planted found")
    base = median(next(iter(spent.values())))
    for name, times in spent.items():
        cpu = median(times)
        share = f"{len(found[name] & planted) / len(planted):.4f}" if planted else ""
        shown.add_row(
            name, f"{len(docs) / cpu:,.0f}", f"{size / cpu:,.1f}", f"{base / cpu:.1f}",
            f"{len(found[name]):,}", share,
        )  # fmt: skip
    title = f"{len(docs):,} {what}, {size:.0f} MB, {bench.height:,} items"
    Console(width=110).print(title, shown)


def table(docs: list[str]) -> pl.DataFrame:
    rows = pl.DataFrame({"problem": docs}).with_row_index("n")
    rows = rows.select(pl.format("r/{}", "n").alias("id"), "problem", key=pl.lit("k"))
    return unjudged(conform(rows, PROBLEM))


def ours(rows: pl.DataFrame, bench: pl.DataFrame, methods, settings) -> set[int]:
    params = decontaminate.Params(methods=methods, settings=settings)
    judged = decontaminate.judge(rows, params, bench).rows
    return set(judged["reason"].is_not_null().arg_true().to_list())


def scan(rows: pl.DataFrame, bench: pl.DataFrame, n: int) -> set[int]:
    found = published.ngram(
        rows["problem"], bench["problem"], n=n, unit="whitespace", min_hits=1
    )
    return set(found["text"].to_list())


def open_r1(docs: list[str], bench: pl.DataFrame, n: int) -> set[int]:
    def grams(text: str) -> set[str]:
        words = text.lower().split()
        return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}

    known = {gram for text in bench["problem"] for gram in grams(text)}
    return {i for i, text in enumerate(docs) if any(g in known for g in grams(text))}


if __name__ == "__main__":
    main()
