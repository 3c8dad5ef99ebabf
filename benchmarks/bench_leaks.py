"""Leaks that are found, and clean problems that stay, by `decontaminate` as it is.

    python benchmarks/bench_leaks.py --clean 15000

Three tables. `wrappers`: every benchmark item stands in a pool of clean problems word
for word, but wrapped as crawlers and templates wrap it (`wrappers.py`); what is left in
though it is detectable should be nothing. `copies`: every item with light edits, once
or twenty times, the copies alike or each in another wrapper; the shares should be
equal. `misses`: problems that lie close to an item and are others (`leak_misses.py`).
No answers are given, except where a near miss has one.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import polars as pl
from leak_misses import Miss, misses
from pools import items, prompts
from rich.console import Console
from rich.table import Table
from wrappers import WRAPPERS, Wrapper

sys.path.insert(0, str(Path(__file__).parent.parent))

from pipeline.contamination.hits import Found
from pipeline.contamination.methods.coverage import Params, find_hits
from tests.support.edits import light_edit

Rows = list[tuple[str, str | None]]
LOOSE = ("as it is", "tag", "instruction", "points", "numbered", "few-shot prompt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    bench = items()
    pool: Rows = [(text, None) for text in prompts()[: options.clean]]
    dirty = leaks(search(pool, bench))
    pool = [row for number, row in enumerate(pool) if number not in dirty]
    console = Console(width=100)
    console.print(f"{bench.height:,} items; {len(dirty)} of the clean pool leak")
    console.print(
        wrapper_table(pool, bench, options.seed),
        copy_table(pool, bench, options.seed),
        miss_table(pool),
    )


def search(rows: Rows, bench: pl.DataFrame) -> Found:
    texts = pl.DataFrame(rows, {"text": pl.String, "answer": pl.String}, orient="row")
    return find_hits(texts, bench, Params())


def leaks(found: Found) -> set[int]:
    """The numbers of the texts that would be dropped."""
    worst = found.hits.filter(pl.col("level").is_in(["exact", "near"]))
    return set(worst["text"].to_list())


def wrapper_table(pool: Rows, bench: pl.DataFrame, seed: int) -> Table:
    table = Table("wrapper", "found", "left in", "undetectable", "clean dropped", "s")
    for name, wrap in WRAPPERS.items():
        rng, start = Random(seed), time.perf_counter()
        wrapped: Rows = [(wrap(text, rng), None) for text in bench["problem"]]
        found = search([*pool, *wrapped], bench)
        dropped, hidden = leaks(found), set(found.undetectable["item"].to_list())
        missed = {n for n in range(bench.height) if n + len(pool) not in dropped}
        table.add_row(
            name, f"{bench.height - len(missed):,}", f"{len(missed - hidden):,}",
            f"{len(hidden):,}", f"{sum(n < len(pool) for n in dropped):,}",
            f"{time.perf_counter() - start:.1f}",
        )  # fmt: skip
    return table


def copy_table(pool: Rows, bench: pl.DataFrame, seed: int) -> Table:
    table = Table("lightly edited items", "pool", "once", "20 times", "20 wrapped")
    few = bench[:: bench.height // 150]
    for name, known, clean in (
        ("all", bench, pool),
        ("one in 19", few, pool[:300]),
        ("one in 19", few, pool[:10]),
    ):
        shares = [
            copies_found(clean, known, times, kinds, seed)
            for times, kinds in ((1, LOOSE[:1]), (20, LOOSE[:1]), (20, LOOSE))
        ]
        table.add_row(name, f"{len(clean):,}", *(f"{share:.4f}" for share in shares))
    return table


def copies_found(
    pool: Rows, bench: pl.DataFrame, times: int, kinds: tuple[str, ...], seed: int
) -> float:
    """The share that is found of so many copies of each edited item."""
    rng, planted = Random(seed), list[str]()
    for text in bench["problem"]:
        edited = light_edit(text, rng)
        wraps: Iterable[Wrapper] = (WRAPPERS[rng.choice(kinds)] for _ in range(times))
        planted += [wrap(edited, rng) for wrap in wraps]
    dropped = leaks(search([*pool, *((text, None) for text in planted)], bench))
    return sum(number >= len(pool) for number in dropped) / len(planted)


def miss_table(pool: Rows) -> Table:
    table = Table("near misses", "pairs", "dropped", "their items found")
    pairs = list(misses())
    for kind in dict.fromkeys(miss[0] for miss in pairs):
        chosen = [miss for miss in pairs if miss[0] == kind]
        dropped = Counter(
            drop_pair(miss, others(miss, chosen), pool) for miss in chosen
        )
        rows, own = (
            sum(n for pair, n in dropped.items() if pair[side]) for side in (0, 1)
        )
        table.add_row(kind, f"{len(chosen)}", f"{rows}", f"{own}")
    return table


def others(miss: Miss, kind: list[Miss]) -> Rows:
    """Rows of the same kind that are neither side of `miss`."""
    return [(row, a) for _, _, _, row, a in kind if row not in (miss[1], miss[3])]


def drop_pair(miss: Miss, beside: Rows, pool: Rows) -> tuple[bool, bool]:
    """Whether the near miss leaks beside its like, and whether the item itself does."""
    _, item, answer, row, other = miss
    bench = pl.DataFrame({"id": ["item"], "problem": [item], "answer": [answer]})
    bench = bench.cast({"answer": pl.String})
    gone = leaks(search([(row, other), (item, answer), *beside, *pool[:750]], bench))
    return 0 in gone, 1 in gone


if __name__ == "__main__":
    main()
