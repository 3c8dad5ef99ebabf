"""What embedding costs, and what finding near pairs among the vectors costs.

    python benchmarks/bench_embedding.py [--rows 600] [--join-rows 57000 200000]
    python benchmarks/bench_embedding.py --rows 0 --join-rows --gpu-rows 16384

Encoding is set against sentence-transformers on batches as they come, and on the
whole list at once, which it sorts itself; all load the model. The self-join by
cells is set against two exact ones: faiss' IndexFlatIP with range_search, and
`flat`; and against SemHash, in the environment that GOLDSIEVE_PEERS names, which is
given the vectors. Exact ones are extrapolated from blocks of queries, as the table
says.

Texts are real prompts of GOLDSIEVE_DATA or ../shared/data, else generated ones;
where they do not suffice, copies are added with words lost, swapped and doubled
and numbers changed. CPU time on one thread; encoding (alternated) and cells are
medians of three runs. With `--gpu-rows`, and a GPU, rows a second of the packaged
encoder there and on all cores, and how far the vectors of the two differ.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, TypeVar
from unittest import mock

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from pipeline import embedding
from pipeline.dedup import cosine
from pipeline.dedup.pairs import Pairs
from pipeline.dedup.recall import measure_recall
from pipeline.embedding import encode, load_packaged_model
from pipeline.encoder import Encoder
from stages.sources import words

DATA = Path(os.environ.get("GOLDSIEVE_DATA") or "../shared/data")
FILES = [
    ("deepscaler", "*.json", "prompt"),
    ("deepmath_5k", "*.jsonl", "prompt"),
    ("math_train_7500", "*.json", "problem"),
    ("gsm8k", "*.jsonl", "question"),
]
BLOCK = 4096
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--join-rows", type=int, nargs="*", default=[57_000])
    parser.add_argument("--gpu-rows", type=int, default=0)
    parser.add_argument("--threshold", type=float, default=0.9)
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    texts = read_prompts()
    mixed = np.random.default_rng(0).permutation(len(texts))
    if options.gpu_rows:
        some = [texts[at] for at in mixed[: options.gpu_rows]]
        Console(width=110).print(*compare_devices(some, options.threshold))
    torch.set_num_threads(1)
    if options.rows:
        some = [texts[at] for at in mixed[: options.rows]]
        Console(width=110).print(compare_encoders(some))
    for rows in options.join_rows:
        real = min(rows, len(texts))
        spent, vectors = time_cpu(lambda: static(pool(texts, rows)))  # noqa: B023
        Console(width=110).print(
            f"{rows:,} rows ({real:,} prompts and {rows - real:,} copies), cosine ≥ "
            f"{options.threshold}; static vectors in {spent:.1f} CPU s"
        )
        Console(width=110).print(compare_joins(vectors, options.threshold))


def read_prompts() -> list[str]:
    """Distinct real prompts; generated ones where there is no data."""
    prompts = []
    for folder, pattern, column in FILES:
        for file in sorted((DATA / folder).glob(pattern)):
            lines = file.suffix == ".jsonl"
            text = file.read_text()
            rows = map(json.loads, text.splitlines()) if lines else json.loads(text)
            prompts += [prompt_text(row.get(column)) for row in rows]
    if not any(prompts):
        raw = words.generate(count=20_000, seed=3)
        problems = [row for row in map(words.adapt, raw) if isinstance(row, dict)]
        prompts = [row["problem"] for row in problems]
    return [text for text in dict.fromkeys(prompts) if text]


def prompt_text(prompt: Any) -> str:
    """The text of a prompt that may be a list of messages."""
    return str(prompt[0]["content"] if isinstance(prompt, list) else prompt or "")


def pool(texts: list[str], rows: int) -> list[str]:
    """`rows` texts in random order, with noisy copies where `texts` are too few."""
    numbers = np.random.default_rng(1)
    sources = numbers.integers(0, len(texts), max(0, rows - len(texts)))
    padded = texts[:rows] + [add_noise(texts[source], numbers) for source in sources]
    return [padded[at] for at in numbers.permutation(rows)]


def add_noise(text: str, numbers: np.random.Generator) -> str:
    """`text` with up to a fifth of its words lost, swapped, doubled or renumbered."""
    parts = text.split(" ")
    for _ in range(1 + int(numbers.uniform(0, 0.2) * len(parts))):
        position = int(numbers.integers(len(parts)))
        match int(numbers.integers(4)):
            case 0 if len(parts) > 1:
                del parts[position]
            case 1:
                other = int(numbers.integers(len(parts)))
                parts[position], parts[other] = parts[other], parts[position]
            case 2:
                parts.insert(position, parts[int(numbers.integers(len(parts)))])
            case _:
                new = str(numbers.integers(2, 100))
                parts[position] = re.sub(r"\d+", new, parts[position])
    return " ".join(parts)


def static(texts: list[str]) -> np.ndarray:
    return encode(texts, Encoder(encoder="static"))


def compare_encoders(texts: list[str]) -> Table:
    table = Table("encode", "CPU s", "texts/CPU s", "ours is faster by")
    ways = {
        "ours: sorted by length, batches of 16": encode_sorted,
        "sentence-transformers, batches of 32 as they come": encode_as_they_come,
        "sentence-transformers, the whole list": encode_whole_list,
    }
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(3):
        for way, function in ways.items():
            spent[way].append(time_cpu(lambda: function(texts))[0])  # noqa: B023
    least = median(next(iter(spent.values())))
    for way, times in spent.items():
        cost = median(times)
        table.add_row(
            way, f"{cost:.1f}", f"{len(texts) / cost:.1f}", f"{cost / least:.2f}"
        )
    return table


def encode_sorted(texts: list[str]) -> np.ndarray:
    before = os.environ.get("GOLDSIEVE_CACHE")
    with tempfile.TemporaryDirectory() as fresh:
        os.environ["GOLDSIEVE_CACHE"] = fresh
        try:
            return encode(texts, Encoder(encoder="packaged"))
        finally:
            os.environ.pop("GOLDSIEVE_CACHE")
            if before is not None:
                os.environ["GOLDSIEVE_CACHE"] = before


def encode_as_they_come(texts: list[str]) -> np.ndarray:
    network = load_packaged_model()
    network.max_seq_length = Encoder().max_tokens
    parts = [
        network.encode(texts[start : start + 32], show_progress_bar=False)
        for start in range(0, len(texts), 32)
    ]
    return np.concatenate(parts)


def encode_whole_list(texts: list[str]) -> np.ndarray:
    network = load_packaged_model()
    network.max_seq_length = Encoder().max_tokens
    vectors: np.ndarray = network.encode(texts, show_progress_bar=False)
    return vectors


def compare_devices(texts: list[str], threshold: float) -> tuple[Table, str]:
    """Rows a second by wall clock; the CPU has a quarter of the texts."""
    if not torch.cuda.is_available():
        raise SystemExit("torch sees no GPU")
    print(describe_devices())
    table = Table("device", "batch", "rows", "s", "rows/s")
    few = texts[: len(texts) // 4]
    ways = [("cpu", embedding.BATCH, few)]
    sizes = 64, embedding.GPU_BATCH, embedding.CHUNK
    ways += [("cuda", size, texts) for size in sizes]
    vectors = {}
    for device, size, rows in ways:
        encode_on(device, size, rows[:: len(rows) // 256 + 1])  # warms up
        start = time.perf_counter()
        vectors[device] = encode_on(device, size, rows)
        seconds = time.perf_counter() - start
        rate = f"{len(rows) / seconds:,.0f}"
        table.add_row(device, str(size), f"{len(rows):,}", f"{seconds:.2f}", rate)
    return table, compare_vectors(vectors["cpu"], vectors["cuda"], threshold)


def describe_devices() -> str:
    name = torch.cuda.get_device_name()
    return f"{name}; {os.cpu_count()} cores; torch {torch.__version__}"


def encode_on(device: str, size: int, texts: list[str]) -> np.ndarray:
    only = iter([(device, size)])
    with mock.patch.object(embedding, "_list_devices", return_value=only):
        return encode_sorted(texts)


def compare_vectors(cpu: np.ndarray, gpu: np.ndarray, threshold: float) -> str:
    """How far vectors differ, and the pairs that are found among them."""
    gpu = gpu[: len(cpu)]
    alike, apart = (cpu * gpu).sum(1).min(), np.abs(cpu - gpu).max()
    scores_of = []
    for vectors in (cpu, gpu):
        pairs = cosine.near_pairs(vectors, cosine.one_cell(len(vectors)), threshold)
        names = zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)
        scores_of.append(dict(zip(names, pairs.score.tolist(), strict=True)))
    first, second = scores_of
    both = first.keys() & second.keys()
    moved = sum(first[pair] != second[pair] for pair in both)
    return (
        f"cosine of the two ≥ {alike:.7f}, numbers differ by ≤ {apart:.1e}; of "
        f"{len(both)} pairs with cosine ≥ {threshold} {moved} have another score in "
        f"four digits, and {len(first.keys() ^ second.keys())} are pairs of one alone"
    )


def compare_joins(vectors: np.ndarray, threshold: float) -> Table:
    table = Table(
        "self-join", "CPU s", "rows/CPU s", "pairs", "row recall", "pair recall",
        "× faiss", "× flat",
    )  # fmt: skip
    peer = time_faiss(vectors, threshold)
    own = time_flat(vectors, threshold)

    def add(name: str, cost: float, *figures: str) -> None:
        rate = f"{len(vectors) / cost:,.0f}"
        times = (f"{peer / cost:.1f}", f"{own / cost:.1f}")
        table.add_row(name, f"{cost:.1f}", rate, *(figures or ("", "1", "1")), *times)

    add(f"faiss IndexFlatIP, from {BLOCK:,} queries", peer)
    add(f"flat, from {BLOCK:,} queries", own)
    for visits in (1, 4, 8):
        pairs, cost = time_cells(vectors, threshold, visits)
        recall = measure_recall(vectors, threshold, pairs, most=2048, seed=0)
        _, neighboured, row_recall, pair_recall = recall.row(0)
        add(
            f"cells, visits: {visits}",
            cost,
            f"{len(pairs.first):,}",
            f"{row_recall:.4f} of {neighboured}",
            f"{pair_recall:.4f}",
        )
    if python := os.environ.get("GOLDSIEVE_PEERS"):
        removed, cost = time_semhash(python, vectors, threshold)
        recall = measure_recall(vectors, threshold, removed, most=2048, seed=0)
        _, neighboured, row_recall, _ = recall.row(0)
        add("SemHash", cost, "", f"{row_recall:.4f} of {neighboured}", "")
    return table


def time_semhash(
    python: str, vectors: np.ndarray, threshold: float
) -> tuple[Pairs, float]:
    """The rows that it removes, as later rows of pairs, and its CPU seconds."""
    script = Path(__file__).with_name("peers.py")
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder, "vectors.npy"), Path(folder, "out.json")
        np.save(file, vectors)
        words = str(script), "semhash", str(file), str(threshold), str(out)
        subprocess.run([python, *words], check=True)
        run = json.loads(out.read_text())
    removed = np.array(run["removed"], np.int32)
    unknown = np.zeros(len(removed))
    return Pairs(unknown.astype(np.int32), removed, unknown), run["cpu_s"]


def time_cells(
    vectors: np.ndarray, threshold: float, visits: int
) -> tuple[Pairs, float]:
    """The near pairs, and the median CPU seconds of three runs."""
    count = 2 * int(len(vectors) ** 0.5)

    def join() -> Pairs:
        cells, _ = cosine.nearest_cells(vectors, count, visits=visits, seed=0)
        return cosine.near_pairs(vectors, cells, threshold)

    runs = [time_cpu(join) for _ in range(3)]
    return runs[0][1], median(cost for cost, _ in runs)


def time_faiss(vectors: np.ndarray, threshold: float) -> float:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    cost, _ = time_cpu(lambda: index.range_search(vectors[:BLOCK], threshold))
    return cost * len(vectors) / BLOCK


def time_flat(vectors: np.ndarray, threshold: float) -> float:
    """`flat` compares each row with half of the rows on average."""
    rows, everyone = np.arange(BLOCK), np.arange(len(vectors))
    multiply = cosine.multiply_rows
    cost, _ = time_cpu(lambda: list(multiply(vectors, rows, everyone, threshold)))
    return cost * len(vectors) / BLOCK / 2


def time_cpu(function: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds on one thread, so that waiting for another is not counted."""
    with threadpool_limits(1):
        start = time.process_time()
        result = function()
        return time.process_time() - start, result


if __name__ == "__main__":
    main()
