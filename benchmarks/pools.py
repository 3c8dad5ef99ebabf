"""Pools of prompts for the benchmarks: real ones, recombined ones, edited copies.

70% are base rows: distinct real prompts as far as they go, then sentences of real
prompts put together anew. 30% are copies with an edit (a number, a word swapped or
left out, something before or behind, white space, case); a twentieth of those falls
into a few heavy clusters. Cached under .cache/benchmarks.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import polars as pl

CACHE = Path(".cache/benchmarks")


def data() -> Path:
    """Where the public files are."""
    return Path(os.environ.get("GOLDSIEVE_DATA") or "../shared/data")


def prompts() -> list[str]:
    """Distinct real prompts, in a fixed order."""
    texts = dict.fromkeys(text for text in _prompts() if len(text) > 20)
    return list(texts)


def _prompts() -> Iterator[str]:
    for line in (data() / "gsm8k/train.jsonl").read_text().splitlines():
        yield json.loads(line)["question"]
    for row in json.loads(
        (data() / "math_train_7500/math_train_7500.json").read_text()
    ):
        yield row["problem"]
    for file in sorted((data() / "deepscaler").glob("*.json")):
        for row in json.loads(file.read_text()):
            yield row["prompt"]


def pool(size: int, seed: int = 0) -> list[str]:
    """`size` prompts; the same for the same seed."""
    file = CACHE / f"pool-{size}-{seed}.parquet"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        texts = list(_pool(size, seed))
        pl.DataFrame({"problem": texts}).write_parquet(file)
    return pl.read_parquet(file)["problem"].to_list()


def _pool(size: int, seed: int) -> Iterator[str]:
    rng = Random(seed)
    real = prompts()
    rng.shuffle(real)
    sentences = [part for text in real for part in re.split(r"(?<=[.?!])\s+", text)]
    base = real[: int(0.7 * size)]
    while len(base) < int(0.7 * size):
        base.append(" ".join(rng.choices(sentences, k=rng.randint(2, 5))))
    texts = list(base)
    heavy = [rng.choice(base) for _ in range(max(1, size // 2000))]
    while len(texts) < size:
        if rng.random() < 0.05:
            number = int(rng.paretovariate(1.2)) % len(heavy)
            texts.append(edited(heavy[number], rng))
        else:
            texts.append(edited(rng.choice(base), rng))
    rng.shuffle(texts)
    yield from texts


def edited(text: str, rng: Random) -> str:
    """`text` with one edit of those that pools are full of."""
    words = text.split(" ")
    position = rng.randrange(len(words))
    kind = rng.randrange(7)
    if kind == 0:
        return re.sub(r"\d+", lambda m: str(rng.randint(2, 99)), text, count=2)
    if kind == 1:
        return " ".join(words[:position] + words[position + 1 :])
    if kind == 2 and position:
        words[position - 1], words[position] = words[position], words[position - 1]
        return " ".join(words)
    if kind == 3:
        return f"Solve the following problem. {text}"
    if kind == 4:
        return f"{text} Show your work."
    if kind == 5:
        return text.replace(" ", "  ").replace(". ", ".\n")
    return text.upper() if rng.random() < 0.5 else text.replace("\\frac", "\\dfrac")


def items() -> pl.DataFrame:
    """Benchmark items: id, benchmark, problem, answer."""
    rows = []
    for file in sorted((data() / "bench_math").glob("*.jsonl")):
        for number, line in enumerate(file.read_text().splitlines()):
            row = json.loads(line)
            text = row.get("problem") or row.get("question")
            if text:
                rows.append((f"{file.stem}/{number:05d}", file.stem, text))
    table = pl.DataFrame(rows, ["id", "benchmark", "problem"], orient="row")
    return table.with_columns(answer=pl.lit(None, pl.String))


def traces(count: int, seed: int = 0, chars: int = 15_000) -> list[str]:
    """Documents of about `chars` characters, of sentences of real solutions."""
    rng = Random(seed)
    # Solutions of training problems; no benchmark's.
    solutions = [
        row["solution"]
        for row in json.loads((data() / "deepscaler_parts/aime.json").read_text())
    ]
    lines = (data() / "gsm8k/train.jsonl").read_text().splitlines()
    solutions += [json.loads(line)["answer"] for line in lines]
    parts = [part for text in solutions for part in re.split(r"(?<=[.?!])\s+", text)]
    parts = [part for part in parts if len(part) > 20]
    documents = []
    for _ in range(count):
        text: list[str] = []
        size = 0
        while size < chars:
            text.append(rng.choice(parts))
            size += len(text[-1]) + 1
        documents.append(" ".join(text))
    return documents
