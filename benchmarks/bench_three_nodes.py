"""What a stage costs on a Ray cluster of three nodes, beside what it costs here.

    python benchmarks/bench_three_nodes.py --rows 10000 100000 1000000
    python benchmarks/bench_three_nodes.py --traces 4000 16000 64000
    python benchmarks/bench_three_nodes.py --samples 96

The nodes are processes of this machine with one core each, so this is no measurement of
a cluster's speed: it is the work that Ray adds (starting workers, packing, the
shuffle), as CPU seconds of this process and of workers, and how that grows. Results are
compared.
A line is fitted through the points: seconds that any run costs, and seconds a row.

Rows are those of bench_scale.py; traces have 8 KB and lie in files of 64 MB. Samples
are drawn from the packaged model by a copy of vLLM on each of two nodes (4 GB each), of
which one is killed in the middle.
"""

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from unittest.mock import patch

import numpy as np
import polars as pl
import psutil
from bench_scale import make_rows
from rich.console import Console
from rich.table import Table

from pipeline.cluster import nodes
from pipeline.engines import copies
from pipeline.engines.contract import Sampled
from pipeline.filter import apply
from pipeline.schema import ROLLOUT
from pipeline.shards import scan
from stages import (
    collect,
    decontaminate,
    decontaminate_traces,
    dedup_exact,
    dedup_ngram,
    hygiene,
    rollouts,
)
from stages.model import Params, build
from tests.support.rows import benchmark, problems
from tests.support.three_nodes import ThreeNodes, three_nodes

ITEMS = 500
# What Ray starts for a node beside workers.
DAEMONS = "gcs_server", "/raylet/raylet", "agent", "log_monitor", "dashboard"
FILE = 8000  # traces of a file
Run = Callable[[], list[pl.DataFrame]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[])
    parser.add_argument("--traces", type=int, nargs="*", default=[])
    parser.add_argument("--samples", type=int, help="drawn with vLLM")
    parser.add_argument("--stages", nargs="*", help="these and no others")
    options = parser.parse_args()
    head = "rows", "stage", "CPU here", "CPU far", "s here", "s far", "equal"
    table, points = Table(*head), dict[str, list[tuple[int, float, float]]]()
    with TemporaryDirectory() as folder, three_nodes(memory=1 << 30) as cluster:
        os.environ["RAY_ADDRESS"] = cluster.address
        if options.samples:
            Console().print(lose_vllm(cluster, options.samples, Path(folder)))
        every = [(n, of_problems) for n in options.rows]
        every += [(n, of_traces) for n in options.traces]
        for count, runs in every:
            for name, run in runs(count, Path(folder)):
                if options.stages and name not in options.stages:
                    continue
                here, there = measure(run, "processes"), measure(run, "ray")
                same = all(map(pl.DataFrame.equals, here[2], there[2]))
                cells = [here[0], there[0], here[1], there[1]]
                numbers = [f"{cell:.1f}" for cell in cells]
                table.add_row(f"{count:,}", name, *numbers, str(same))
                Console().print(count, name, *numbers, same)
                points.setdefault(name, []).append((count, here[0], there[0]))
    Console().print(table)
    for name, measured in points.items():
        if len(measured) > 1:
            Console().print(name, *(fit(measured, side) for side in (1, 2)))


def fit(measured: list[tuple[Any, ...]], side: int) -> str:
    """Seconds of any run and microseconds a row; a point counts by its own size."""
    rows = np.array([point[0] for point in measured], float)
    seconds = np.array([point[side] for point in measured])
    slope, start = np.polyfit(rows, seconds, 1, w=1 / seconds)
    return f"{start:.1f} s + {1e6 * slope:.1f} µs a row"


def measure(run: Run, backend: str) -> tuple[float, float, list[pl.DataFrame]]:
    """CPU seconds, seconds, and the tables."""
    os.environ["PIPELINE_BACKEND"] = backend
    spent, ends = dict[int, float](), Event()
    look(spent)
    before, begin = sum(spent.values()), time.monotonic()

    def watch() -> None:
        while not ends.wait(0.1):
            look(spent)

    watching = Thread(target=watch)
    watching.start()
    tables = run()
    seconds = time.monotonic() - begin
    ends.set()
    watching.join()
    look(spent)
    return sum(spent.values()) - before, seconds, tables


def look(spent: dict[int, float]) -> None:
    """Note the CPU seconds of this process and of workers; Ray ends those of its own.

    Its other processes cost CPU for as long as they stand there, whatever is done.
    """
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            if not any(name in " ".join(process.cmdline()) for name in DAEMONS):
                spent[process.pid] = sum(process.cpu_times()[:2])


def of_problems(count: int, folder: Path) -> Iterator[tuple[str, Run]]:
    file = folder / f"{count}.jsonl"
    pl.DataFrame([*make_rows(count)]).write_ndjson(file)
    params = collect.Params(path=str(file), adapter="generic", license="mit")
    yield "collect", lambda: tables_of(collect.make(params, "s").outcome())
    os.environ["PIPELINE_BACKEND"] = "processes"
    rows = collect.make(params, "s").outcome().kept
    items = benchmark(*rows["problem"].sample(min(ITEMS, count), seed=1))
    exact = partial(dedup_exact.judge, params=dedup_exact.Params())
    yield "dedup_exact", lambda: tables_of(apply(exact, rows))
    near = partial(dedup_ngram.judge, params=dedup_ngram.Params())
    yield "dedup_ngram", lambda: tables_of(apply(near, rows))
    clean = decontaminate.Params()
    leaks = partial(decontaminate.judge, params=clean, benchmarks=items)
    yield "decontaminate", lambda: tables_of(apply(leaks, rows))


def tables_of(outcome: Any) -> list[pl.DataFrame]:
    return [outcome.kept, outcome.dropped, *outcome.tables.values()]


def of_traces(count: int, folder: Path) -> Iterator[tuple[str, Run]]:
    texts = [row["problem"] for row in make_rows(count + 24)]
    traces = [" ".join(texts[n : n + 24])[:8000] for n in range(count)]
    blank = {"key": "", "model": "m", "n_tokens": 1, "finish_reason": "stop", "seed": 0}
    rows = problems(*texts[: -(-count // 8)])
    ids = [rows["id"][n // 8] for n in range(count)]
    table = pl.DataFrame(
        {"id": ids, "sample": [n % 8 for n in range(count)], "completion": traces}
    ).with_columns(pl.lit(value).alias(name) for name, value in blank.items())
    table = table.with_columns(pass_=pl.lit(None, pl.String)).rename({"pass_": "pass"})
    files = []
    for number, part in enumerate(table.iter_slices(FILE)):
        files.append(folder / f"{count}-{number}.parquet")
        part.select(n for n in ROLLOUT.names() if n in part.columns).write_parquet(
            files[-1]
        )
    named = table.select(
        "id",
        pl.struct("pass", "model", "sample", "n_tokens", correct=pl.lit(value=True)),
    ).group_by("id", maintain_order=True)
    rows = rows.join(named.agg(traces="pass"), on="id", maintain_order="left")
    items = benchmark(*texts[-24:])
    leaks, measures = decontaminate_traces.Params(), hygiene.Params()
    judge = partial(
        decontaminate_traces.judge, params=leaks, benchmarks=items, rollouts=scan(files)
    )
    yield "decontaminate_traces", lambda: tables_of(apply(judge, rows))
    yield "hygiene", lambda: [hygiene.make(measures, rows, scan(files)).collect()]


def lose_vllm(cluster: ThreeNodes, samples: int, folder: Path) -> str:
    """What two copies of vLLM drew, of which one is lost with its node."""
    (model := folder / "model").mkdir()
    build(Params(kind="packaged"), model)
    settings = {"engine": "vllm", "samples": 4, "max_tokens": 48}
    settings["vllm"] = {"max_model_len": 256}
    params = rollouts.Params.model_validate(settings)
    rows = problems(*(f"What is {n} plus {n % 7}?" for n in range(samples // 4)))
    drawn, sample = Counter[copies.Copy](), copies.Copy._sample

    def sample_and_lose(copy: copies.Copy, *lease: Any) -> Iterator[list[Sampled]]:
        for answers in sample(copy, *lease):
            drawn[copy] += len(answers)
            if len(drawn) == 2 and not lost.is_set():
                lost.set()
                cluster.lose_node()
            yield answers

    lost = Event()
    cluster.lose_node()  # two copies are what fits here
    nodes.connect()
    while copies.count_copies({})[1] > 2:
        time.sleep(0.2)
    copies.LEASE = samples // 8
    os.environ |= {"PIPELINE_BACKEND": "ray", "GOLDSIEVE_CACHE": str(folder / "cache")}
    begin = time.monotonic()
    with patch.object(copies.Copy, "_sample", sample_and_lose):
        table = pl.concat(rollouts.make(params, rows, model))
    store = (folder / "cache/rollouts").rglob("*.parquet")
    kept = pl.concat(map(pl.read_parquet, store)).height
    cluster.fill()
    return (
        f"{table.unique(['id', 'sample']).height} of {samples} samples, {kept} stored, "
        f"{[*drawn.values()]} by copy, {time.monotonic() - begin:.0f} s"
    )


if __name__ == "__main__":
    main()
