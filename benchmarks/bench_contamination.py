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

from pipeline.contamination.methods import ngram
from pipeline.filter import unjudged
from pipeline.schema import PROBLEM, conform
from stages import decontaminate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=57_000)
    parser.add_argument("--traces", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--n", type=int, default=13)
    options = parser.parse_args()
    bench = items()
    texts = pool(options.rows)
    rng = Random(1)
    chosen = rng.sample(range(options.rows), options.rows // 100)
    planted = dict(
        zip(chosen, rng.choices(bench["problem"].to_list(), k=len(chosen)), strict=True)
    )
    mixed = [
        f"{text} {planted[i]}" if i in planted else text for i, text in enumerate(texts)
    ]
    for what, docs in (("prompts", mixed), ("traces", traces(options.traces))):
        compare(what, docs, bench, set(planted) if what == "prompts" else None, options)


def compare(
    what: str,
    docs: list[str],
    bench: pl.DataFrame,
    planted: set[int] | None,
    options: argparse.Namespace,
) -> None:
    rule = {"method": "ngram", "n": options.n, "short_items": "ignore"}
    whole = {"method": "ngram", "n": options.n}
    rows = table(docs)
    runs: dict[str, Callable[[], set[int]]] = {
        f"Open-R1's rule, n = {options.n}": lambda: open_r1(docs, bench, options.n),
        f"scan, n = {options.n}": lambda: scan(rows, bench, options.n),
        f"ngram, n = {options.n}": lambda: drop_hits(rows, bench, rule),
        "ngram + short items": lambda: drop_hits(rows, bench, whole),
        "coverage (default)": lambda: drop_hits(rows, bench, "coverage"),
    }
    drop_hits(rows.head(300), bench, "ngram", "coverage")  # loads the kernels
    spent: dict[str, list[float]] = {name: [] for name in runs}
    flagged: dict[str, set[int]] = {}
    for _ in range(options.runs):
        for name, run in runs.items():
            start = time.process_time()
            flagged[name] = run()
            spent[name].append(time.process_time() - start)
    size = sum(map(len, docs)) / 1e6
    report = Table("", "docs/cpu-s", "MB/cpu-s", "ratio", "flagged", "planted found")
    base = median(next(iter(spent.values())))
    for name, times in spent.items():
        cpu = median(times)
        share = f"{len(flagged[name] & planted) / len(planted):.4f}" if planted else ""
        report.add_row(
            name, f"{len(docs) / cpu:,.0f}", f"{size / cpu:,.1f}", f"{base / cpu:.1f}",
            f"{len(flagged[name]):,}", share,
        )  # fmt: skip
    title = f"{len(docs):,} {what}, {size:.0f} MB, {bench.height:,} items"
    Console(width=110).print(title, report)


def table(docs: list[str]) -> pl.DataFrame:
    rows = pl.DataFrame({"problem": docs}).with_row_index("n")
    rows = rows.select(pl.format("r/{}", "n").alias("id"), "problem", key=pl.lit("k"))
    return unjudged(conform(rows, PROBLEM))


def drop_hits(rows: pl.DataFrame, bench: pl.DataFrame, *methods: object) -> set[int]:
    """The rows that the stage drops with these methods."""
    params = decontaminate.Params.model_validate({"methods": methods})
    judged = decontaminate.judge(rows, params, bench).rows
    return set(judged["reason"].is_not_null().arg_true().to_list())


def scan(rows: pl.DataFrame, bench: pl.DataFrame, n: int) -> set[int]:
    """The rows that share an n-gram with an item, by the compiled rule alone."""
    params = ngram.Params(n=n, short_items="ignore")
    hits = ngram.find_hits(rows.select("answer", text="problem"), bench, params)
    return set(hits["text"].to_list())


def open_r1(docs: list[str], bench: pl.DataFrame, n: int) -> set[int]:
    def grams(text: str) -> set[str]:
        words = text.lower().split()
        return {" ".join(words[i : i + n]) for i in range(len(words) - n + 1)}

    known = {gram for text in bench["problem"] for gram in grams(text)}
    return {i for i, text in enumerate(docs) if any(g in known for g in grams(text))}


if __name__ == "__main__":
    main()
