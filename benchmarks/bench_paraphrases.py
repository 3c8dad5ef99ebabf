"""Rephrased benchmark items: how many are found, and how many siblings are taken.

    python benchmarks/bench_paraphrases.py --items 500 --siblings 2500

Items of GSM8K and MATH500 are rephrased by rule (`rephrase.py`), an edit a kind, and
problems of ours by hand (`tests/cases/paraphrases`), some into other languages. Beside
them stand siblings: items with other numbers, whose answer is another one or, to be
hard, the same, and problems of ours with another question. What is false of the rows of
the training sets of GSM8K and MATH is an upper bound: some are paraphrases. Intervals
are of 95% (Jeffreys).
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import polars as pl
from pools import data
from rephrase import EDITS, change_numbers
from rich.console import Console
from rich.table import Table

from pipeline.contamination.contract import load_method, read_method
from pipeline.dedup.evidence import LEAST
from pipeline.dedup.witness import find_witnesses
from pipeline.pass_rates.interval import jeffreys_interval

CASES = Path(__file__).parent.parent / "tests/cases/paraphrases/problems.jsonl"
ENCODER = {"encoder": "packaged"}
METHODS: dict[str, list[object]] = {
    "coverage": ["coverage"],
    "embedding 0.9": [{"method": "embedding", **ENCODER}],
    "key alone": [{"method": "paraphrase", "embed": False}],
    "paraphrase": [{"method": "paraphrase", **ENCODER}],
    "coverage + paraphrase": ["coverage", {"method": "paraphrase", **ENCODER}],
}
TEXTS = pl.Schema(
    {"kind": pl.String, "item": pl.String, "text": pl.String, "answer": pl.String}
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--siblings", type=int, default=2500)
    parser.add_argument("--rows", type=int, default=0, help="of training sets")
    parser.add_argument("--methods", nargs="*", default=[*METHODS])
    options = parser.parse_args()
    real, hand = real_items(), hand_cases()
    originals = hand.filter(kind="original").select("item", "text", "answer")
    items = pl.concat([real, originals])
    print(f"{items.height:,} items; with under {LEAST:g} bits, and so out of reach:")
    report_poor(items)
    texts = pl.concat(
        [
            pl.DataFrame(list(rephrased(real, options.items)), TEXTS, orient="row"),
            hand.select(TEXTS.names()),
            pl.DataFrame(list(siblings(real, options.siblings)), TEXTS, orient="row"),
            training_rows(options.rows),
        ]
    ).filter(pl.col("kind") != "original")
    for answers in (True, False):
        compare(texts, items, options.methods, answers=answers)


def compare(
    texts: pl.DataFrame, items: pl.DataFrame, methods: list[str], *, answers: bool
) -> None:
    """A table of the hits of each kind of text by each method."""
    told = texts if answers else texts.with_columns(answer=pl.lit(None, pl.String))
    kinds = texts["kind"].unique(maintain_order=True).to_list()
    report = Table("kind", "texts", *methods)
    columns, seconds = [], []
    for name in methods:
        start = time.perf_counter()
        columns.append(find_hit(told, items, METHODS[name]))
        seconds.append(f"{time.perf_counter() - start:.1f} s")
    for kind in [*kinds, *GROUPS]:
        rows = texts["kind"].is_in(GROUPS.get(kind, [kind])).to_numpy()
        if rows.any():
            cells = [interval(column[rows]) for column in columns]
            report.add_row(kind, f"{rows.sum():,}", *cells)
    report.add_row("wall time", "", *seconds)
    title = f"hits, {'with' if answers else 'without'} answers"
    Console(width=150).print(title, report)


HAND = ["reworded", "order", "numerals", "objects", "filler", "units", "voice"]
GROUPS = {
    "ALL by rule": [f"rule: {name}" for name in EDITS],
    "ALL by hand": [f"hand: {name}" for name in HAND],
}
GROUPS["ALL rephrased"] = GROUPS["ALL by rule"] + GROUPS["ALL by hand"]


def find_hit(
    texts: pl.DataFrame, items: pl.DataFrame, methods: list[object]
) -> np.ndarray:
    """Whether each text is an exact or near hit of its own item, or of any (bool).

    A text without an item of its own, a sibling or a training row, is a hit of any.
    """
    benchmark = items.select("answer", problem="text")
    own = texts["item"].to_list()
    hit = np.zeros(texts.height, bool)
    for method in map(read_method, methods):
        found = load_method(method.name).find_hits(
            texts.select("text", "answer"), benchmark, method
        )
        table = found if isinstance(found, pl.DataFrame) else found.hits
        table = table.filter(pl.col("level").is_in(["exact", "near"]))
        for text, item in table.select("text", "item").iter_rows():
            hit[text] |= own[text] is None or items["item"][item] == own[text]
    return hit


def interval(hits: np.ndarray) -> str:
    right, wrong = int(hits.sum()), int((~hits).sum())
    low, high = jeffreys_interval(np.array([right]), np.array([wrong]))
    return f"{100 * hits.mean():.1f}% [{100 * low[0]:.1f}, {100 * high[0]:.1f}]"


def report_poor(items: pl.DataFrame) -> None:
    """Print how many items of each benchmark have too few bits to be looked for."""
    found = find_witnesses(items["text"], items["answer"])
    rows = found.quantities["row"].to_numpy()
    bits = found.bits + np.bincount(
        rows, found.quantities["bits"].to_numpy(), items.height
    )
    table = items.with_columns(set=pl.col("item").str.extract("^([^/]*)/"))
    table = table.with_columns(poor=pl.Series(bits < LEAST))
    shares = table.group_by("set", maintain_order=True).agg(
        pl.len(), pl.col("poor").sum()
    )
    for name, count, poor in shares.iter_rows():
        print(f"  {name}: {poor} of {count} ({100 * poor / count:.1f}%)")


def rephrased(items: pl.DataFrame, count: int) -> Iterator[tuple[object, ...]]:
    """`count` rephrased items, the kinds of edits taking turns."""
    rng = Random(5)
    rows = items.sample(items.height, shuffle=True, seed=5).rows(named=True)
    share, given = -(-count // len(EDITS)), 0
    for kind, edit in EDITS.items():
        taken = 0
        while taken < share and rows and given < count:
            row = rows.pop(0)
            text = edit(row["text"], rng)
            if text is None:
                rows.append(row)
                continue
            taken, given = taken + 1, given + 1
            yield f"rule: {kind}", row["item"], text, row["answer"]


def siblings(items: pl.DataFrame, count: int) -> Iterator[tuple[object, ...]]:
    """`count` items with other numbers: with another answer, and with the same."""
    rng, rows = Random(7), items.rows(named=True)
    given = 0
    while given < count:
        row = rng.choice(rows)
        text = change_numbers(row["text"], rng)
        if text is None:
            continue
        given += 1
        answer = change_numbers(row["answer"], rng) or "0"
        yield "FALSE: other numbers", None, text, answer
        yield "FALSE: other numbers, answer kept", None, text, row["answer"]


def hand_cases() -> pl.DataFrame:
    """The cases of tests/cases/paraphrases, with the columns of TEXTS."""
    rows = [json.loads(line) for line in CASES.read_text().splitlines()]
    table = pl.DataFrame(rows).rename({"problem": "item"})
    kind, is_sibling = pl.col("kind"), pl.col("kind").str.starts_with("other ")
    named = pl.format("hand: {}", kind)
    language = pl.format("translated: {}", "language")
    return table.select(
        kind=pl.when(kind == "original").then(kind)
        .when(is_sibling).then(pl.format("FALSE by hand: {}", kind))
        .when(kind == "translation").then(language)
        .otherwise(named),
        item=pl.when(is_sibling).then(None).otherwise(pl.format("hand/{}", "item")),
        text="text",
        answer="answer",
    )  # fmt: skip


def real_items() -> pl.DataFrame:
    """(item, text, answer) of GSM8K test and MATH500."""
    rows = []
    for name, text in (("gsm8k", "question"), ("math500", "problem")):
        file = data() / "bench_math" / f"{name}.jsonl"
        for number, line in enumerate(file.read_text().splitlines()):
            row = json.loads(line)
            answer = row["answer"].rpartition("####")[2].strip()
            rows.append((f"{name}/{number:05d}", row[text], answer))
    return pl.DataFrame(rows, ["item", "text", "answer"], orient="row")


def training_rows(count: int) -> pl.DataFrame:
    """`count` rows of the training sets of GSM8K and MATH, which are no items."""
    rows = []
    for line in (data() / "gsm8k/train.jsonl").read_text().splitlines():
        row = json.loads(line)
        rows.append((row["question"], row["answer"].rpartition("####")[2].strip()))
    file = data() / "math_train_7500/math_train_7500.json"
    rows += [(row["problem"], row["answer"]) for row in json.loads(file.read_text())]
    table = pl.DataFrame(rows, ["text", "answer"], orient="row")
    table = table.sample(min(count, table.height), seed=1, shuffle=True)
    kind = pl.lit("FALSE: training rows")
    return table.select(
        kind=kind, item=pl.lit(None, pl.String), text="text", answer="answer"
    )


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
