"""hygiene on one thread: megabytes of traces a second, measure by measure.

    python benchmarks/bench_traces.py --megabytes 100 --runs 3

Traces are sentences of real problems, 200 to 4,000 words of them, with their words in
another order, so that no n-gram is frequent but those of one paragraph that every
twentieth trace ends with; with tags of thinking, a box, and in every tenth a block of
code. Tokens and perplexity are
left out: they cost what their tokenizer and their model cost. Code is a part of its
own, because it is parsed in the sandbox.
"""

import argparse
import os
import re
import time
from collections.abc import Callable
from random import Random
from statistics import median

# Polars reads its own when it is imported.
os.environ |= {"PIPELINE_WORKERS": "1", "POLARS_MAX_THREADS": "1"}

import polars as pl
from pools import prompts
from rich.console import Console
from rich.table import Table

from pipeline.traces.structure import measure_structure
from pipeline.traces.words import Repetition, measure_language

LISTS = {
    "verification": ["check", "verify"],
    "tentative": ["perhaps", "might"],
    "connective": ["therefore", "since"],
}
CODE = "```python\nfor number in range(10):\n    print(number)\n```\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    texts = pl.Series(write_traces(options.megabytes))
    code = texts.filter(texts.str.contains("```", literal=True))
    parts: dict[str, tuple[Callable[[pl.Series], object], pl.Series]] = {
        "structure": (measure_structure, texts.filter(~texts.is_in(code.implode()))),
        "structure, traces with code": (measure_structure, code),
        "repetition and word lists": (
            measure_repetition,
            texts,
        ),
        "languages": (measure_language, texts),
        "characters": (lambda texts: texts.str.len_chars(), texts),
    }
    for measure, some in parts.values():  # compiled before it is measured
        measure(some.head(10))
    table = Table("measure", "MB", "CPU s", "MB / CPU s")
    total = 0.0
    for name, (measure, some) in parts.items():
        seconds = median(cpu_seconds(measure, some) for _ in range(options.runs))
        size = float(some.str.len_bytes().sum()) / 1e6
        total += seconds
        table.add_row(name, f"{size:.0f}", f"{seconds:.2f}", f"{size / seconds:.0f}")
    size = float(texts.str.len_bytes().sum()) / 1e6
    table.add_row("all", f"{size:.0f}", f"{total:.2f}", f"{size / total:.0f}")
    Console().print(table)


def measure_repetition(texts: pl.Series) -> None:
    repetition = Repetition(n=20, frequent=20, block=20, lists=LISTS, texts=len(texts))
    repetition.measure(texts)
    repetition.count_frequent([texts])


def cpu_seconds(measure: Callable[[pl.Series], object], texts: pl.Series) -> float:
    start = time.process_time()
    measure(texts)
    return time.process_time() - start


def write_traces(megabytes: int) -> list[str]:
    """Traces of so many megabytes in all; the same every time."""
    rng = Random(0)
    sentences = [
        part for text in prompts() for part in re.split(r"(?<=[.?!])\s+", text)
    ]
    traces, size = [], 0
    while size < megabytes * 1e6:
        parts, words = [], rng.randint(200, 4000)
        while words > 0:
            sentence = rng.choice(sentences).split()
            rng.shuffle(sentence)
            parts.append(" ".join(sentence))
            words -= len(sentence)
        code = CODE if rng.random() < 0.1 else ""
        shared = sentences[:5] if rng.random() < 0.05 else []
        thought = " ".join(parts + shared)
        traces.append(f"<think>\n{thought}\n</think>\n\n{code}It is \\boxed{{1}}.")
        size += len(traces[-1].encode())
    return traces


if __name__ == "__main__":
    main()
