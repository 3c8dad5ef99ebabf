"""Rows per second of the filters on one pool, beside a plain peer of each.

    python benchmarks/bench_filters.py [--rows 5000]

Peers: polars' own `unique` for exact dedup; a datasketch loop without batching
for near-duplicates; the published any-hit 8-gram rule, which builds a row's
n-grams again for every benchmark, for contamination. One process, CPU time, the
median of three alternated runs.
"""

import argparse
import re
import time
from collections.abc import Callable
from statistics import median

import polars as pl
from rich.console import Console
from rich.table import Table

from pipeline.schema import PROBLEM, conform
from pipeline.text import fingerprint
from pipeline.verdict import unjudged
from stages import decontaminate, dedup_exact, dedup_ngram
from stages.sources import arithmetic, words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    rows = pool(parser.parse_args().rows)
    items = benchmarks()
    texts = rows["problem"].to_list()
    judged = unjudged(rows)
    table = Table("filter", "rows/s", "peer", "rows/s", "ratio")
    for name, ours, peer_name, peer in [
        (
            "dedup_exact",
            lambda: dedup_exact.judge(judged, dedup_exact.Params()),
            "polars unique",
            lambda: rows.unique("problem", maintain_order=True),
        ),
        (
            "dedup_ngram",
            lambda: dedup_ngram.judge(judged, dedup_ngram.Params()),
            "datasketch, one by one",
            lambda: datasketch_loop(texts),
        ),
        (
            "decontaminate",
            lambda: decontaminate.judge(judged, decontaminate.Params(), items),
            "any 8-gram, per benchmark",
            lambda: any_hit(texts, items),
        ),
    ]:
        one, other = alternated(ours, peer)
        table.add_row(
            name,
            f"{rows.height / one:,.0f}",
            peer_name,
            f"{rows.height / other:,.0f}",
            f"{other / one:.2f}",
        )
    Console().print(f"{rows.height:,} rows, {items.height} benchmark items", table)


def pool(count: int) -> pl.DataFrame:
    raw = [words.adapt(row) for row in words.generate(count=count, seed=3)]
    rows = pl.DataFrame(
        {
            "problem": [row["problem"] for row in raw],
            "answer": [r["answer"] for r in raw],
        }
    ).with_row_index("number")
    rows = rows.select(
        pl.format("bench/{}", "number").alias("id"),
        "problem",
        "answer",
        source=pl.lit("bench"),
    )
    return conform(rows, PROBLEM).with_columns(key=fingerprint(pl.col("problem")))


def benchmarks() -> pl.DataFrame:
    chains = arithmetic.generate(count=300, seed=1, part="heldout")
    texts = [arithmetic.problem(row["expression"]) for row in chains]
    texts += [words.adapt(row)["problem"] for row in words.generate(count=300, seed=9)]
    return pl.DataFrame({"problem": texts}).select(
        id=pl.format("b/{}", pl.int_range(pl.len())),
        benchmark=pl.format("set{}", pl.int_range(pl.len()) % 3),
        problem="problem",
    )


def alternated(ours: Callable, peer: Callable, runs: int = 3) -> tuple[float, float]:
    """Median CPU seconds of each, run in turns, so that load hits both alike."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for function, times in zip((ours, peer), spent, strict=True):
            start = time.process_time()
            function()
            times.append(time.process_time() - start)
    return median(spent[0]), median(spent[1])


def datasketch_loop(texts: list[str]) -> None:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.8, num_perm=128)
    for number, text in enumerate(texts):
        parts = re.findall(r"\w+", text.lower())
        sketch = MinHash(num_perm=128)
        for gram in zip(parts, parts[1:], parts[2:], strict=False):
            sketch.update(" ".join(gram).encode())
        index.query(sketch)
        index.insert(number, sketch)


def any_hit(texts: list[str], items: pl.DataFrame) -> list[bool]:
    def grams(text: str) -> set[str]:
        parts = text.lower().split()
        return {" ".join(parts[i : i + 8]) for i in range(len(parts) - 7)}

    sets = [
        set().union(*map(grams, part["problem"]))
        for part in items.partition_by("benchmark", maintain_order=True)
    ]
    return [any(grams(text) & known for known in sets) for text in texts]


if __name__ == "__main__":
    main()
