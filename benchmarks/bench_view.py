"""How long a page of `goldsieve view` takes on a table of many rows.

    python benchmarks/bench_view.py [--rows 1000000] [--visits 5]

A made-up project: rows from ten sources, a third of them dropped by three stages, each
kept one sampled eight times (verdicts and completions for one row in ten). Every page
is asked for through the whole application, as a browser would, at a different place
each time, so that no count is shown from what was remembered; `again` is the same
address once more. Wall seconds and CPU seconds of the process (a busy machine
stretches the former) are medians over the visits; `most` is the longest.

`cold` pages are the first ones of a server that has read nothing ahead: the most that
anyone waits who is faster than the thread that reads columns when the page starts.
"""

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import polars as pl
from starlette.testclient import TestClient

from pipeline.view.app import build
from pipeline.view.columns import ROOM, Columns
from pipeline.view.kept import Kept
from pipeline.view.library import Library
from pipeline.view.shelf import Shelf

STAGES = ("quality", "dedup_ngram", "verify")
REASONS = {
    "quality": ("proof", "figure", "multi_part"),
    "dedup_ngram": ("near_duplicate",),
    "verify": ("key_suspect", "never_solved"),
}
SHARD = 50_000  # rows of a row group, as stages write them


WORDS = 50  # of a problem


def make_rows(count: int, rng: np.random.Generator) -> pl.DataFrame:
    """Problems of 340 characters, of words as frequent as those of a language."""
    numbers = np.arange(count)
    a, b, sources = (
        pl.Series(values).cast(pl.String)
        for values in (*rng.integers(0, 10**9, (2, count)), numbers * 7919 % 10)
    )
    letters = np.array([*"etaoinshrdlcumwfgypbvk"])
    words = ["".join(rng.choice(letters, rng.integers(2, 10))) for _ in range(8_000)]
    shares = 1 / np.arange(1, len(words) + 1)
    chosen = rng.choice(len(words), (count, WORDS), p=shares / shares.sum())
    text = pl.Series(words).gather(chosen.reshape(-1)).reshape((count, WORDS))
    return pl.DataFrame(
        {
            "id": sources + "/" + pl.Series(numbers).cast(pl.String),
            "source": sources,
            "license": "MIT",
            "domain": "math",
            "problem": "Add $" + a + "$ to $" + b + "$. " + text.arr.join(" "),
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
        verdict: dict[str, pl.Series | pl.Expr] = {
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


def list_addresses(count: int, visits: int) -> Iterator[tuple[str, list[str]]]:
    """Kinds of pages, each at as many places as there are visits."""
    pages = count // 50
    deep = [pages * (n + 1) // (visits + 1) for n in range(visits)]
    kinds = {
        "the first page of a source": "/rows?source={n}",
        "rows from 900,000 on, and other places": "/rows?page={deep}",
        "a reason, a source, a pass rate": (
            "/rows?reason=near_duplicate&source={n}&min=0.{n}&page=3"
        ),
        "a level of the kept": "/rows?table=select&source_level={level}.0&page=200",
        "sorted by pass rate, first pages": "/rows?sort=-pass_rate&page={n}",
        "sorted by pass rate, deep": "/rows?sort=pass_rate&page={deep}",
        "sorted by the problem, first pages": "/rows?sort=problem&page={n}",
        "sorted by the problem, deep": "/rows?sort=-problem&page={deep}",
        "the same of a source with a pass rate": (
            "/rows?sort=problem&source={n}&min=0.{n}&page={tenth}"
        ),
        "sorted by id, deep": "/rows?sort=id&page={deep}",
        "sorted by two columns, deep": "/rows?sort=source,-pass_rate&page={deep}",
        "a text that no row has": "/rows?q=zq{n}zq",
        "a text that few rows have": "/rows?q=add ${n}77777",
        "a text that most rows have": "/rows?q=Add ${n}",
        "a text that all rows have, in any case": "/rows?q={n_th}",
        "a regular expression": "/rows?q=/Add .{n}7+[.$]/",
        "a text, sorted by the problem": "/rows?q=$ to ${n}&sort=problem&page=70",
        "a row, by its id": "/row?id={id}",
        "a row of a list": "/row?id={id}&source=1&at={at}",
        "a row of a list sorted by the problem": "/row?id={id}&sort=problem&at={at}",
        "samples": "/samples?correct=false&page={sampled}",
        "SQL: a count of groups": (
            "/sql?sql=select reason, {n}, count(*) from dropped group by all"
        ),
    }
    for kind, form in kinds.items():
        yield (
            kind,
            [
                form.format(
                    n=n + 1, n_th="$ to $"[: n + 1], level=n % 5 + 1,
                    deep=page if n else pages * 9 // 10, at=page // 20,
                    tenth=page // 20,
                    id=f"{page * 7919 % 10}/{page}", sampled=page // 40,
                )
                for n, page in enumerate(deep)
            ],
        )  # fmt: skip


COLD = (
    "/", "/rows", "/rows?page=18000", "/rows?source=3&min=0.5", "/rows?sort=pass_rate",
    "/rows?sort=problem&page=9000", "/rows?q=add", "/row?id=3/7",
)  # fmt: skip


def open_page(library: Library) -> TestClient:
    app = build(Shelf(lambda: library), {"localhost"})
    return TestClient(app, base_url="http://localhost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--visits", type=int, default=5)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        library = write_project(Path(folder), arguments.rows)
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        print(
            f"{arguments.rows:,} rows, {size / 2**20:.0f} MiB, {os.cpu_count()} cores"
        )
        print(f"{'page':40}{'wall s':>8}{'most':>8}{'CPU s':>8}{'again':>8}")
        with patch.object(Columns, "read_ahead"):
            open_page(library).get("/")  # imports
            for path in COLD:
                wall, cpu = measure(open_page(library), path)
                print(f"{f'cold {path}':40}{wall:8.3f}{'':8}{cpu:8.3f}", flush=True)
        client = open_page(library)
        wall = time.perf_counter()
        Columns(library, Kept(ROOM))._read_ahead()
        print(f"read ahead: {time.perf_counter() - wall:.2f} s")
        for kind, paths in list_addresses(arguments.rows, arguments.visits):
            first, again = [], []
            for path in paths:
                first.append(measure(client, path))
                again.append(measure(client, path))
            wall, cpu = (median(times) for times in zip(*first, strict=True))
            most = max(wall for wall, _ in first)
            repeated = median(wall for wall, _ in again)
            print(
                f"{kind:40}{wall:8.3f}{most:8.3f}{cpu:8.3f}{repeated:8.3f}", flush=True
            )
        print(f"memory: {getrusage(RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB at most")


def measure(client: TestClient, path: str) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
