"""One run of one deduplicator on one file of texts, in a process of its own.

    python benchmarks/peers.py NAME TEXTS.jsonl THRESHOLD OUT.json
    python benchmarks/peers.py semhash VECTORS.npy THRESHOLD OUT.json

Writes CPU seconds, the growth of the peak memory in MB, and the numbers of the rows
that it removed. The clock starts when the texts are in memory and ends when the rows
to remove are known. Peers that live in another environment are run with its
interpreter: benchmarks take it from GOLDSIEVE_PEERS. This file needs nothing
but what the named peer needs.
"""

import gc
import json
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TOKEN = re.compile(r"[a-z0-9\u0080-\uffff]+")
N = 3
WARM = 10_000  # rows in which every kernel has something to do
Run = Callable[[], list[int]]


def shingles(text: str) -> set[str]:
    parts = TOKEN.findall(text.lower())
    if len(parts) < N:
        return {" ".join(parts)} if parts else set()
    return {" ".join(parts[i : i + N]) for i in range(len(parts) - N + 1)}


def goldsieve(texts: list[str], threshold: float, guard: bool = False) -> Run:
    """The whole stage: pairs, survivors, families, evidence."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    import polars as pl

    from pipeline.filter import unjudged
    from pipeline.schema import PROBLEM, conform
    from stages import dedup_ngram

    def rows(some: list[str]) -> pl.DataFrame:
        table = pl.DataFrame({"problem": some}).with_row_index("number")
        # Copies share their numbers, and so an answer; siblings have another one.
        numbers = pl.col("problem").str.extract_all(r"\d+").list.sort().list.join("+")
        table = table.select(
            pl.format("r/{}", "number").alias("id"), "problem", answer=numbers
        )
        return unjudged(conform(table.with_columns(key="id"), PROBLEM))

    params = dedup_ngram.Params(threshold=threshold, guard=guard)
    dedup_ngram.judge(rows(texts[:WARM]), params)  # compiles, or loads, the kernels
    table = rows(texts)

    def run() -> list[int]:
        judged = dedup_ngram.judge(table, params).rows
        return judged["reason"].is_not_null().arg_true().to_list()

    return run


def goldsieve_rows(texts: list[str], threshold: float) -> Run:
    """What the peers do: the rows to remove, from verified pairs, and no more."""
    sys.path.insert(0, str(Path(__file__).parent.parent))
    import numpy as np
    import polars as pl

    from pipeline.dedup.ngrams import extract_ngrams, lsh_pairs
    from pipeline.kernels import hash_table, minhash
    from pipeline.kernels import relations as guard

    def removed(text: pl.Series) -> list[int]:
        ngrams = extract_ngrams(text, n=3)
        leader = hash_table.first_equal(ngrams.prints)
        rows = np.flatnonzero(leader == np.arange(len(text))).astype(np.int32)
        plan = minhash.plan_bands(threshold, 48, 1)
        pairs = lsh_pairs(ngrams, rows, plan, threshold, None)
        copy = np.full(len(pairs.first), guard.COPY, np.uint8)
        verdict, _, _, _ = guard.select_survivors(
            len(text), pairs.first, pairs.second, pairs.score, copy
        )
        gone = (verdict > 0) | (leader != np.arange(len(text)))
        gone &= np.diff(ngrams.ends) > 0
        return [int(row) for row in np.flatnonzero(gone)]

    removed(pl.Series(texts[:WARM]))  # compiles, or loads, the kernels
    column = pl.Series(texts)
    return lambda: removed(column)


def goldsieve_guarded(texts: list[str], threshold: float) -> Run:
    return goldsieve(texts, threshold, guard=True)


def datasketch(texts: list[str], threshold: float) -> Run:
    """Signatures in bulk, LSH, and every pair of sets compared."""
    from datasketch import MinHash, MinHashLSH

    def run() -> list[int]:
        sets = [shingles(text) for text in texts]
        encoded = [[part.encode() for part in some] for some in sets]
        sketches = MinHash.bulk(encoded, num_perm=128)
        index = MinHashLSH(threshold=threshold, num_perm=128)
        pairs = []
        for row, sketch in enumerate(sketches):
            if not sets[row]:
                continue
            for other in index.query(sketch):
                both = len(sets[row] & sets[other])
                jaccard = both / (len(sets[row]) + len(sets[other]) - both)
                if jaccard >= threshold:
                    pairs.append((other, row, jaccard))
            index.insert(row, sketch, check_duplication=False)
        gone = set()
        for other, row, _ in sorted(pairs, key=lambda pair: (pair[1], pair[0])):
            if other not in gone:
                gone.add(row)
        return sorted(gone)

    return run


def rensa(texts: list[str], threshold: float) -> Run:
    """Its deduplicator, pair by pair, with the same shingles."""
    from rensa import RMinHash, RMinHashDeduplicator

    def run() -> list[int]:
        judge = RMinHashDeduplicator(
            threshold=threshold, num_perm=128, use_lsh=True, num_bands=16
        )
        removed = []
        for row, text in enumerate(texts):
            sketch = RMinHash(num_perm=128, seed=42)
            sketch.update(list(shingles(text)))
            if not judge.add(str(row), sketch):
                removed.append(row)
        return removed

    return run


def text_dedup(texts: list[str], threshold: float) -> Run:
    """Its fingerprints, bands and clusters; nothing is verified."""
    import numpy as np
    from text_dedup import minhash
    from text_dedup.utils import UnionFind, optimal_param, xxh3_32hash

    def run() -> list[int]:
        bands, size = optimal_param(threshold, 128, 0.5, 0.5)
        ranges = [(i * size, (i + 1) * size) for i in range(bands)]
        prime, most = np.uint64((1 << 61) - 1), np.uint32((1 << 32) - 1)
        rng = np.random.RandomState(42)
        permutations = (
            rng.randint(1, prime, size=(128,), dtype=np.uint64),
            rng.randint(0, prime, size=(128,), dtype=np.uint64),
        )
        tables = [defaultdict[bytes, set[int]](set) for _ in range(bands)]
        for row, text in enumerate(texts):
            embedded = minhash.embed_func(
                text, row, num_perm=128, ngram_size=N, min_length=0,
                hashranges=ranges, permutations=permutations, hash_func=xxh3_32hash,
                dtype=np.uint64, max_hash=most, modulo_prime=prime,
            )  # fmt: skip
            for table, key in zip(tables, embedded["__signatures__"], strict=True):
                table[key].add(row)
        union = UnionFind()
        for table in tables:
            for cluster in table.values():
                if len(cluster) > 1:
                    least = min(cluster)
                    for row in cluster:
                        union.union(row, least)
        return [row for row in range(len(texts)) if union.find(row) != row]

    return run


def datatrove(texts: list[str], threshold: float) -> Run:
    """Stages 1 to 3 (signatures, buckets, clusters) over one folder."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
    )
    from datatrove.utils.hashing import HashConfig

    def run() -> list[int]:
        buckets, size = (20, 6) if threshold < 0.75 else (14, 9)
        config = MinhashConfig(
            n_grams=N,
            num_buckets=buckets,
            hashes_per_bucket=size,
            hash_config=HashConfig(precision=64),
        )
        with tempfile.TemporaryDirectory() as folder:
            sign = MinhashDedupSignature(f"{folder}/sign", config=config)
            sign.run(
                (Document(text=text, id=str(i)) for i, text in enumerate(texts)), 0, 1
            )
            for bucket in range(buckets):
                step = MinhashDedupBuckets(
                    f"{folder}/sign", f"{folder}/pairs", config=config
                )
                step.run(None, bucket, buckets)
            cluster = MinhashDedupCluster(
                f"{folder}/pairs", f"{folder}/removed", config=config
            )
            cluster.run(None, 0, 1)
            import struct

            removed = []
            for file in Path(f"{folder}/removed").glob("*.remove"):
                raw = file.read_bytes()
                removed += [row for (row,) in struct.iter_unpack("<I", raw)]
            return removed

    return run


def semhash(vectors: list[Any], threshold: float) -> Run:
    """Its index over vectors that are given, and what it filters."""
    import numpy as np
    from semhash import SemHash

    class Given:
        def encode(self, inputs: list[str], **_: Any) -> Any:
            return np.stack([vectors[int(number)] for number in inputs])

    numbers = [str(number) for number in range(len(vectors))]

    def run() -> list[int]:
        index = SemHash.from_records(numbers, model=Given())
        found = index.self_deduplicate(threshold=threshold).filtered
        return [int(duplicate.record) for duplicate in found]

    return run


def memory(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0


def read(source: Path) -> Iterator[Any]:
    """Texts of a file of lines, or vectors of a .npy."""
    if source.suffix == ".npy":
        import numpy as np

        yield from np.load(source)
        return
    with source.open() as lines:
        yield from map(json.loads, lines)


def main(name: str, source: str, threshold: str, out: str) -> None:
    texts = list(read(Path(source)))
    random.seed(0)
    run = globals()[name](texts, float(threshold))
    # A collection of garbage from the set-up would fall on whoever allocates next.
    gc.collect()
    gc.freeze()
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    cpu, wall = time.process_time(), time.perf_counter()
    removed = run()
    result = {
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "growth_mb": memory("VmHWM") - before,
        "removed": sorted(int(row) for row in removed),
    }
    Path(out).write_text(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
