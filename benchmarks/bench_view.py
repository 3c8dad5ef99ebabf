"""How long a page of `goldsieve view` takes on a table of many rows.

    python benchmarks/bench_view.py [--rows 1000000] [--visits 5]

A made-up project: rows from ten sources, a third of them dropped by three stages, each
kept one sampled eight times (verdicts and completions for one row in ten). Every page
is asked for through the whole application, as a browser would, at a different place
each time, so that nothing is shown from what was remembered; `again` is the same
address once more. Wall seconds and CPU seconds of the process (a busy machine
stretches the former) are medians over the visits.

Text searches and sorts read a column of every row; other pages do not.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from starlette.testclient import TestClient

from pipeline.view.app import build
from pipeline.view.library import Library
from pipeline.view.shelf import Shelf

STAGES = ("quality", "dedup_ngram", "verify")
REASONS = {
    "quality": ("proof", "figure", "multi_part"),
    "dedup_ngram": ("near_duplicate",),
    "verify": ("key_suspect", "never_solved"),
}
SHARD = 50_000  # rows of a row group, as stages write them


def make_rows(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Problems of 330 characters with pass rates and levels."""
    numbers = np.arange(count)
    a, b, sources = (
        pl.Series(values).cast(pl.String)
        for values in (*rng.integers(0, 10**9, (2, count)), numbers * 7919 % 10)
    )
    text = (
        " A basket holds apples and pears; each is counted once and then put back." * 4
    )
    return pl.DataFrame(
        {
            "id": sources + "/" + pl.Series(numbers).cast(pl.String),
            "source": sources,
            "license": "MIT",
            "domain": "math",
            "problem": "Add $" + a + "$ to $" + b + f"$.{text}",
            "answer": a,
            "verifier": "math",
            "meta": [None] * count,
            "answer_type": rng.choice(["integer", "fraction", "other"], count),
            "pass_rate": rng.random(count),
            "source_level": rng.integers(1, 6, count).astype(float),
        },
        schema_overrides={"meta": pl.String},
    )


def write_project(folder: Path, count: int) -> Library:
    rng = np.random.default_rng(0)
    rows = make_rows(count, rng)
    fate = rng.choice(["kept", "kept", *STAGES, "kept"], count)
    files: dict[str, tuple[Path, ...]] = {}
    dropped: dict[str, tuple[Path, ...]] = {}

    def write(table: pl.DataFrame, name: str) -> tuple[Path, ...]:
        file = folder / f"{name}.parquet"
        table.write_parquet(file, compression="zstd", row_group_size=SHARD)
        return (file,)

    files["pool"] = write(rows.drop("pass_rate", "source_level"), "pool")
    kept = rows.filter(pl.Series(fate == "kept"))
    files["select"] = write(kept, "select")
    for stage in STAGES:
        lost = rows.filter(pl.Series(fate == stage))
        verdict = {
            "reason": pl.Series(rng.choice(REASONS[stage], lost.height)),
            "twin": kept["id"].sample(lost.height, seed=0, with_replacement=True),
            "score": pl.lit(0.9, pl.Float32),
            "evidence": pl.lit("{}"),
        }
        dropped[stage] = write(lost.with_columns(**verdict), f"dropped-{stage}")
    sampled = kept.gather_every(10).select("id", "answer")
    grades = sampled.join(pl.DataFrame({"sample": range(8)}), how="cross").with_columns(
        model=pl.lit("m"), correct=pl.col("sample") % 3 != 0, extracted="answer",
        why=pl.lit("equal as text"), finish_reason=pl.lit("stop"),
    )  # fmt: skip
    files["grades"] = write(grades.drop("answer"), "grades")
    rollouts = grades.select("id", "sample", "model", completion="answer")
    files["rollouts"] = write(rollouts, "rollouts")
    return Library("bench", folder, files, dropped, ("pool", *STAGES, "select"))


def addresses(count: int, visits: int) -> Iterator[tuple[str, list[str]]]:
    """Kinds of pages, each at as many places as there are visits."""
    pages = count // 50
    deep = [pages * (n + 1) // (visits + 1) for n in range(visits)]
    yield (
        "the first page of a source",
        [f"/rows?source={n % 10}" for n in range(visits)],
    )
    yield "any page of all rows", [f"/rows?page={page}" for page in deep]
    yield (
        "a reason, a source, a pass rate",
        [
            f"/rows?reason=near_duplicate&source={n % 10}&min=0.{n + 1}&page=3"
            for n in range(visits)
        ],
    )
    yield (
        "a level of the kept",
        [
            f"/rows?table=select&source_level={n % 5 + 1}.0&page=200"
            for n in range(visits)
        ],
    )
    yield "a row, by its id", [f"/row?id={page * 7919 % 10}/{page}" for page in deep]
    yield (
        "a row of a list",
        [f"/row?id={p * 7919 % 10}/{p}&source=1&at={p // 20}" for p in deep],
    )
    yield "samples", [f"/samples?correct=false&page={page // 40}" for page in deep]
    yield (
        "sorted by pass rate",
        [f"/rows?sort=-pass_rate&page={n * 5}" for n in range(visits)],
    )
    yield "sorted, deep", [f"/rows?sort=pass_rate&page={page}" for page in deep]
    yield "a text, in this case", [f"/rows?q=Add ${n}77" for n in range(visits)]
    yield "a text, in any case", [f"/rows?q=add ${n}77" for n in range(visits)]
    yield (
        "SQL: a count of groups",
        [
            f"/sql?sql=select reason, {n}, count(*) from dropped group by all"
            for n in range(visits)
        ],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--visits", type=int, default=5)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        library = write_project(Path(folder), arguments.rows)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        client = TestClient(
            build(Shelf(lambda: library), {"localhost"}), base_url="http://localhost"
        )
        print(
            f"{arguments.rows:,} rows, {size / 2**20:.0f} MiB, {os.cpu_count()} cores"
        )
        print(f"{'page':34}{'wall s':>8}{'CPU s':>8}{'again':>8}")
        client.get("/")
        for kind, paths in addresses(arguments.rows, arguments.visits):
            first, again = [], []
            for path in paths:
                first.append(measure(client, path))
                again.append(measure(client, path))
            wall, cpu = (median(times) for times in zip(*first, strict=True))
            repeated = median(wall for wall, _ in again)
            print(f"{kind:34}{wall:8.3f}{cpu:8.3f}{repeated:8.3f}", flush=True)


def measure(client: TestClient, path: str) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
